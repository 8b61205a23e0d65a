import { javaHashCode } from '@rocketmq-ts/kernel';

/** What a consume queue keeps of a message's tag: Java's hash of its text, 0 without one. */
export const tagsCodeOf = (tags: string | undefined): number =>
  tags === undefined || tags === '' ? 0 : javaHashCode(tags);

/** As `tagsCodeOf`, from the tag's UTF-8 bytes; no string is made where they are ASCII. */
export function tagsCodeOfBytes(bytes: Buffer, start: number, end: number): number {
  let hash = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte >= 0x80) return javaHashCode(bytes.toString('utf8', start, end));
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  return hash;
}
