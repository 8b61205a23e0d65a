import { getInt64, setSafeInt64 } from '@rocketmq-ts/kernel';

/** Size of a unit: `commitLogOffset:int64 | sizeBytes:int32 | tagsCode:int64`. Source: `ConsumeQueue#CQ_STORE_UNIT_SIZE`. */
export const UNIT_BYTES = 20;
/** Size of a unit that stands for no message: fills a file below the first one. Source: `ConsumeQueue#fillPreBlank`. */
export const BLANK_UNIT_SIZE = 0x7fffffff;

const TWO_32 = 0x1_0000_0000;

export function writeUnit(
  into: DataView,
  position: number,
  commitLogOffset: number,
  sizeBytes: number,
  tagsCode: number,
): void {
  setSafeInt64(into, position, commitLogOffset);
  into.setInt32(position + 8, sizeBytes);
  setSafeInt64(into, position + 12, tagsCode);
}

/** @returns −1 for bytes that cannot be an offset. */
export function unitCommitLogOffset(from: DataView, position: number): number {
  const high = from.getInt32(position);
  // Beyond 2^53 or negative: damaged bytes, which the caller treats as no unit.
  if (high < 0 || high >= 0x20_0000) return -1;
  return high * TWO_32 + from.getUint32(position + 4);
}

export function unitSizeBytes(from: DataView, position: number): number {
  return from.getInt32(position + 8);
}

/**
 * Apache stores the address of an extension unit here when its consume-queue extensions are on; such an address does not
 * fit a safe number and reads as NaN, which no tag filter should take for a tags code.
 */
export function unitTagsCode(from: DataView, position: number): number {
  const value = getInt64(from, position + 12);
  return Number.isSafeInteger(value) ? value : NaN;
}

/** A file's worth of filler for `count` units. */
export function blankUnits(count: number): Buffer {
  const bytes = Buffer.alloc(count * UNIT_BYTES);
  for (let at = 8; at < bytes.length; at += UNIT_BYTES) bytes.writeInt32BE(BLANK_UNIT_SIZE, at);
  return bytes;
}
