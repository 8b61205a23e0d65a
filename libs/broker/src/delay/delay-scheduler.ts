import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, ClockTask, Logger } from '@rocketmq-ts/kernel';
import { decodeRecords } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import type { ReadResult, StoreQueue } from '@rocketmq-ts/storage';
import type { Arrivals } from '../arrivals.js';
import type { MessageSink, MessageSource } from '../store-access.js';
import { SCHEDULE_TOPIC, TRANSACTION_HALF_TOPIC } from '../topic/topic-name.js';
import { DelayedDelivery } from './delayed-delivery.js';
import { levelOfQueueId, queueIdOfLevel } from './delay-levels.js';
import type { DelayLevels } from './delay-levels.js';
import type { DelayOffsets } from './delay-offsets.js';

/** Messages taken up in one go. */
const BATCH_COUNT_MAX = 32;
const BATCH_BYTES_MAX = 1024 * 1024;
/** Pause after the store refused a delivery. */
const REFUSED_PAUSE_MS = 1_000;
/** A timer is set again at the latest after this, so that a jump of the wall clock is noticed. */
const SLEEP_MS_MAX = 10_000;

/**
 * Delivers the messages of one delay level when they are due.
 *
 * Invariants:
 *  I1  the offset of the level moves past a message only after its copy was stored: nothing is lost by a crash, at most
 *      delivered again;
 *  I2  at most one batch is under way;
 *  I3  with nothing due there is no work: a timer waits for the first due time, an arrival in an empty queue wakes.
 *
 * Source: rocketmq 5.x `ScheduleMessageService.DeliverDelayedMessageTimerTask`.
 */
class DelayLevelRunner {
  private timer: ClockTask | undefined;
  private busy = false;

  constructor(
    private readonly level: number,
    private readonly host: DelayScheduler,
  ) {}

  /** Looks whether something is due, unless it is looking already. */
  wake(): void {
    if (this.busy || this.host.stopped) return;
    this.timer?.cancel();
    this.timer = undefined;
    const queue = this.host.queueOf(this.level);
    if (!queue) return;
    const position = this.position(queue);
    if (position >= queue.maxOffset) return;
    this.busy = true;
    this.takeDue(queue, position);
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  /** Where to go on; pulled back into the queue where the files and the offsets disagree. */
  private position(queue: StoreQueue): number {
    const saved = this.host.offsets.get(this.level) ?? 0;
    return Math.min(Math.max(saved, queue.minOffset), queue.maxOffset);
  }

  private takeDue(queue: StoreQueue, position: number): void {
    const nowMs = this.host.clock.nowMs();
    let notBeforeMs: number | undefined;
    const matchesTagsCode = (deliverMs: number): boolean => {
      if (notBeforeMs !== undefined) return false;
      // A message of a level whose delay was shortened since is due at once. Source: `correctDeliverTimestamp`.
      const dueMs = deliverMs > nowMs + this.host.levels.delayOf(this.level) ? nowMs : deliverMs;
      if (dueMs <= nowMs) return true;
      notBeforeMs = dueMs;
      return false;
    };
    this.host.store.read(
      {
        queue,
        queueOffset: position,
        maxCount: BATCH_COUNT_MAX,
        maxBytes: BATCH_BYTES_MAX,
        matchesTagsCode,
      },
      (result) => this.onRead(result, position, notBeforeMs),
    );
  }

  private onRead(result: ReadResult, position: number, notBeforeMs: number | undefined): void {
    let records: MessageRecord[] = [];
    try {
      // A copy: the pieces go back to the store before the deliveries are stored.
      if (result.messageCount > 0) records = decodeRecords(Buffer.concat(result.pieces));
    } catch (error) {
      this.host.logger.error('delayed messages could not be read', {
        level: this.level,
        queueOffset: position,
        reason: describeError(error),
      });
    } finally {
      result.release();
    }
    if (records.length > 0) {
      this.deliver(records);
      return;
    }
    this.busy = false;
    if (notBeforeMs !== undefined) {
      this.host.offsets.set(this.level, position);
      this.sleepUntil(notBeforeMs);
    } else if (result.nextQueueOffset > position) {
      // Records that are gone or damaged: go on behind them.
      this.host.offsets.set(this.level, result.nextQueueOffset);
      this.sleepUntil(this.host.clock.nowMs());
    } else {
      this.sleepUntil(this.host.clock.nowMs() + REFUSED_PAUSE_MS);
    }
  }

  private deliver(records: readonly MessageRecord[]): void {
    let unfinished = records.length;
    let firstRefused: number | undefined;
    const settled = (queueOffset: number, stored: boolean): void => {
      if (!stored) firstRefused = Math.min(firstRefused ?? queueOffset, queueOffset);
      if (--unfinished > 0) return;
      const behind = records[records.length - 1]!.queueOffset + 1;
      this.host.offsets.set(this.level, firstRefused ?? behind);
      this.busy = false;
      if (firstRefused === undefined) this.wakeLater(0);
      else this.wakeLater(REFUSED_PAUSE_MS);
    };
    for (const record of records) this.deliverOne(record, settled);
  }

  private deliverOne(
    record: MessageRecord,
    settled: (queueOffset: number, stored: boolean) => void,
  ): void {
    const topic = record.properties.get('REAL_TOPIC');
    const queueId = Number(record.properties.get('REAL_QID'));
    if (topic === undefined || topic === TRANSACTION_HALF_TOPIC || !isQueueId(queueId)) {
      this.host.logger.error('a delayed message does not say where it belongs; it is dropped', {
        level: this.level,
        queueOffset: record.queueOffset,
      });
      settled(record.queueOffset, true);
      return;
    }
    const queue = this.host.store.queue(topic, queueId);
    const delivery = new DelayedDelivery(queue, record, settled);
    try {
      this.host.store.append(delivery);
    } catch (error) {
      this.host.logger.warn('a delayed message could not be delivered; it is tried again', {
        topic,
        level: this.level,
        reason: describeError(error),
      });
      settled(record.queueOffset, false);
    }
  }

  private sleepUntil(dueMs: number): void {
    this.wakeLater(Math.min(dueMs - this.host.clock.nowMs(), SLEEP_MS_MAX));
  }

  private wakeLater(delayMs: number): void {
    if (this.host.stopped) return;
    this.timer?.cancel();
    this.timer = this.host.clock.setTimer(Math.max(delayMs, 0), () => this.wake());
  }
}

const isQueueId = (queueId: number): boolean =>
  Number.isInteger(queueId) && queueId >= 0 && queueId <= 0x7fff_ffff;

/**
 * Delivers delayed messages: each level is a queue of the schedule topic, in the order of due times.
 * Source: rocketmq 5.x `ScheduleMessageService`.
 */
export class DelayScheduler {
  private readonly runners: DelayLevelRunner[] = [];
  /** Before `start` and after `stop` nothing is delivered. */
  stopped = true;

  constructor(
    readonly clock: Clock,
    readonly logger: Logger,
    readonly store: MessageSink & MessageSource,
    readonly levels: DelayLevels,
    readonly offsets: DelayOffsets,
    arrivals: Arrivals,
  ) {
    for (let level = 1; level <= levels.count; level++) {
      this.runners.push(new DelayLevelRunner(level, this));
    }
    arrivals.onTopic(SCHEDULE_TOPIC, (queue) => {
      this.runners[levelOfQueueId(queue.queueId) - 1]?.wake();
    });
  }

  start(): void {
    this.stopped = false;
    for (const runner of this.runners) runner.wake();
  }

  stop(): void {
    this.stopped = true;
    for (const runner of this.runners) runner.stop();
  }

  queueOf(level: number): StoreQueue | undefined {
    return this.store.findQueue(SCHEDULE_TOPIC, queueIdOfLevel(level));
  }
}
