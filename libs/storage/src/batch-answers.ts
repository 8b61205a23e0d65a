import { traceOf, type Logger } from '@rocketmq-ts/kernel';
import type { LogEntry } from './append-entry.js';
import type { LogBatch } from './commit-log/log-batch.js';
import type { StoreOutcome, WriteRefusal } from './message-store.types.js';
import type { StoreCounters } from './store-counters.js';

/** Which entries of a batch are meant: those that asked to wait for flush and copies, those that did not, or all. */
export type EntryChoice = 'waiting' | 'others' | 'all';

/** Tells entries what became of them; each one once. */
export class BatchAnswers {
  constructor(
    private readonly logger: Logger,
    private readonly counters: StoreCounters,
  ) {}

  tellBatch(batch: LogBatch, outcome: StoreOutcome, choice: EntryChoice): void {
    if (outcome.kind !== 'OK') this.countWeak(batch, outcome);
    this.tell(batch.entries, outcome, choice);
  }

  refuse(entries: readonly LogEntry[], refusal: WriteRefusal, choice: EntryChoice): void {
    this.counters.refusedAppends += entries.length;
    this.tell(entries, { kind: 'REFUSED', refusal }, choice);
  }

  private countWeak(batch: LogBatch, { kind }: StoreOutcome): void {
    let waiting = 0;
    for (const { waitForStore } of batch.entries) if (waitForStore) waiting++;
    if (kind === 'FLUSH_TIMEOUT') this.counters.flushTimeouts += waiting;
    else this.counters.missingCopies += waiting;
  }

  private tell(entries: readonly LogEntry[], outcome: StoreOutcome, choice: EntryChoice): void {
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
