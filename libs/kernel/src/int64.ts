import { RocketMQError } from './errors.js';

const TWO_32 = 0x1_0000_0000;

/** A 64-bit integer on the wire or on disk does not fit a safe `number` (|n| ≤ 2^53 − 1). */
export class UnsafeInt64Error extends RocketMQError {
  override readonly code = 'ROCKETMQ_UNSAFE_INT64';

  constructor(
    readonly high: number,
    readonly low: number,
  ) {
    super(
      `64-bit value 0x${(high >>> 0).toString(16)}${low.toString(16).padStart(8, '0')} is beyond 2^53`,
    );
  }
}

/**
 * Reads a signed big-endian 64-bit integer as a `number`.
 * @throws {UnsafeInt64Error} it lies beyond ±(2^53 − 1).
 */
export function readSafeInt64(bytes: Buffer, position: number): number {
  const high = bytes.readInt32BE(position);
  const low = bytes.readUInt32BE(position + 4);
  const value = high * TWO_32 + low;
  if (!Number.isSafeInteger(value)) throw new UnsafeInt64Error(high, low);
  return value;
}

/** Writes a safe integer as signed big-endian 64-bit. Whoever computed `value` guarantees that it is safe. */
export function writeSafeInt64(bytes: Buffer, position: number, value: number): void {
  const high = Math.floor(value / TWO_32);
  bytes.writeInt32BE(high, position);
  bytes.writeUInt32BE(value - high * TWO_32, position + 4);
}

/** As `writeSafeInt64`, through a view. */
export function setSafeInt64(view: DataView, position: number, value: number): void {
  const high = Math.floor(value / TWO_32);
  view.setInt32(position, high);
  view.setInt32(position + 4, value - high * TWO_32);
}

/** Signed big-endian 64-bit as a `number`, to be compared: an inexact one where it lies beyond ±(2^53 − 1). */
export const getInt64 = (view: DataView, position: number): number =>
  view.getInt32(position) * TWO_32 + view.getUint32(position + 4);
