import { describeError } from '@rocketmq-ts/kernel';
import type { ClockTask } from '@rocketmq-ts/kernel';
import { decodeRecord } from '@rocketmq-ts/protocol';
import { TimerMagic } from '@rocketmq-ts/storage';
import type { NewTimerUnit, ReadResult, StoreQueue } from '@rocketmq-ts/storage';
import { TIMER_TOPIC } from '../topic/topic-name.js';
import { TimedRecord } from './timed-record.js';
import { dueWithin, rollSlotMs } from './timer-rules.js';
import { logDropped } from './timer-parts.js';
import type { TimerParts } from './timer-parts.js';

const BATCH_COUNT_MAX = 32;
const BATCH_BYTES_MAX = 1024 * 1024;
/** Records up to this size in all are joined in a buffer that is kept. */
const JOINED_BYTES_KEPT = 64 * 1024;
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
 * One for all messages: V8 sees objects that are made here outlive a short collection now and then, and makes them all in the
 * old space from there on, which then holds hundreds of bytes for each waiting message until a full collection.
 */
class UnitToNote implements NewTimerUnit {
  magic = 0;
  writeTimeMs = 0;
  slotTimeMs = 0;
  commitLogOffset = 0;
  recordBytes = 0;
  topicHash = 0;
  dueMs = 0;
}

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
  private readonly record = new TimedRecord();
  private readonly unit = new UnitToNote();
  private joinBuffer: Buffer | undefined;
  private readonly wakeAgain = (): void => this.wake();

  constructor(
    private readonly parts: TimerParts,
    /** Called for each unit that was noted; the unit is valid during the call. */
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
    const { timers, clock } = this.parts;
    let taken = 0;
    try {
      if (!this.stopped && result.messageCount > 0) taken = this.takeAll(this.joined(result));
    } finally {
      result.release();
    }
    this.busy = false;
    if (this.stopped) return;
    if (taken === 0 && result.nextQueueOffset === queueOffset) {
      this.wakeLater(TROUBLE_PAUSE_MS);
      return;
    }
    // Also past records that are gone or damaged.
    timers.queueOffset = Math.max(timers.queueOffset, result.nextQueueOffset, queueOffset);
    clock.afterTick(this.wakeAgain);
  }

  /** The records in one piece. What is copied goes into a buffer that is kept: a new one each time would soon be many. */
  private joined({ pieces }: ReadResult): Buffer {
    if (pieces.length === 1) return pieces[0]!;
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (bytes > JOINED_BYTES_KEPT) return Buffer.concat(pieces);
    this.joinBuffer ??= Buffer.allocUnsafeSlow(JOINED_BYTES_KEPT);
    let at = 0;
    for (const piece of pieces) at += piece.copy(this.joinBuffer, at);
    return this.joinBuffer.subarray(0, bytes);
  }

  /** Takes the records in front of the first that is damaged. @returns how many */
  private takeAll(bytes: Buffer): number {
    const { record } = this;
    const { timers, logger } = this.parts;
    let count = 0;
    for (let at = 0; at < bytes.length; at += record.sizeBytes) {
      try {
        record.read(bytes, at);
      } catch (error) {
        const { queueOffset } = timers;
        const reason = describeError(error);
        logger.error('timed messages could not be read', { queueOffset, reason });
        break;
      }
      this.take(bytes, at);
      count++;
    }
    return count;
  }

  private take(bytes: Buffer, position: number): void {
    const { timers, figures, logger } = this.parts;
    const { record } = this;
    if (!record.isTimed) {
      figures.dropped++;
      const reason = 'it does not say when and where it is to be delivered';
      logDropped(logger, decodeRecord(bytes, position), reason);
    } else if (!this.isOut(record)) this.note(record);
    timers.queueOffset = record.queueOffset + 1;
    this.notedOffset = record.commitLogOffset;
  }

  /** While everything is noted again: whether this one was delivered. */
  private isOut({ queueOffset, storeTimestampMs, outMs }: TimedRecord): boolean {
    const { rebuild } = this.parts.timers;
    if (rebuild === undefined || queueOffset >= rebuild.notedBelowQueueOffset) return false;
    return Math.max(outMs, storeTimestampMs) + REBUILD_MARGIN_MS < rebuild.deliveredBeforeMs;
  }

  private note(record: TimedRecord): void {
    const { timers, figures, clock, settings } = this.parts;
    const { precisionMs } = timers;
    const nowMs = clock.nowMs();
    const writeTimeMs = nowMs - (nowMs % precisionMs);
    const outMs = record.outMs - (record.outMs % precisionMs);
    const rollMs = rollSlotMs(outMs, writeTimeMs, settings.rollWindowSlots, precisionMs);
    const wanted = rollMs ?? outMs;
    const { unit } = this;
    unit.magic =
      TimerMagic.DEFAULT |
      (rollMs === undefined ? 0 : TimerMagic.ROLL) |
      (record.recalls ? TimerMagic.DELETE : 0);
    unit.writeTimeMs = writeTimeMs;
    // What comes too late for its slot goes out with the first that is still open.
    unit.slotTimeMs = Math.max(wanted, timers.readTimeMs);
    unit.commitLogOffset = record.commitLogOffset;
    unit.recordBytes = record.sizeBytes;
    unit.topicHash = record.topicHash;
    unit.dueMs = rollMs ?? dueWithin(record.wishedMs, outMs, precisionMs);
    timers.add(unit);
    figures.enqueued++;
    figures.addPending(record.realTopic, record.recalls ? -1 : 1);
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
