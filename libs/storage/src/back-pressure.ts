import type { Clock } from '@rocketmq-ts/kernel';
import type { WriteRefusal } from './message-store.types.js';
import type { StoreCounters } from './store-counters.js';

/**
 * Tells callers to slow down when the disk takes less than they bring. Nothing is dropped: `BUSY` begins at the bound and
 * ends at half of it.
 */
export class BackPressure {
  /** Since when, by the monotonic clock; undefined while it is not busy. */
  private busySinceMs: number | undefined;
  private readonly listeners: (() => void)[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly counters: StoreCounters,
    private readonly unwrittenBytesMax: number,
  ) {}

  refusal(): WriteRefusal | undefined {
    const { unwrittenBytes } = this.counters;
    if (unwrittenBytes >= this.unwrittenBytesMax) this.busySinceMs ??= this.clock.monotonicMs();
    if (this.busySinceMs === undefined) return undefined;
    return {
      reason: 'BUSY',
      message: `${unwrittenBytes} bytes wait to be written, ${this.unwrittenBytesMax} may`,
      unwrittenBytes,
      busyMs: this.clock.monotonicMs() - this.busySinceMs,
    };
  }

  onWritable(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Some bytes were written. */
  noteWritten(): void {
    if (this.busySinceMs === undefined) return;
    if (this.counters.unwrittenBytes > this.unwrittenBytesMax / 2) return;
    this.busySinceMs = undefined;
    for (const listener of this.listeners) listener();
  }
}
