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
