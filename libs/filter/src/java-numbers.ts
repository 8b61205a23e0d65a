/** Least and greatest value of a Java int. */
export const INT32_MIN = -0x8000_0000;
export const INT32_MAX = 0x7fff_ffff;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

const DECIMAL_DIGIT = /^\p{Nd}$/u;
const ASCII_INTEGER = /^[+-]?[0-9]+$/;
/** More characters than this cannot be a long, unless they are zeros in front. */
const SAFE_DIGIT_COUNT = 15;

/**
 * `Integer.valueOf(text)`; undefined where Java throws: no digits only, or outside of 32 bits.
 */
export function parseJavaInt(text: string): number | undefined {
  const value = parseJavaLong(text);
  return typeof value === 'number' && value >= INT32_MIN && value <= INT32_MAX ? value : undefined;
}

/**
 * `Long.valueOf(text)`: a number where that is exact, else a bigint; undefined where Java throws.
 * Java takes the decimal digits of every script.
 */
export function parseJavaLong(text: string): number | bigint | undefined {
  const plain = ASCII_INTEGER.test(text) ? text : withAsciiDigits(text);
  if (plain === undefined) return undefined;
  // `-0` is 0 for Java's integers.
  if (plain.length <= SAFE_DIGIT_COUNT) return Number(plain) + 0;
  const digits = plain.replace(/^[+-]?0*/, '');
  if (digits.length > 19) return undefined;
  const value = BigInt(digits === '' ? 0 : digits) * (plain.startsWith('-') ? -1n : 1n);
  if (value < INT64_MIN || value > INT64_MAX) return undefined;
  return narrow(value);
}

/** A bigint as a number where that is exact: comparisons of numbers are quicker. */
export const narrow = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;

/** The same number in ASCII digits; undefined where it is none. */
function withAsciiDigits(text: string): string | undefined {
  let plain = '';
  for (let i = 0; i < text.length; i++) {
    const unit = text[i]!;
    if (i === 0 && (unit === '+' || unit === '-')) plain += unit;
    else if (DECIMAL_DIGIT.test(unit)) plain += digitValue(unit.charCodeAt(0));
    else return undefined;
  }
  return /[0-9]$/.test(plain) ? plain : undefined;
}

/** The digits of a script stand in a row, zero first, and rows of different scripts do not touch. */
function digitValue(charCode: number): number {
  let zero = charCode;
  while (DECIMAL_DIGIT.test(String.fromCharCode(zero - 1))) zero--;
  return charCode - zero;
}

const JAVA_DECIMAL =
  /^[+-]?(?:NaN|Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fFdD]?)$/;
const JAVA_HEX = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?[0-9]+)[fFdD]?$/;
/** Blanks and control characters around a number do not count, as in Java's `String#trim`. */
const JAVA_TRIM = /^[\u0000-\u0020]+|[\u0000-\u0020]+$/g;
/** Longer texts are not looked at as numbers: the patterns are linear, but nobody needs that. */
const DOUBLE_LENGTH_MAX = 4096;

/** `Double.valueOf(text)`; undefined where Java throws. NaN is a value. */
export function parseJavaDouble(text: string): number | undefined {
  if (text.length > DOUBLE_LENGTH_MAX) return undefined;
  const trimmed = text.replace(JAVA_TRIM, '');
  if (JAVA_DECIMAL.test(trimmed)) return Number(trimmed.replace(/[fFdD]$/, ''));
  const hex = JAVA_HEX.exec(trimmed);
  return hex ? hexDouble(hex[1]!, hex[2]!, hex[3]!, Number(hex[4])) : undefined;
}

function hexDouble(
  sign: string,
  whole: string,
  fraction: string,
  exponent: number,
): number | undefined {
  const digits = whole + fraction;
  if (digits === '') return undefined;
  const mantissa = BigInt(`0x${digits}`);
  const factor = sign === '-' ? -1 : 1;
  if (mantissa === 0n) return factor * 0;
  // 53 bits and one that says "and something behind" are enough to round once, at the end.
  const bitCount = mantissa.toString(2).length;
  const scale = exponent - 4 * fraction.length;
  const top = bitCount + scale;
  if (top > 1024) return factor * Infinity;
  if (top < -1074) return factor * 0;
  // A subnormal number has fewer bits: what lies below 2^-1074 is rounded away.
  const keptBits = Math.min(53, top + 1074);
  const dropped = BigInt(bitCount - keptBits);
  if (dropped <= 0n) return factor * times2To(Number(mantissa), scale);
  let kept = mantissa >> dropped;
  const rest = mantissa - (kept << dropped);
  const half = 1n << (dropped - 1n);
  if (rest > half || (rest === half && (kept & 1n) === 1n)) kept++;
  return factor * times2To(Number(kept), scale + Number(dropped));
}

/** Exact as long as the result has room for all bits: in steps, since 2^-1074 and 2^1023 are the last powers. */
function times2To(value: number, exponent: number): number {
  let result = value;
  let left = exponent;
  while (left > 1000) {
    result *= 2 ** 1000;
    left -= 1000;
  }
  while (left < -1000) {
    result *= 2 ** -1000;
    left += 1000;
  }
  return result * 2 ** left;
}

/** `Double.compare`: -1, 0 or 1; NaN is above all and equal to itself, -0.0 is below 0.0. */
export function compareJavaDoubles(left: number, right: number): number {
  if (left < right) return -1;
  if (left > right) return 1;
  if (Object.is(left, right)) return 0;
  if (Number.isNaN(left)) return 1;
  if (Number.isNaN(right)) return -1;
  return Object.is(left, -0) ? -1 : 1;
}
