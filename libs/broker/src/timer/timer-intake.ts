import { describeError, javaHashCode } from '@rocketmq-ts/kernel';
import type { ClockTask } from '@rocketmq-ts/kernel';
import { decodeRecords } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import { TimerMagic } from '@rocketmq-ts/storage';
import type { NewTimerUnit, ReadResult, StoreQueue } from '@rocketmq-ts/storage';
import { TIMER_TOPIC } from '../topic/topic-name.js';
import { timedMessageOf } from './timed-message.js';
import type { TimedMessage } from './timed-message.js';
import { dueTimeMs, rollSlotMs } from './timer-rules.js';
import { logDropped } from './timer-parts.js';
import type { TimerParts } from './timer-parts.js';

const BATCH_COUNT_MAX = 32;
const BATCH_BYTES_MAX = 1024 * 1024;
/** Pause after something did not work. */
const TROUBLE_PAUSE_MS = 1_000;
/** Units that could not be written are kept up to this size; then no more are taken. */
const UNWRITTEN_BYTES_MAX = 8 * 1024 * 1024;
/**
 * What was to come this long before the point up to which everything is delivered is out. A message can be noted late, and
 * then comes later than its slot; this is more than that ever takes.
 */
const REBUILD_MARGIN_MS = 60_000;

/**
 * Reads the timer topic and notes each message in the timer log.
 *
 * Invariants:
 *  I1  `timers.queueOffset` moves past a message in the turn in which it is noted, or found not to need it;
 *  I2  at most one read is under way; without messages there is no work.
 *
 * Source: rocketmq 5.5.0 `TimerMessageStore#enqueue`, `#doEnqueue`.
 */
export class TimerIntake {
  private busy = false;
  private stopped = true;
  private retry: ClockTask | undefined;
  /** Of the message noted last since the start; −1 before. */
  private notedOffset = -1;

  constructor(
    private readonly parts: TimerParts,
    /** Called for each unit that was noted. */
    private readonly onNoted: (unit: NewTimerUnit, late: boolean) => void,
    /** Called when everything is noted. */
    private readonly onIdle: () => void,
  ) {}

  start(): void {
    this.stopped = false;
    this.notedOffset = -1;
    this.clampPosition();
    this.wake();
  }

  stop(): void {
    this.stopped = true;
    this.retry?.cancel();
  }

  /** Messages of the timer topic that are not noted yet. */
  get behindCount(): number {
    const queue = this.queue();
    return queue ? Math.max(0, queue.maxOffset - this.parts.timers.queueOffset) : 0;
  }

  /** Commit-log offset up to which all messages of the topic are noted; Infinity where none is left. */
  get notedBelowOffset(): number {
    return this.idle ? Infinity : this.notedOffset + 1;
  }

  /** Whether everything stored so far is noted. */
  get idle(): boolean {
    return !this.busy && this.behindCount === 0;
  }

  wake(): void {
    if (this.busy || this.stopped) return;
    const { timers, store, settings } = this.parts;
    const queue = this.queue();
    if (timers.queueOffset >= (queue?.maxOffset ?? 0)) {
      this.endRebuild();
      this.onIdle();
      return;
    }
    if (settings.stopEnqueue() || timers.log.unwrittenBytes > UNWRITTEN_BYTES_MAX) {
      this.wakeLater(TROUBLE_PAUSE_MS);
      return;
    }
    this.busy = true;
    const queueOffset = timers.queueOffset;
    const limits = { maxCount: BATCH_COUNT_MAX, maxBytes: BATCH_BYTES_MAX };
    store.read({ queue, queueOffset, ...limits }, (result) => this.onRead(result, queueOffset));
  }

  private onRead(result: ReadResult, queueOffset: number): void {
    const { timers, logger, clock } = this.parts;
    let records: MessageRecord[] = [];
    try {
      if (result.messageCount > 0) records = decodeRecords(Buffer.concat(result.pieces));
    } catch (error) {
      logger.error('timed messages could not be read', {
        queueOffset,
        reason: describeError(error),
      });
    } finally {
      result.release();
    }
    this.busy = false;
    if (this.stopped) return;
    for (const record of records) this.take(record);
    if (records.length === 0 && result.nextQueueOffset === queueOffset) {
      this.wakeLater(TROUBLE_PAUSE_MS);
      return;
    }
    // Also past records that are gone or damaged.
    timers.queueOffset = Math.max(timers.queueOffset, result.nextQueueOffset, queueOffset);
    clock.afterTick(() => this.wake());
  }

  private take(record: MessageRecord): void {
    const { timers, figures, logger } = this.parts;
    const message = timedMessageOf(record);
    if (message === undefined) {
      figures.dropped++;
      logDropped(logger, record, 'it does not say when and where it is to be delivered');
    } else if (!this.isOut(record, message)) this.note(record, message);
    timers.queueOffset = record.queueOffset + 1;
    this.notedOffset = record.commitLogOffset;
  }

  /** While everything is noted again: whether this one was delivered. */
  private isOut(
    { queueOffset, storeTimestampMs }: MessageRecord,
    { outMs }: TimedMessage,
  ): boolean {
    const { rebuild } = this.parts.timers;
    if (rebuild === undefined || queueOffset >= rebuild.notedBelowQueueOffset) return false;
    return Math.max(outMs, storeTimestampMs) + REBUILD_MARGIN_MS < rebuild.deliveredBeforeMs;
  }

  private note(record: MessageRecord, message: TimedMessage): void {
    const { timers, figures, clock, settings } = this.parts;
    const { precisionMs } = timers;
    const nowMs = clock.nowMs();
    const writeTimeMs = nowMs - (nowMs % precisionMs);
    const outMs = message.outMs - (message.outMs % precisionMs);
    const window = { slots: settings.rollWindowSlots, precisionMs };
    const rollMs = rollSlotMs(outMs, writeTimeMs, window);
    const recall = message.deleteKey !== undefined;
    const magic =
      TimerMagic.DEFAULT |
      (rollMs === undefined ? 0 : TimerMagic.ROLL) |
      (recall ? TimerMagic.DELETE : 0);
    const wanted = rollMs ?? outMs;
    const unit: NewTimerUnit = {
      magic,
      writeTimeMs,
      // What comes too late for its slot goes out with the first that is still open.
      slotTimeMs: Math.max(wanted, timers.readTimeMs),
      commitLogOffset: record.commitLogOffset,
      recordBytes: record.sizeBytes,
      topicHash: javaHashCode(message.realTopic),
      dueMs: rollMs ?? dueTimeMs(message.wish, outMs, record.storeTimestampMs, precisionMs),
    };
    timers.add(unit);
    figures.enqueued++;
    figures.addPending(message.realTopic, recall ? -1 : 1);
    this.onNoted(unit, wanted < timers.readTimeMs);
  }

  /** After a crash the queue may be shorter than it was; it cannot be shorter than what the checkpoint vouches for. */
  private clampPosition(): void {
    const { timers, logger } = this.parts;
    const queue = this.queue();
    const [min, max] = [queue?.minOffset ?? 0, queue?.maxOffset ?? 0];
    const { queueOffset } = timers;
    const clamped = Math.min(Math.max(queueOffset, min), max);
    if (clamped === queueOffset) return;
    if (queueOffset > max || queueOffset > 0)
      logger.warn('the timer topic does not reach where the timer stands', {
        queueOffset,
        minOffset: min,
        maxOffset: max,
      });
    timers.queueOffset = clamped;
  }

  private endRebuild(): void {
    const { timers, logger } = this.parts;
    if (timers.rebuild === undefined) return;
    timers.finishRebuild();
    logger.info('all timed messages are noted again', { pendingCount: timers.wheel.pendingCount });
  }

  private queue(): StoreQueue | undefined {
    return this.parts.store.findQueue(TIMER_TOPIC, 0);
  }

  private wakeLater(delayMs: number): void {
    this.retry?.cancel();
    this.retry = this.parts.clock.setTimer(delayMs, () => this.wake());
  }
}
