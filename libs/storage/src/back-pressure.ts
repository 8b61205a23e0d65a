import type { WriteRefusal } from './message-store.types.js';
import type { StoreCounters } from './store-counters.js';

/**
 * Tells callers to slow down when the disk takes less than they bring. Nothing is dropped: `BUSY` begins at the bound and
 * ends at half of it.
 */
export class BackPressure {
  private busy = false;
  private readonly listeners: (() => void)[] = [];

  constructor(
    private readonly counters: StoreCounters,
    private readonly unwrittenBytesMax: number,
  ) {}

  refusal(): WriteRefusal | undefined {
    const { unwrittenBytes } = this.counters;
    if (unwrittenBytes >= this.unwrittenBytesMax) this.busy = true;
    if (!this.busy) return undefined;
    return {
      reason: 'BUSY',
      message: `${unwrittenBytes} bytes wait to be written, ${this.unwrittenBytesMax} may`,
      unwrittenBytes,
    };
  }

  onWritable(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Some bytes were written. */
  noteWritten(): void {
    if (!this.busy || this.counters.unwrittenBytes > this.unwrittenBytesMax / 2) return;
    this.busy = false;
    for (const listener of this.listeners) listener();
  }
}
