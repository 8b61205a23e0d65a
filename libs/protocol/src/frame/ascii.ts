const ZERO = 0x30;
const MINUS = 0x2d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Writes a safe integer in decimal and returns where it ends. The caller has made sure of 17 bytes of room. */
export function writeDigits(into: Buffer, at: number, value: number): number {
  let rest = value;
  if (rest < 0) {
    into[at++] = MINUS;
    rest = -rest;
  }
  if (rest > 0x7fff_ffff) {
    // Beyond 31 bits: the higher digits first, then nine digits that always stand.
    const high = Math.floor(rest / 1e9);
    const end = writeDigits(into, at, high);
    writeFixed(into, end, 9, rest - high * 1e9);
    return end + 9;
  }
  let end = at + 1;
  for (let power = 10; power <= rest && end - at < 10; power *= 10) end++;
  writeFixed(into, at, end - at, rest);
  return end;
}

/** The lowest `digits` digits of a value below 2^31. */
function writeFixed(into: Buffer, at: number, digits: number, value: number): void {
  let rest = value | 0;
  for (let i = at + digits - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0;
    into[i] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
}

const HEX_DIGITS = new Uint8Array(Buffer.from('0123456789ABCDEF', 'latin1'));

/** Writes a safe integer ≥ 0 as 16 upper-case hex digits and returns where they end. */
export function writeHex16(into: Buffer, at: number, value: number): number {
  const high = Math.floor(value / 0x1_0000_0000);
  writeHex8(into, at, high);
  writeHex8(into, at + 8, value - high * 0x1_0000_0000);
  return at + 16;
}

function writeHex8(into: Buffer, at: number, value: number): void {
  for (let i = 0; i < 8; i++) into[at + i] = HEX_DIGITS[(value >>> (28 - 4 * i)) & 0xf]!;
}

/**
 * Writes text that stands in JSON as it is and returns where it ends; −1 when a character needs an escape or more
 * than one byte.
 */
export function writeAscii(into: Buffer, at: number, text: string): number {
  const { length } = text;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit >= 0x7f || unit === QUOTE || unit === BACKSLASH) return -1;
    into[at + i] = unit;
  }
  return at + length;
}
