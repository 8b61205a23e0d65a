import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import type { StoreQueue } from '@rocketmq-ts/storage';
import type { MessageSource } from '../store-access.js';
import { readStretch } from './half-reader.js';
import type { ResolvedHalves } from './resolved-halves.js';

/** Open half messages that are known at the same time; more stay unread until some are done with. */
const KNOWN_COUNT_MAX = 1_000_000;
const STRETCH_COUNT_MAX = 32;
/** Distance in time of the marks that tell the age of a queue offset. */
const MARK_MS = 500;

/** What `HalfScan` works with. */
export interface HalfScanParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: Pick<MessageSource, 'read'>;
  readonly queue: StoreQueue;
  readonly resolved: ResolvedHalves;
  /** Age from which a half message is read; nearly all are decided by then and are never read. */
  readonly minAgeMs: () => number;
  readonly waitingCount: () => number;
  readonly found: (half: MessageRecord) => void;
  /** An open half message was deleted with the files that held it. */
  readonly gone: (queueOffset: number) => void;
}

/**
 * Reads each half message that is still open when it has reached an age, once, in the order of the queue. What a message's
 * age is, it knows without reading: from time to time it marks how long the queue is.
 */
export class HalfScan {
  private readonly marks: { readonly atMs: number; readonly endOffset: number }[] = [];
  private readonly skipped = new Set<number>();
  /** Half messages that were there at the start are old enough. */
  private limit: number;
  private readonly startLimit: number;
  private at: number;
  private reading = false;
  private stopped = false;

  constructor(private readonly parts: HalfScanParts) {
    this.at = parts.resolved.base;
    this.startLimit = Math.max(parts.queue.maxOffset, this.at);
    this.limit = this.startLimit;
  }

  /** Everything below was read, or was done with before. */
  get position(): number {
    return this.at;
  }

  /** Whether everything was read that was stored before the start, or as much as may be known at a time. */
  get caughtUp(): boolean {
    return this.at >= this.startLimit || this.parts.waitingCount() >= KNOWN_COUNT_MAX;
  }

  /** A half message that need not be found. */
  skip(queueOffset: number): void {
    if (queueOffset >= this.at) this.skipped.add(queueOffset);
  }

  stop(): void {
    this.stopped = true;
  }

  /** Goes on, unless it is going on already. */
  advance(): void {
    this.mark();
    if (this.reading || this.stopped) return;
    this.reading = true;
    void this.run()
      .catch((error: unknown) =>
        this.parts.logger.error('half messages could not be read; it is tried again', {
          queueOffset: this.at,
          reason: describeError(error),
        }),
      )
      .finally(() => (this.reading = false));
  }

  private async run(): Promise<void> {
    const { store, queue, resolved, waitingCount } = this.parts;
    while (!this.stopped && waitingCount() < KNOWN_COUNT_MAX) {
      this.passDone();
      if (this.at >= this.limit) return;
      if (this.at < queue.minOffset) {
        this.parts.gone(this.at++);
        continue;
      }
      const { records, nextQueueOffset } = await readStretch(store, queue, this.at, this.openRun());
      for (const half of records) {
        if (half.queueOffset < this.at) continue;
        this.at = half.queueOffset + 1;
        const known = this.skipped.delete(half.queueOffset);
        if (!known && !resolved.has(half.queueOffset)) this.parts.found(half);
      }
      if (records.length > 0) continue;
      // What cannot be read is left to the check, which knows when to give up.
      if (nextQueueOffset <= this.at) return;
      const end = Math.min(nextQueueOffset, this.limit);
      while (this.at < end) this.parts.gone(this.at++);
    }
  }

  /** Goes past what is done with, without reading it. */
  private passDone(): void {
    const { resolved } = this.parts;
    this.at = Math.max(this.at, resolved.base);
    while (this.at < this.limit && (resolved.has(this.at) || this.skipped.has(this.at))) {
      this.skipped.delete(this.at);
      this.at++;
    }
  }

  /** How many open half messages come one after the other from here. */
  private openRun(): number {
    const { resolved } = this.parts;
    let count = 1;
    while (
      count < STRETCH_COUNT_MAX &&
      this.at + count < this.limit &&
      !resolved.has(this.at + count)
    ) {
      count++;
    }
    return count;
  }

  private mark(): void {
    const { clock, queue, minAgeMs } = this.parts;
    const nowMs = clock.monotonicMs();
    const { marks } = this;
    const endOffset = queue.maxOffset;
    const last = marks[marks.length - 1];
    if (!last || (nowMs - last.atMs >= MARK_MS && endOffset > last.endOffset)) {
      marks.push({ atMs: nowMs, endOffset });
    }
    let old = 0;
    while (old < marks.length && nowMs - marks[old]!.atMs >= minAgeMs()) {
      this.limit = Math.max(this.limit, marks[old]!.endOffset);
      old++;
    }
    if (old > 0) marks.splice(0, old);
  }
}
