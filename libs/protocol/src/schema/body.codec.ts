import { MalformedBodyError } from '../protocol-errors.js';

/** How the body of a message is read and written. An absent body is a buffer of length 0. */
export interface BodyCodec<T> {
  readonly doc: string;
  /** @throws {MalformedBodyError} the bytes do not parse, are too many, or are missing. */
  decode(bytes: Buffer): T;
  encode(value: T): Buffer;
}

/** The body of a frame that has none. */
export const EMPTY_BYTES: Buffer = Buffer.alloc(0);

/** The message has no body; bytes that a peer sends all the same are ignored, as Java does. */
export const noBody: BodyCodec<null> = {
  doc: 'none',
  decode: () => null,
  encode: () => EMPTY_BYTES,
};

/** Bytes that this layer does not look into. */
export const rawBody = (doc: string): BodyCodec<Buffer> => ({
  doc,
  decode: (bytes) => bytes,
  encode: (bytes) => bytes,
});

/** UTF-8 text; `bytesMax` bounds what is read. */
export const textBody = (doc: string, bytesMax = 4 * 1024 * 1024): BodyCodec<string> => ({
  doc,
  decode(bytes) {
    if (bytes.length > bytesMax) {
      throw new MalformedBodyError('', `has ${bytes.length} bytes, at most ${bytesMax} are taken`);
    }
    return bytes.toString('utf8');
  },
  encode: (text) => Buffer.from(text, 'utf8'),
});

/** As `codec`, where a message may also come without a body: read and written as `null`. */
export const optionalBody = <T>(codec: BodyCodec<T>): BodyCodec<T | null> => ({
  doc: `${codec.doc} (may be absent)`,
  decode: (bytes) => (bytes.length === 0 ? null : codec.decode(bytes)),
  encode: (value) => (value === null ? EMPTY_BYTES : codec.encode(value)),
});
