import { CURRENT_VERSION, LanguageCode } from '../peer-version.js';
import type { ExtFields } from '../schema/header.codec.js';
import { fitsBinaryCode, writeBinaryHeader } from './binary-header.codec.js';
import { FRAME_PREFIX_BYTES, FrameFlag, SerializeType } from './frame.js';
import type { FrameWriter } from './frame-writer.js';
import { writeJsonHeader } from './json-header.codec.js';

/** The fixed part of a header, complete. */
export interface FrameHead {
  readonly code: number;
  readonly opaque: number;
  readonly flag: number;
  readonly version: number;
  readonly languageCode: number;
  readonly remark: string | undefined;
  readonly ext: ExtFields | undefined;
}

interface FrameContent {
  readonly code: number;
  readonly opaque: number;
  /** An empty map is written as an empty object, as Java does where a command has a header class. */
  readonly ext?: ExtFields | undefined;
  readonly body?: Uint8Array | undefined;
  /**
   * Bytes of body that the caller sends behind this frame's header by itself, instead of `body`: for answers whose
   * pieces already lie in memory.
   */
  readonly detachedBodyBytes?: number;
  readonly serializeType?: SerializeType;
  readonly remark?: string | undefined;
  readonly version?: number;
  readonly languageCode?: number;
}

/** A request to write. */
export interface RequestFrame extends FrameContent {
  /** No answer is wanted. */
  readonly oneWay?: boolean;
}

/** An answer to write; `opaque` is that of the request, `serializeType` best the same too. */
export type ResponseFrame = FrameContent;

/** Appends a request. The header is JSON unless asked otherwise. */
export function encodeRequestFrame(writer: FrameWriter, frame: RequestFrame): void {
  encodeFrame(writer, frame, frame.oneWay === true ? FrameFlag.ONE_WAY : 0);
}

/** Appends an answer. */
export function encodeResponseFrame(writer: FrameWriter, frame: ResponseFrame): void {
  encodeFrame(writer, frame, FrameFlag.RESPONSE);
}

function encodeFrame(writer: FrameWriter, frame: FrameContent, flag: number): void {
  const start = writer.reserve(FRAME_PREFIX_BYTES);
  const head: FrameHead = {
    code: frame.code,
    opaque: frame.opaque,
    flag,
    version: frame.version ?? CURRENT_VERSION,
    // Clients in other languages know JAVA at least (wire-protocol §1.4).
    languageCode: frame.languageCode ?? LanguageCode.JAVA,
    remark: frame.remark,
    ext: frame.ext,
  };
  // A code beyond 16 bits cannot travel in the binary header; every frame says for itself which one it has.
  const binary = frame.serializeType === SerializeType.ROCKETMQ && fitsBinaryCode(frame.code);
  const headerBytes = binary ? writeBinaryHeader(writer, head) : writeJsonHeader(writer, head);
  if (frame.body !== undefined) writer.append(frame.body);
  const bodyBytes = frame.detachedBodyBytes ?? frame.body?.length ?? 0;
  writeFramePrefix(writer.slab, start, binary ? 1 : 0, headerBytes, bodyBytes);
}

/** Fills the prefix in front of a header that was just written. */
export function writeFramePrefix(
  slab: Buffer,
  start: number,
  serializeType: SerializeType,
  headerBytes: number,
  bodyBytes: number,
): void {
  slab.writeInt32BE(4 + headerBytes + bodyBytes, start);
  slab.writeInt32BE((serializeType << 24) | headerBytes, start + 4);
}
