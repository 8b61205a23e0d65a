import { MIB } from '@rocketmq-ts/kernel';

/** Of the spare buffers of one size; larger ones than this are not kept. */
const SPARE_BYTES_MAX = MIB;
/** Of the smallest size. */
const LOG2_MIN = 10;

/**
 * Buffers for frames that have come in part, used again and again: with large bodies one frame of four is cut by the end of a read, and
 * their garbage alone made V8 collect all of its heap twenty times a second (64 KiB bodies at 700 MB/s: an eighth of the event loop).
 */
export class PartialBuffers {
  /** By the power of two that is their length: eleven sizes, 11 MiB at most. No size can take the place of another. */
  private readonly spares: Buffer[][] = [];

  /** A buffer of at least `bytes` and less than twice as many, 1 KiB at least. It holds anything. */
  take(bytes: number): Buffer {
    const log2 = Math.max(LOG2_MIN, 32 - Math.clz32(bytes - 1));
    return this.spares[log2]?.pop() ?? Buffer.allocUnsafeSlow(2 ** log2);
  }

  /** Nobody looks at a buffer of `take` any more. */
  give(buffer: Buffer): void {
    const spares = (this.spares[31 - Math.clz32(buffer.length)] ??= []);
    if ((spares.length + 1) * buffer.length <= SPARE_BYTES_MAX) spares.push(buffer);
  }
}
