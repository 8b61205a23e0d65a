import { invariant } from '@rocketmq-ts/kernel';
import type { LogSlab, LogSlabPool } from './commit-log/log-slab.js';

/**
 * The newest bytes of the log, still in the slabs that they were encoded into. Pulls near the end are served from
 * here; what is older comes from files.
 *
 * Invariants:
 *  I1  slabs are in the order of their offsets and do not overlap;
 *  I2  bytes that are not written to the file yet are always here.
 */
export class TailCache {
  private readonly slabs: LogSlab[] = [];
  private cachedBytes = 0;

  constructor(
    private readonly pool: LogSlabPool,
    private readonly budgetBytes: number,
  ) {}

  /** Commit-log offset from which on everything is here; Infinity when nothing is. */
  get startOffset(): number {
    return this.slabs.length === 0 ? Infinity : this.slabs[0]!.startOffset;
  }

  /** Bytes of memory taken, whether used or not. */
  get sizeBytes(): number {
    return this.cachedBytes;
  }

  /** Takes a new slab in; it becomes the newest. `writtenOffset`: what lies below may be dropped to make room. */
  add(slab: LogSlab, writtenOffset: number): void {
    const newest = this.slabs[this.slabs.length - 1];
    invariant(
      newest === undefined || slab.startOffset >= newest.endOffset,
      'I1: slabs come in the order of the log',
    );
    slab.holds++;
    this.slabs.push(slab);
    this.cachedBytes += slab.buffer.length;
    this.evict(writtenOffset);
  }

  /** The slab that holds this byte of the log, or undefined. The caller takes a hold before it keeps a slice. */
  find(commitLogOffset: number): LogSlab | undefined {
    const { slabs } = this;
    let low = 0;
    let high = slabs.length - 1;
    // The newest slab is what nearly every reader at the tail wants.
    if (high >= 0 && commitLogOffset >= slabs[high]!.startOffset) low = high;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const slab = slabs[middle]!;
      if (commitLogOffset < slab.startOffset) high = middle - 1;
      else if (commitLogOffset >= slab.startOffset + slab.usedBytes) low = middle + 1;
      else return slab;
    }
    return undefined;
  }

  /** Gives a view of bytes that lie in one slab to `use`, and keeps them in place meanwhile; undefined where they do not. */
  use<T>(commitLogOffset: number, sizeBytes: number, use: (bytes: Buffer) => T): T | undefined {
    const slab = this.find(commitLogOffset);
    if (slab === undefined) return undefined;
    const at = commitLogOffset - slab.startOffset;
    if (at + sizeBytes > slab.usedBytes) return undefined;
    slab.holds++;
    try {
      return use(slab.buffer.subarray(at, at + sizeBytes));
    } finally {
      this.pool.release(slab);
    }
  }

  /** Drops the oldest slabs above the budget, as far as their bytes are in the file (I2). The newest always stays. */
  evict(writtenOffset: number): void {
    let drop = 0;
    let bytes = this.cachedBytes;
    while (drop < this.slabs.length - 1 && bytes > this.budgetBytes) {
      const slab = this.slabs[drop]!;
      if (slab.endOffset > writtenOffset) break;
      bytes -= slab.buffer.length;
      drop++;
    }
    if (drop === 0) return;
    for (const slab of this.slabs.splice(0, drop)) this.pool.release(slab);
    this.cachedBytes = bytes;
  }

  clear(): void {
    for (const slab of this.slabs.splice(0)) this.pool.release(slab);
    this.cachedBytes = 0;
  }
}
