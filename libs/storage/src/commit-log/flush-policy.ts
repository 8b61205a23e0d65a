import type { Clock, ClockTask } from '@rocketmq-ts/kernel';
import type { LogBatch } from './log-batch.js';
import type { LogSync } from './log-sync.js';

/** Decides when a written batch is seen by consumers and answered, and when the log is synced. */
export interface FlushPolicy {
  /** Takes over a batch whose bytes the system has. */
  onWritten(batch: LogBatch): void;
  /** Batches that still wait, when the store failed. Nothing of them is visible. */
  abandon(): LogBatch[];
  /** No timer runs any more. */
  stop(): void;
}

/** What a policy does with batches: both are called in the order of the log. */
export interface BatchSink {
  /** The messages are seen by consumers from now on. */
  makeVisible(batch: LogBatch): void;
  /** Answers the entries. `awaited`: those that asked to wait, the others, or all. */
  acknowledge(batch: LogBatch, awaited: 'waiting' | 'others' | 'all'): void;
  /** The entries that waited are told that the sync took too long; the messages stay. */
  reportTimeout(batch: LogBatch): void;
}

/**
 * ASYNC_FLUSH: seen and answered when written; synced at the latest `intervalMs` after that. There is no page
 * threshold: a single small message is synced as soon as a flood would be.
 */
export class AsyncFlush implements FlushPolicy {
  private readonly timer: ClockTask;
  private due = false;

  constructor(
    clock: Clock,
    intervalMs: number,
    private readonly sync: LogSync,
    private readonly sink: BatchSink,
  ) {
    this.timer = clock.setPeriodic(intervalMs, () => this.flush());
    sync.onFlushed(() => {
      if (!this.due) return;
      this.due = false;
      sync.start();
    });
  }

  onWritten(batch: LogBatch): void {
    this.sink.makeVisible(batch);
    this.sink.acknowledge(batch, 'all');
  }

  abandon(): LogBatch[] {
    return [];
  }

  stop(): void {
    this.timer.cancel();
  }

  private flush(): void {
    // A sync that outlasts the interval is followed by the next one at once.
    if (this.sync.underWay) this.due = true;
    else this.sync.start();
  }
}
