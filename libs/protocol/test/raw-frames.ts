import { FrameDecoder, FrameWriter, encodeRequestFrame } from '../src/index.js';
import type { RemotingFrame } from '../src/index.js';

/** The only frame in these bytes. */
export function decodedFrame(bytes: Buffer): RemotingFrame {
  let frame: RemotingFrame | undefined;
  new FrameDecoder().push(bytes, (got) => (frame = got.retain()));
  return frame!;
}

/** A frame whose header is this text, however wrong. */
export function rawFrame(text: string, serializeType = 0): RemotingFrame {
  const header = Buffer.from(text);
  const prefix = Buffer.alloc(8);
  prefix.writeInt32BE(4 + header.length, 0);
  prefix.writeInt32BE(header.length, 4);
  prefix[4] = serializeType;
  return decodedFrame(Buffer.concat([prefix, header]));
}

/** A request with a binary header. */
export function binaryFrame(
  code: number,
  fields: Iterable<readonly [string, string]>,
): RemotingFrame {
  const writer = new FrameWriter();
  encodeRequestFrame(writer, { code, opaque: 1, ext: new Map(fields), serializeType: 1 });
  return decodedFrame(writer.bytes());
}
