import { javaHashCode } from '@rocketmq-ts/kernel';

/** What a consume queue keeps of a message's tag: Java's hash of its text, 0 without one. */
export const tagsCodeOf = (tags: string | undefined): number =>
  tags === undefined || tags === '' ? 0 : javaHashCode(tags);

/** Hashes texts from their UTF-8 bytes, without making a string where they are ASCII. */
export class TextHash {
  /** Length in UTF-16 units of the text that was hashed last. */
  length = 0;

  /** `javaHashCode` of the text in `[start, end)`. */
  of(bytes: Buffer, start: number, end: number): number {
    this.length = end - start;
    let hash = 0;
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      if (byte >= 0x80) return this.ofText(bytes.toString('utf8', start, end));
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    return hash;
  }

  private ofText(text: string): number {
    this.length = text.length;
    return javaHashCode(text);
  }
}

const tagHash = new TextHash();

/** As `tagsCodeOf`, from the tag's UTF-8 bytes. */
export const tagsCodeOfBytes = (bytes: Buffer, start: number, end: number): number =>
  tagHash.of(bytes, start, end);
