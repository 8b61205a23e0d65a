/** Bytes in one KiB, MiB, GiB. */
export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/**
 * Java's `String.hashCode()`: 32-bit, over UTF-16 units. Tags codes and index slots are derived from it.
 * Source: `java.lang.String#hashCode`.
 */
export function javaHashCode(text: string, seed = 0): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

/** Powers of 31 in 32 bits, which a hash is multiplied with when so many units follow. */
const POWERS_OF_31 = new Int32Array(256);
POWERS_OF_31[0] = 1;
for (let i = 1; i < POWERS_OF_31.length; i++) {
  POWERS_OF_31[i] = Math.imul(POWERS_OF_31[i - 1]!, 31);
}

/** `javaHashCode` of two texts in a row, from the hash of each and the length of the second in UTF-16 units. */
export function joinedHashCode(first: number, second: number, secondLength: number): number {
  let hash = first;
  let left = secondLength;
  for (; left >= POWERS_OF_31.length; left--) hash = Math.imul(hash, 31);
  return (Math.imul(hash, POWERS_OF_31[left]!) + second) | 0;
}
