import type { Clock, ClockTask } from '@rocketmq-ts/kernel';
import type { StoreCounters } from '../store-counters.js';
import type { BatchSink, FlushPolicy } from './flush-policy.js';
import type { LogBatch } from './log-batch.js';
import type { LogSync } from './log-sync.js';

const TIMEOUT_CHECK_MS = 100;

/**
 * SYNC_FLUSH: one sync for all batches that were written since the one before began; while it runs the next batches
 * are written. Consumers see a message when it is on disk, and its sender is answered then.
 *
 * Invariants:
 *  I1  batches become visible in the order of the log, each after a sync that covers it (P9);
 *  I2  an entry is answered once: after its sync, or with a time-out before (its message stays and becomes visible
 *      when a sync ends after all).
 */
export class GroupCommit implements FlushPolicy {
  private readonly waiting: LogBatch[] = [];
  private readonly timer: ClockTask;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly sync: LogSync;
      readonly sink: BatchSink;
      readonly counters: StoreCounters;
      readonly timeoutMs: number;
    },
  ) {
    this.timer = parts.clock.setPeriodic(TIMEOUT_CHECK_MS, () => this.reportLate());
    parts.sync.onFlushed(() => this.release());
  }

  onWritten(batch: LogBatch): void {
    this.waiting.push(batch);
    this.parts.sink.acknowledge(batch, 'others');
    this.parts.sync.start();
  }

  abandon(): LogBatch[] {
    return this.waiting.splice(0);
  }

  stop(): void {
    this.timer.cancel();
  }

  private release(): void {
    const { sync, sink } = this.parts;
    const { waiting } = this;
    let done = 0;
    while (done < waiting.length && waiting[done]!.endOffset <= sync.flushedOffset) {
      sink.makeVisible(waiting[done]!);
      done++;
    }
    // The next sync begins before the answers are made: the disk works while the event loop does.
    sync.start();
    const released = waiting.splice(0, done);
    for (const batch of released) {
      if (!batch.timedOut) sink.acknowledge(batch, 'waiting');
    }
  }

  private reportLate(): void {
    const { clock, sink, timeoutMs } = this.parts;
    const deadline = clock.monotonicMs() - timeoutMs;
    for (const batch of this.waiting) {
      if (batch.writtenAtMs > deadline) break;
      if (batch.timedOut) continue;
      batch.timedOut = true;
      sink.reportTimeout(batch);
    }
  }
}
