import { MalformedFrameError } from '../protocol-errors.js';
import type { ExtFields } from '../schema/header.codec.js';
import type { RemotingFrame } from './frame.js';
import type { FrameHead } from './encode-frame.js';
import type { FrameWriter } from './frame-writer.js';

/** code 2, language 1, version 2, opaque 4, flag 4, remark length 4, ext length 4. */
const FIXED_BYTES = 21;

/**
 * Reads a header of the ROCKETMQ serialization. Layout: FORMAT.md.
 * Source: rocketmq 5.5.0 `RocketMQSerializable#rocketMQProtocolDecode`.
 * @throws {MalformedFrameError} a length points outside the header.
 */
export function decodeBinaryHeader(frame: RemotingFrame): void {
  const { bytes, headerEnd } = frame;
  let at = frame.headerStart;
  if (headerEnd - at < FIXED_BYTES) throw new MalformedFrameError('binary header too short');
  frame.code = bytes.readInt16BE(at);
  frame.languageCode = bytes[at + 2]!;
  frame.version = bytes.readInt16BE(at + 3);
  frame.opaque = bytes.readInt32BE(at + 5);
  frame.flag = bytes.readInt32BE(at + 9);
  const remarkBytes = bytes.readInt32BE(at + 13);
  at += 17;
  if (remarkBytes < 0 || remarkBytes > headerEnd - at - 4) {
    throw new MalformedFrameError(`remark of ${remarkBytes} bytes does not fit its header`);
  }
  if (remarkBytes > 0) frame.remark = bytes.toString('utf8', at, at + remarkBytes);
  at += remarkBytes;
  const extBytes = bytes.readInt32BE(at);
  at += 4;
  if (extBytes < 0 || extBytes > headerEnd - at) {
    throw new MalformedFrameError(`ext fields of ${extBytes} bytes do not fit their header`);
  }
  frame.extStart = at;
  frame.extEnd = at + extBytes;
}

/** Reads the ext fields of such a header; a field whose name or value is empty counts as absent, as in Java. */
export function parseBinaryExt(frame: RemotingFrame): ExtFields {
  const { bytes, extEnd } = frame;
  const ext: ExtFields = new Map();
  let at = frame.extStart;
  while (at < extEnd) {
    const keyStart = at + 2;
    const keyEnd = keyStart <= extEnd ? keyStart + bytes.readUInt16BE(at) : extEnd + 1;
    const valueStart = keyEnd + 4;
    if (valueStart > extEnd) throw new MalformedFrameError('an ext field ends too early');
    const valueBytes = bytes.readInt32BE(keyEnd);
    if (valueBytes < 0 || valueBytes > extEnd - valueStart) {
      throw new MalformedFrameError(`an ext value of ${valueBytes} bytes does not fit`);
    }
    at = valueStart + valueBytes;
    if (keyEnd === keyStart || valueBytes === 0) continue;
    ext.set(bytes.toString('utf8', keyStart, keyEnd), bytes.toString('utf8', valueStart, at));
    if (ext.size > frame.extCountMax) {
      throw new MalformedFrameError(`more than ${frame.extCountMax} ext fields`);
    }
  }
  return ext;
}

/** Whether the format can carry the code: it has 16 bits, and codes such as those of POP need more. */
export const fitsBinaryCode = (code: number): boolean => code >= -0x8000 && code <= 0x7fff;

/**
 * Writes such a header and returns its length.
 * Source: rocketmq 5.5.0 `RocketMQSerializable#rocketMQProtocolEncode`.
 */
export function writeBinaryHeader(writer: FrameWriter, head: FrameHead): number {
  const start = writer.length;
  const fixed = writer.reserve(17);
  const { slab } = writer;
  slab.writeInt16BE(head.code, fixed);
  slab[fixed + 2] = head.languageCode;
  slab.writeInt16BE(head.version, fixed + 3);
  slab.writeInt32BE(head.opaque, fixed + 5);
  slab.writeInt32BE(head.flag, fixed + 9);
  slab.writeInt32BE(0, fixed + 13);
  if (head.remark !== undefined) {
    const remarkBytes = writer.text(head.remark);
    writer.slab.writeInt32BE(remarkBytes, fixed + 13);
  }
  const extLengthAt = writer.reserve(4);
  const extStart = writer.length;
  if (head.ext !== undefined) {
    for (const [key, value] of head.ext) writeExtField(writer, key, value);
  }
  writer.slab.writeInt32BE(writer.length - extStart, extLengthAt);
  return writer.length - start;
}

function writeExtField(writer: FrameWriter, key: string, value: string): void {
  const keyLengthAt = writer.reserve(2);
  const keyBytes = writer.text(key);
  writer.slab.writeInt16BE(keyBytes, keyLengthAt);
  const valueLengthAt = writer.reserve(4);
  const valueBytes = writer.text(value);
  writer.slab.writeInt32BE(valueBytes, valueLengthAt);
}
