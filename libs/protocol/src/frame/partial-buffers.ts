import { MIB } from '@rocketmq-ts/kernel';

/** Of all spare buffers together. */
const SPARE_BYTES_MAX = 4 * MIB;
const LOG2_MIN = 10;

/**
 * Buffers for frames that have come in part, used again and again: with large bodies one frame of four is cut by the end of a read, and
 * their garbage alone made V8 collect all of its heap twenty times a second (64 KiB bodies at 700 MB/s: an eighth of the event loop).
 */
export class PartialBuffers {
  /** By the power of two that is their length. */
  private readonly spares: Buffer[][] = [];
  private spareBytes = 0;

  /** A buffer of at least `bytes` and less than twice as many, 1 KiB at least. It holds anything. */
  take(bytes: number): Buffer {
    const log2 = Math.max(LOG2_MIN, 32 - Math.clz32(bytes - 1));
    const spare = this.spares[log2]?.pop();
    if (spare === undefined) return Buffer.allocUnsafeSlow(2 ** log2);
    this.spareBytes -= spare.length;
    return spare;
  }

  /** Nobody looks at a buffer of `take` any more. Smaller ones make room for it: they are cheaper to make anew. */
  give(buffer: Buffer): void {
    const { length } = buffer;
    if (length > SPARE_BYTES_MAX) return;
    const log2 = 31 - Math.clz32(length);
    for (let smaller = LOG2_MIN; smaller < log2; smaller++) {
      const spares = this.spares[smaller] ?? [];
      while (this.spareBytes + length > SPARE_BYTES_MAX && spares.pop())
        this.spareBytes -= 2 ** smaller;
    }
    if (this.spareBytes + length > SPARE_BYTES_MAX) return;
    this.spareBytes += length;
    (this.spares[log2] ??= []).push(buffer);
  }
}
