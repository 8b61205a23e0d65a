import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, ClockTask, Logger } from '@rocketmq-ts/kernel';
import { decodeRecords } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import type { ReadResult } from '@rocketmq-ts/storage';
import type { Arrivals } from '../arrivals.js';
import type { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { DeadlineWheel } from '../pull/deadline-wheel.js';
import type { MessageSource } from '../store-access.js';
import { REVIVE_GROUP } from './pop-topic-name.js';
import type { Revival } from './revival.js';
import { readReviveRecord } from './revive-record.js';
import { ReviveTable } from './revive-table.js';
import type { LoggedCheckpoint } from './revive-table.js';

/** What the reviver works with. */
export interface ReviverParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: MessageSource;
  readonly arrivals: Arrivals;
  readonly offsets: ConsumerOffsetTable;
  readonly revival: Revival;
  /** The store's log is durable up to here. */
  readonly flushedOffset: () => number;
  readonly topic: string;
  readonly queueCount: number;
  readonly brokerName: string;
  /**
   * How long after its due time an acknowledgement may still be on its way to the revive log, ms: the lateness of the
   * timer. Acknowledged messages are not revived while the timer is behind.
   */
  readonly ackDelayMs: () => number;
}

/** Records read in one go. */
const BATCH_COUNT_MAX = 256;
const BATCH_BYTES_MAX = 512 * 1024;
/** Checkpoints of one queue of the revive log that memory holds; beyond, reading waits. */
export const OUTSTANDING_MAX = 25_000;
/** Pause before a checkpoint is looked at again for which the log was not read to its end. */
const CATCH_UP_MS = 100;
const RETRY_MS = 1_000;
const RETRY_MS_MAX = 30_000;
/** How often the progress moves past what has become durable. */
const ADVANCE_MS = 1_000;

/**
 * Reads one queue of the revive log, and stores messages again that were not acknowledged in time.
 *
 * Invariants:
 *  I1  one read at a time;
 *  I2  a checkpoint is revived only when its time is up and the log was read to its end after that, so that every
 *      acknowledgement that came in time counts;
 *  I3  the progress is that of `ReviveTable`.
 */
class ReviveRunner {
  readonly table: ReviveTable;
  private position: number;
  private reading = false;
  private readonly wheel: DeadlineWheel<LoggedCheckpoint>;
  private committed: number;

  constructor(
    readonly queueId: number,
    private readonly host: Reviver,
  ) {
    const { offsets, topic, brokerName, clock } = host.parts;
    this.committed = offsets.query(REVIVE_GROUP, topic, queueId) ?? -1;
    this.position = this.committed + 1;
    this.table = new ReviveTable(this.committed, brokerName);
    this.wheel = new DeadlineWheel(clock, (checkpoint) => this.onDeadline(checkpoint));
  }

  /** Records of the log that were not looked at. */
  get behindCount(): number {
    const queue = this.queue();
    return queue ? Math.max(queue.maxOffset - this.position, 0) : 0;
  }

  wake(): void {
    const queue = this.queue();
    if (this.reading || this.host.stopped || !queue) return;
    if (this.position < queue.minOffset) this.position = queue.minOffset;
    if (this.position >= queue.maxOffset || this.table.size >= OUTSTANDING_MAX) return;
    this.reading = true;
    this.host.parts.store.read(
      {
        queue,
        queueOffset: this.position,
        maxCount: BATCH_COUNT_MAX,
        maxBytes: BATCH_BYTES_MAX,
      },
      (result) => this.onRead(result),
    );
  }

  advance(): void {
    const { offsets, topic, flushedOffset } = this.host.parts;
    const progress = this.table.advance(flushedOffset());
    if (progress <= this.committed) return;
    this.committed = progress;
    offsets.commit(REVIVE_GROUP, topic, this.queueId, progress);
  }

  private queue(): ReturnType<MessageSource['findQueue']> {
    return this.host.parts.store.findQueue(this.host.parts.topic, this.queueId);
  }

  private onRead(result: ReadResult): void {
    this.reading = false;
    const next = result.nextQueueOffset;
    try {
      if (result.messageCount > 0) {
        // A copy: the pieces go back to the store.
        for (const record of decodeRecords(Buffer.concat(result.pieces))) this.take(record);
      }
    } catch (error) {
      this.host.parts.logger.error('records of the revive log could not be read', {
        queueId: this.queueId,
        queueOffset: this.position,
        reason: describeError(error),
      });
    } finally {
      result.release();
    }
    const moved = next > this.position;
    if (moved) this.position = next;
    this.table.noteRead(this.position - 1);
    this.advance();
    if (moved) this.host.parts.clock.afterTick(() => this.wake());
  }

  private take(record: MessageRecord): void {
    const { queueOffset } = record;
    const { logger, clock } = this.host.parts;
    this.host.readCount++;
    let parsed: ReturnType<typeof readReviveRecord>;
    try {
      parsed = readReviveRecord(record);
    } catch (error) {
      logger.error('a record of the revive log makes no sense; it is passed over', {
        queueId: this.queueId,
        queueOffset,
        reason: describeError(error),
      });
    }
    if (parsed?.kind === 'checkpoint') {
      const added = this.table.addCheckpoint(parsed.checkpoint, queueOffset);
      if (added) this.wheel.add(added, this.dueAtMs(added) - clock.nowMs());
    } else if (parsed) {
      const settled = this.table.addAck(parsed.ack, parsed.queueOffsets, queueOffset);
      if (settled) this.finish(settled);
    } else {
      this.table.noteRead(queueOffset);
    }
  }

  private finish(checkpoint: LoggedCheckpoint): void {
    if (!checkpoint.deadlineLink.alone) this.wheel.remove(checkpoint);
    this.table.resolve(checkpoint);
  }

  private dueAtMs(checkpoint: LoggedCheckpoint): number {
    return checkpoint.reviveAtMs + this.host.parts.ackDelayMs();
  }

  private onDeadline(checkpoint: LoggedCheckpoint): void {
    if (this.host.stopped) return;
    const leftMs = this.dueAtMs(checkpoint) - this.host.parts.clock.nowMs();
    if (leftMs > 0) {
      this.wheel.add(checkpoint, leftMs);
    } else if (this.reading || this.behindCount > 0) {
      // With a full table reading waits for this checkpoint: what it could still find does not count then.
      if (this.table.size >= OUTSTANDING_MAX) void this.revive(checkpoint);
      else this.wheel.add(checkpoint, CATCH_UP_MS);
      this.wake();
    } else {
      void this.revive(checkpoint);
    }
  }

  private async revive(checkpoint: LoggedCheckpoint): Promise<void> {
    const { t: topic, c: group, q: queueId, pt: popTimeMs, sp: suspended } = checkpoint.record;
    const of = { topic, group, queueId, popTimeMs, suspended };
    const { revival, logger, clock } = this.host.parts;
    checkpoint.state = 'reviving';
    let failure: unknown;
    const each = checkpoint.openOffsets.map(async (queueOffset) => {
      const endOffset = await revival.revive({ ...of, queueOffset });
      checkpoint.settle(queueOffset);
      checkpoint.durableAt = Math.max(checkpoint.durableAt, endOffset);
    });
    for (const outcome of await Promise.allSettled(each)) {
      if (outcome.status === 'rejected') failure = outcome.reason;
    }
    if (checkpoint.allSettled) {
      this.table.resolve(checkpoint);
      this.wake();
      return;
    }
    checkpoint.state = 'waiting';
    const pauseMs = Math.min(RETRY_MS * 2 ** checkpoint.failureCount++, RETRY_MS_MAX);
    logger.warn('messages could not be revived; it is tried again', {
      topic,
      group,
      queueId,
      pauseMs,
      reason: describeError(failure),
    });
    if (!this.host.stopped) clock.setTimer(pauseMs, () => void this.reviveAgain(checkpoint));
  }

  private async reviveAgain(checkpoint: LoggedCheckpoint): Promise<void> {
    if (!this.host.stopped && checkpoint.state === 'waiting') await this.revive(checkpoint);
  }
}

/**
 * Reads the revive log.
 * Source: rocketmq 5.5.0 `PopReviveService`.
 */
export class Reviver {
  stopped = true;
  /** Records read since the start. */
  readCount = 0;
  private readonly runners: ReviveRunner[] = [];
  private task: ClockTask | undefined;

  constructor(readonly parts: ReviverParts) {
    parts.arrivals.onTopic(parts.topic, (queue) => this.runners[queue.queueId]?.wake());
  }

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    for (let queueId = 0; queueId < this.parts.queueCount; queueId++) {
      this.runners.push(new ReviveRunner(queueId, this));
    }
    for (const runner of this.runners) runner.wake();
    this.task = this.parts.clock.setPeriodic(ADVANCE_MS, () => this.turn());
  }

  stop(): void {
    this.stopped = true;
    this.task?.cancel();
    for (const runner of this.runners) runner.advance();
  }

  /** Per queue of the revive log: records not looked at, and for how long the oldest due checkpoint has waited, ms. */
  lags(): { readonly queueId: number; readonly behindCount: number; readonly lateMs: number }[] {
    const nowMs = this.parts.clock.nowMs();
    return this.runners.map(({ queueId, behindCount, table }) => {
      const dueMs = table.oldestReviveAtMs;
      const lateMs = dueMs === undefined ? 0 : Math.max(nowMs - dueMs, 0);
      return { queueId, behindCount, lateMs };
    });
  }

  /** Checkpoints of the revive log that memory holds. */
  get outstandingCount(): number {
    return this.runners.reduce((sum, { table }) => sum + table.size, 0);
  }

  private turn(): void {
    for (const runner of this.runners) {
      runner.advance();
      runner.wake();
    }
  }
}
