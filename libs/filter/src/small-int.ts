const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
/** Nine digits fit an int, whatever they are. */
const DIGIT_COUNT_MAX = 9;

/**
 * The number that the bytes spell in at most nine ASCII digits, with or without a minus: nearly all numbers that there
 * are in properties. Undefined for everything else, which may still be a number.
 */
export function readSmallInt(bytes: Buffer, start: number, end: number): number | undefined {
  let at = start;
  const negative = bytes[at] === MINUS;
  if (negative) at++;
  if (at >= end || end - at > DIGIT_COUNT_MAX) return undefined;
  let value = 0;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < ZERO || byte > NINE) return undefined;
    value = value * 10 + (byte - ZERO);
  }
  return negative ? 0 - value : value;
}
