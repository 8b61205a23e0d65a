import { traceOf, type Logger } from '@rocketmq-ts/kernel';
import type { AppendEntry } from './append-entry.js';
import type { LogBatch } from './commit-log/log-batch.js';
import {
  STORED_FLUSH_TIMEOUT,
  STORED_OK,
  type StoreOutcome,
  type WriteRefusal,
} from './message-store.types.js';
import type { StoreCounters } from './store-counters.js';

/** Which entries of a batch are meant: those that asked to wait for the flush, those that did not, or all. */
export type EntryChoice = 'waiting' | 'others' | 'all';

/** Tells entries what became of them; each one once. */
export class BatchAnswers {
  constructor(
    private readonly logger: Logger,
    private readonly counters: StoreCounters,
  ) {}

  acknowledge(batch: LogBatch, choice: EntryChoice): void {
    this.tell(batch.entries, STORED_OK, choice);
  }

  reportTimeout(batch: LogBatch): void {
    for (const entry of batch.entries) if (entry.waitForStore) this.counters.flushTimeouts++;
    this.tell(batch.entries, STORED_FLUSH_TIMEOUT, 'waiting');
  }

  refuse(entries: readonly AppendEntry[], refusal: WriteRefusal, choice: EntryChoice): void {
    this.counters.refusedAppends += entries.length;
    this.tell(entries, { kind: 'REFUSED', refusal }, choice);
  }

  private tell(entries: readonly AppendEntry[], outcome: StoreOutcome, choice: EntryChoice): void {
    let next = 0;
    while (next < entries.length) {
      try {
        for (; next < entries.length; next++) {
          const entry = entries[next]!;
          if (choice === 'all' || entry.waitForStore === (choice === 'waiting')) {
            entry.onStored(outcome);
          }
        }
      } catch (error) {
        // One caller's mistake must not keep the others from their answers.
        this.logger.error('an append callback failed', { error: traceOf(error) });
        next++;
      }
    }
  }
}
