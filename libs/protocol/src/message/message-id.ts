import { HOST_V4_BYTES, HOST_V6_BYTES } from './host-address.js';

/** Where a message lies: a broker's address and a position in its commit log. */
export interface OffsetMsgId {
  /** Address and port as a record stores them, 8 or 20 bytes. */
  readonly hostBytes: Buffer;
  readonly commitLogOffset: number;
}

const OFFSET_BYTES = 8;

/** Upper-case hex of a host: the first part of its message ids. Rendered once per broker. */
export const hostHex = (hostBytes: Buffer): string => hostBytes.toString('hex').toUpperCase();

/**
 * A message id that tells where the message lies; `hostPart` is `hostHex` of the broker's advertised address.
 * Source: rocketmq 5.5.0 `MessageDecoder#createMessageId`.
 */
export function offsetMsgId(hostPart: string, commitLogOffset: number): string {
  const hex = commitLogOffset.toString(16).toUpperCase();
  return hostPart + hex.padStart(16, '0');
}

/**
 * The parts of such an id.
 * Source: rocketmq 5.5.0 `MessageDecoder#decodeMessageId`.
 * @returns undefined where the text is none, or its offset is beyond a safe number.
 */
export function parseOffsetMsgId(text: string): OffsetMsgId | undefined {
  const hostLength = text.length / 2 - OFFSET_BYTES;
  if (hostLength !== HOST_V4_BYTES && hostLength !== HOST_V6_BYTES) return undefined;
  if (!/^[0-9a-fA-F]+$/.test(text)) return undefined;
  const commitLogOffset = Number.parseInt(text.slice(-2 * OFFSET_BYTES), 16);
  if (!Number.isSafeInteger(commitLogOffset)) return undefined;
  return { hostBytes: Buffer.from(text.slice(0, 2 * hostLength), 'hex'), commitLogOffset };
}

/** What a client builds its unique message ids from. */
export interface UniqKeyParts {
  /** 4 or 16 bytes. */
  readonly addressBytes: Buffer;
  /** Process id, lowest 16 bits. */
  readonly processId: number;
  /** 32 bits that tell clients in one process apart (Java: hash of the class loader). */
  readonly loaderHash: number;
  /** Milliseconds since the month began in the client's time zone. */
  readonly monthMs: number;
  /** Counts messages, lowest 16 bits. */
  readonly counter: number;
}

/**
 * A unique key: 32 upper-case hex digits, 56 with an IPv6 address.
 * Source: rocketmq 5.5.0 `MessageClientIDSetter#createUniqID`.
 */
export function formatUniqKey(parts: UniqKeyParts): string {
  const { addressBytes } = parts;
  const bytes = Buffer.alloc(addressBytes.length + 12);
  bytes.set(addressBytes);
  let at = addressBytes.length;
  at = bytes.writeUInt16BE(parts.processId & 0xffff, at);
  at = bytes.writeInt32BE(parts.loaderHash | 0, at);
  at = bytes.writeInt32BE(parts.monthMs | 0, at);
  bytes.writeUInt16BE(parts.counter & 0xffff, at);
  return bytes.toString('hex').toUpperCase();
}

/** The parts of a unique key; undefined where the text has no such form, for any text may be one. */
export function parseUniqKey(text: string): UniqKeyParts | undefined {
  if ((text.length !== 32 && text.length !== 56) || !/^[0-9a-fA-F]+$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'hex');
  const at = bytes.length - 12;
  return {
    addressBytes: bytes.subarray(0, at),
    processId: bytes.readUInt16BE(at),
    loaderHash: bytes.readInt32BE(at + 2),
    monthMs: bytes.readInt32BE(at + 6),
    counter: bytes.readUInt16BE(at + 10),
  };
}
