import type { Clock, ClockTask } from '@rocketmq-ts/kernel';
import {
  STORED_FLUSH_TIMEOUT,
  STORED_OK,
  STORED_SLAVE_NOT_AVAILABLE,
  STORED_SLAVE_TIMEOUT,
  type StoreOutcome,
} from '../message-store.types.js';
import type { CopyGate } from '../replication/copy-gate.js';
import type { CopyState, LogBatch } from './log-batch.js';
import type { LogSync } from './log-sync.js';

const TIMEOUT_CHECK_MS = 100;

/** What becomes of batches: all is called in the order of the log. */
export interface BatchSink {
  /** The messages are seen by consumers from now on. */
  makeVisible(batch: LogBatch): void;
  /** Tells entries their fate: those that asked to wait, the others, or all. */
  tell(batch: LogBatch, outcome: StoreOutcome, choice: 'waiting' | 'others' | 'all'): void;
}

/** What a sender that waited is told. Source: rocketmq 5.5.0 `CommitLog#handleDiskFlushAndHA`: the copies count before the flush. */
export function decidedOutcome(copies: CopyState, flushTimedOut: boolean): StoreOutcome {
  if (copies === 'timed-out') return STORED_SLAVE_TIMEOUT;
  if (copies === 'not-available') return STORED_SLAVE_NOT_AVAILABLE;
  return flushTimedOut ? STORED_FLUSH_TIMEOUT : STORED_OK;
}

/**
 * Decides when a written batch is seen by consumers, and when and how its senders are answered: at once, or when it is
 * synced (SYNC_FLUSH), copied (a gate is set), or both. Nothing that waits holds up the batches behind it.
 *
 * Invariants:
 *  I1  batches become visible in the order of the log, each after a sync that covers it where one is awaited (P9), and
 *      after its copies are made or given up;
 *  I2  an entry is answered once: when flush and copies are each settled, which a time-out does too; its message stays
 *      and becomes visible when a sync ends after all;
 *  I3  one sync covers all batches that were written since the one before began.
 */
export class DecidedAnswers {
  private readonly waiting: LogBatch[] = [];
  private readonly timer: ClockTask;
  private gate: CopyGate | undefined;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly sync: LogSync;
      readonly sink: BatchSink;
      /** SYNC_FLUSH. */
      readonly awaitsSync: boolean;
      readonly syncTimeoutMs: number;
      readonly copyTimeoutMs: number;
    },
  ) {
    this.timer = parts.clock.setPeriodic(TIMEOUT_CHECK_MS, () => this.giveUpLate());
    if (parts.awaitsSync) parts.sync.onFlushed(() => this.release());
  }

  /** From now on batches wait for copies, or (undefined) not any more; those that wait already are decided anew. */
  waitForCopies(gate: CopyGate | undefined): void {
    this.gate = gate;
    gate?.onChange(() => {
      if (this.gate === gate) this.release();
    });
    this.release();
  }

  /** Why sends must be refused: fewer copies than there have to be. */
  get copyRefusal(): string | undefined {
    return this.gate?.refusal;
  }

  /** Takes over a batch whose bytes the system has. */
  onWritten(batch: LogBatch): void {
    const { sink, awaitsSync, sync } = this.parts;
    if (!awaitsSync && this.waiting.length === 0 && this.isCopied(batch)) {
      sink.makeVisible(batch);
      sink.tell(batch, decidedOutcome(batch.copies, false), 'all');
      return;
    }
    this.waiting.push(batch);
    sink.tell(batch, STORED_OK, 'others');
    if (awaitsSync) sync.start();
  }

  /** Batches that nobody was told of yet, when the store failed. Nothing of them is visible. */
  abandon(): LogBatch[] {
    return this.waiting.splice(0).filter((batch) => !batch.told);
  }

  /** Waits for no copies any more: the store closes, and who waits is to have an answer. */
  giveUpCopies(): void {
    for (const batch of this.waiting) if (batch.copies === 'awaited') batch.copies = 'timed-out';
    this.gate = undefined;
    this.release();
  }

  /** No timer runs any more. */
  stop(): void {
    this.timer.cancel();
  }

  /** Makes visible and answers what is decided, from the front on. */
  private release(): void {
    const { sync, sink, awaitsSync } = this.parts;
    const { waiting } = this;
    const syncedOffset = awaitsSync ? sync.flushedOffset : Infinity;
    let done = 0;
    while (done < waiting.length) {
      const batch = waiting[done]!;
      if (batch.endOffset > syncedOffset || !this.isCopied(batch)) break;
      sink.makeVisible(batch);
      done++;
    }
    // The next sync begins before the answers are made: the disk works while the event loop does.
    if (awaitsSync) sync.start();
    if (done > 0) for (const batch of waiting.splice(0, done)) this.tell(batch);
    if (this.gate?.available === false) this.tellSettled();
  }

  /** Whether copies are no reason to wait; without the means to make them it is settled that there will be none. */
  private isCopied(batch: LogBatch): boolean {
    if (batch.copies !== 'awaited') return true;
    const { gate } = this;
    if (gate === undefined || batch.endOffset <= gate.copiedOffset) return true;
    if (gate.available) return false;
    batch.copies = 'not-available';
    return true;
  }

  /** Answers batches further back for which nothing is open any more but a sync that took too long. */
  private tellSettled(): void {
    for (const batch of this.waiting) {
      if (this.isCopied(batch) && batch.syncTimedOut) this.tell(batch);
    }
  }

  private giveUpLate(): void {
    const { clock, awaitsSync, syncTimeoutMs, copyTimeoutMs } = this.parts;
    const now = clock.monotonicMs();
    let late = false;
    for (const batch of this.waiting) {
      const waitedMs = now - batch.writtenAtMs;
      if (waitedMs < Math.min(syncTimeoutMs, copyTimeoutMs)) break;
      if (!this.isCopied(batch) && waitedMs >= copyTimeoutMs) batch.copies = 'timed-out';
      if (awaitsSync && waitedMs >= syncTimeoutMs) batch.syncTimedOut = true;
      late = true;
      if (batch.syncTimedOut && this.isCopied(batch)) this.tell(batch);
    }
    if (late) this.release();
  }

  private tell(batch: LogBatch): void {
    if (batch.told) return;
    batch.told = true;
    const outcome = decidedOutcome(batch.copies, batch.syncTimedOut);
    this.parts.sink.tell(batch, outcome, 'waiting');
  }
}
