import { viewOf } from '@rocketmq-ts/kernel';

/**
 * A piece of memory that holds a stretch of the log, byte for byte. Records are encoded into it, written out from it
 * and served from it; only answers of many small records are gathered by a copy.
 *
 * Invariants:
 *  I1  byte `n` is the byte of the log at `startOffset + n`, for every n < `usedBytes`;
 *  I2  bytes below `usedBytes` never change until the slab is reused;
 *  I3  a slab is reused only when nobody holds it: `holds` counts the tail cache, writes under way and readers.
 */
export class LogSlab {
  readonly view: DataView;
  startOffset = 0;
  usedBytes = 0;
  holds = 0;

  constructor(readonly buffer: Buffer) {
    this.view = viewOf(buffer);
  }

  /** Commit-log offset behind the last byte. */
  get endOffset(): number {
    return this.startOffset + this.usedBytes;
  }

  get freeBytes(): number {
    return this.buffer.length - this.usedBytes;
  }
}

/** Keeps slabs of the usual size for reuse, so that steady load allocates nothing. */
export class LogSlabPool {
  private readonly idle: LogSlab[] = [];

  constructor(
    private readonly slabBytes: number,
    private readonly idleMax: number,
  ) {}

  /** A slab of at least `sizeBytes`, empty, held by nobody. */
  take(startOffset: number, sizeBytes: number): LogSlab {
    const pooled = sizeBytes <= this.slabBytes ? this.idle.pop() : undefined;
    const slab = pooled ?? new LogSlab(Buffer.allocUnsafeSlow(Math.max(sizeBytes, this.slabBytes)));
    slab.startOffset = startOffset;
    slab.usedBytes = 0;
    return slab;
  }

  /** One holder less; the last one returns the slab. */
  release(slab: LogSlab): void {
    slab.holds--;
    if (slab.holds > 0) return;
    if (slab.buffer.length === this.slabBytes && this.idle.length < this.idleMax) {
      this.idle.push(slab);
    }
  }
}
