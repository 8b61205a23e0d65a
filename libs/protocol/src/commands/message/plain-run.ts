const LOW = 0x2020_2020;
const ONES = 0x0101_0101;
const QUOTES = 0x2222_2222;
const BACKSLASHES = 0x5c5c_5c5c;
const HIGH_BITS = 0x8080_8080 | 0;

/**
 * Copies the characters of a JSON string that stand for themselves – ASCII, no control characters, neither quote nor
 * backslash – four at a time, from `from` on but not beyond `to`, into `into` at `at`.
 * Both views must have four bytes of room behind what is copied.
 * @returns how many were copied: the next one is another, or the end.
 */
export function copyPlainRun(
  view: DataView,
  from: number,
  to: number,
  into: DataView,
  at: number,
): number {
  let read = from;
  let write = at;
  for (const stop = to - 4; read <= stop; read += 4, write += 4) {
    const word = view.getInt32(read);
    // A byte's highest bit comes out set where the byte is below 0x20, one of the two characters, or beyond ASCII; a
    // borrow can only come from such a byte.
    const low = word - LOW;
    const quote = (word ^ QUOTES) - ONES;
    const backslash = (word ^ BACKSLASHES) - ONES;
    if (((low | quote | backslash | word) & HIGH_BITS) !== 0) break;
    into.setInt32(write, word);
  }
  for (; read < to; read++, write++) {
    const byte = view.getUint8(read);
    if (byte < 0x20 || byte >= 0x80 || byte === 0x22 || byte === 0x5c) break;
    into.setUint8(write, byte);
  }
  return read - from;
}
