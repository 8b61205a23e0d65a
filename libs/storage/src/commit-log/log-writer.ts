import { describeError, type Clock, type Logger } from '@rocketmq-ts/kernel';
import type { StoreCounters } from '../store-counters.js';
import { isOutOfSpace, type StoreHealth } from '../store-health.js';
import type { LogBatch } from './log-batch.js';
import type { LogSegments } from './log-segments.js';
import type { ZeroAhead } from './zero-ahead.js';

const NO_SPACE_RETRY_MS = 1_000;

/**
 * Hands batches to the system, one after the other.
 *
 * Invariants:
 *  I1  batches are written in the order of their offsets, one at a time: after a process kill the log is a whole
 *      prefix of what was appended, with at most its last batch torn;
 *  I2  `writtenOffset` only grows, and everything below it has been taken by the system;
 *  I3  zeros written ahead never land on data: a batch that would reach them waits.
 */
export class LogWriter {
  private readonly waiting: LogBatch[] = [];
  private writing: LogBatch | undefined;
  private pumpScheduled = false;
  private pumping = false;
  private retryAt = 0;
  private onDrained: (() => void) | undefined;
  private readonly earlyBytes: number;
  private beginningEarly = false;
  private readonly pumpAtTickEnd = (): void => {
    this.pumpScheduled = false;
    this.pump();
  };
  private readonly onWriteDone = (error: Error | undefined): void => this.finish(error);

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly logger: Logger;
      readonly segments: LogSegments;
      readonly health: StoreHealth;
      readonly counters: StoreCounters;
      readonly zeroAhead: ZeroAhead;
      readonly writeNowBytesMax: number;
      readonly writeReadyBytesMax: number;
      /** A sync may hold the file's lock: a write on the event loop would wait for it. */
      readonly syncUnderWay: () => boolean;
      readonly onWritten: (batch: LogBatch) => void;
    },
    public writtenOffset: number,
  ) {
    this.earlyBytes = 2 * parts.writeReadyBytesMax;
    parts.segments.whenReady(() => this.pump());
    parts.zeroAhead.whenIdle(() => this.pump());
  }

  /** The batch that new records join, or undefined where a new one must be begun. */
  get open(): LogBatch | undefined {
    const last = this.waiting[this.waiting.length - 1];
    return last === undefined || last.sealed ? undefined : last;
  }

  get idle(): boolean {
    return this.writing === undefined && this.waiting.length === 0;
  }

  /** Queues a batch; it may still grow until its turn comes. */
  enqueue(batch: LogBatch): void {
    this.waiting.push(batch);
  }

  /**
   * The oldest batch may have grown: one so large that others write it is begun in the middle of a turn, so that the disk works
   * while the rest of the turn is done. Batches of 32 × 1 KiB gain 5 %; half this size would cost single messages 8 % of
   * processor time (measured).
   */
  noteGrowth(): void {
    if (this.writing || this.pumping) return;
    const oldest = this.waiting[0];
    if (!oldest || oldest.bytes <= this.earlyBytes || !this.mayBlock(oldest)) return;
    this.beginningEarly = true;
    this.pump();
    this.beginningEarly = false;
  }

  /** Makes sure that what waits is written at the end of this turn of the event loop. */
  schedule(): void {
    if (this.pumpScheduled || this.writing) return;
    this.pumpScheduled = true;
    this.parts.clock.afterTick(this.pumpAtTickEnd);
  }

  /** Resolves when nothing waits any more, or the store failed; the store fails when `timeoutMs` pass before. */
  async drained(timeoutMs: number): Promise<void> {
    const { clock, health } = this.parts;
    if (this.idle || health.fatal) return;
    const timer = clock.setTimer(timeoutMs, () => {
      const { unwrittenBytes } = this.parts.counters;
      health.fail('closing', new Error(`${unwrittenBytes} bytes could not be written in time`));
    });
    await new Promise<void>((resolve) => {
      this.onDrained = resolve;
      this.pump();
    });
    timer.cancel();
  }

  /** Gives up everything that is not written: the store failed. */
  abandon(): LogBatch[] {
    const lost = this.writing ? [this.writing, ...this.waiting] : [...this.waiting];
    this.waiting.length = 0;
    this.onDrained?.();
    return lost;
  }

  private pump(): void {
    if (this.pumping) return;
    this.pumping = true;
    while (!this.writing && this.waiting.length > 0 && this.retryAt === 0 && this.startNext());
    this.pumping = false;
    if (this.idle) this.onDrained?.();
  }

  /** @returns whether the next batch may follow at once. */
  private startNext(): boolean {
    const { segments, zeroAhead, health, counters } = this.parts;
    if (health.fatal) return false;
    const batch = this.waiting[0]!;
    const segment = segments.find(batch.startOffset);
    if (!segment) {
      segments.prepare(segments.startOf(batch.startOffset));
      return false;
    }
    if (zeroAhead.mustWait(batch.startOffset, batch.startOffset + batch.bytes)) return false;
    this.waiting.shift();
    batch.sealed = true;
    this.writing = batch;
    counters.logWrites++;
    const position = batch.startOffset - segment.startOffset;
    if (this.mayBlock(batch)) {
      segment.file.write(batch.pieces(), position, this.onWriteDone);
      return true;
    }
    let failure: Error | undefined;
    try {
      segment.file.writeNow(batch.pieces(), position);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    this.finish(failure);
    return true;
  }

  /** Whether writing the batch could hold up the event loop: new blocks, or a file that others are busy with. */
  private mayBlock(batch: LogBatch): boolean {
    const { zeroAhead, writeNowBytesMax, writeReadyBytesMax } = this.parts;
    if (zeroAhead.busy || this.parts.syncUnderWay()) return true;
    const endOffset = batch.startOffset + batch.bytes;
    const ready = zeroAhead.covers(batch.startOffset, endOffset);
    return batch.bytes > (ready ? writeReadyBytesMax : writeNowBytesMax);
  }

  private finish(error: Error | undefined): void {
    const batch = this.writing;
    if (!batch) return;
    const { health, counters, clock } = this.parts;
    // Nobody is answered from inside an append.
    if (this.beginningEarly) {
      clock.afterTick(() => this.finish(error));
      return;
    }
    if (error) {
      this.writing = undefined;
      this.failed(batch, error);
      return;
    }
    // After a failure elsewhere (a sync, say) these bytes are written but nobody may be told so.
    if (health.fatal) return;
    this.writing = undefined;
    this.writtenOffset = batch.endOffset;
    health.clearOutOfSpace('write');
    counters.unwrittenBytes -= batch.bytes;
    batch.writtenAtMs = clock.monotonicMs();
    this.parts.onWritten(batch);
    this.parts.zeroAhead.advance(batch.bytes);
    if (!this.pumping) {
      if (this.waiting.length > 0) this.schedule();
      else this.onDrained?.();
    }
  }

  private failed(batch: LogBatch, error: Error): void {
    const { health, clock, logger } = this.parts;
    this.waiting.unshift(batch);
    if (!isOutOfSpace(error)) {
      health.fail('writing the commit log', error);
      return;
    }
    // Nothing of the batch counts as written; the same bytes go to the same place when there is room (P16).
    logger.error('no room to write the commit log', { error: describeError(error) });
    health.setOutOfSpace('write', {
      reason: 'DISK_FULL',
      message: `the disk has no room: ${describeError(error)}`,
    });
    this.retryAt = clock.monotonicMs() + NO_SPACE_RETRY_MS;
    clock.setTimer(NO_SPACE_RETRY_MS, () => {
      this.retryAt = 0;
      this.pump();
    });
  }
}
