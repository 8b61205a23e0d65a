import { describeError } from '@rocketmq-ts/kernel';
import { decodeRecord } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import { StorageError, TimerMagic } from '@rocketmq-ts/storage';
import type { StoreQueue, TimerUnit } from '@rocketmq-ts/storage';
import { TIMER_TOPIC } from '../topic/topic-name.js';
import { RecentRecalls } from './recent-recalls.js';
import type { RunUnit, SlotRun } from './slot-run.js';
import {
  deliveredProperties,
  recallKeysOf,
  rolledProperties,
  timedMessageOf,
} from './timed-message.js';
import type { TimedMessage } from './timed-message.js';
import { TimerDelivery } from './timer-delivery.js';
import { dueTimeMs } from './timer-rules.js';
import { logDropped } from './timer-parts.js';
import type { TimerParts } from './timer-parts.js';

/** Records are read this long before they are due. */
export const READ_AHEAD_MS = 250;
const READS_MAX = 64;
/** Records in memory and messages under way at most. */
const HELD_BYTES_MAX = 8 * 1024 * 1024;
const UNDER_WAY_MAX = 4_096;
const RETRY_PAUSE_MS = 1_000;

/**
 * Takes messages of open slots to their topics.
 *
 * Invariants:
 *  I1  nothing is handed to the store before its time by the broker's clock;
 *  I2  a message that the store did not take is tried again by itself, until it is taken: others neither wait nor repeat.
 */
export class SlotDelivery {
  private readonly recentRecalls: RecentRecalls;
  /** Behind the last message of the timer topic that is there because it rolled. */
  rolledUpTo = 0;
  private reads = 0;
  private heldBytes = 0;
  private underWay = 0;

  constructor(
    private readonly parts: TimerParts,
    /** Something became possible that was not. */
    private readonly onProgress: () => void,
  ) {
    this.recentRecalls = new RecentRecalls(parts.clock);
  }

  get busy(): boolean {
    return this.underWay > 0;
  }

  /** Reads ahead, and hands out what is due. @returns when to come again, undefined: on progress */
  pump(run: SlotRun): number | undefined {
    if (!run.loaded || run.openRecalls > 0) return undefined;
    this.readRecalls(run);
    if (run.openRecalls > 0) return undefined;
    const nowMs = this.parts.clock.nowMs();
    this.readAhead(run, nowMs);
    while (this.underWay < UNDER_WAY_MAX) {
      const next = run.waiting[run.next];
      if (next === undefined || next.dueMs > nowMs || next.record === undefined) break;
      run.next++;
      this.handOut(run, next, nowMs);
    }
    run.compact();
    return this.nextTurnMs(run, nowMs);
  }

  private nextTurnMs(run: SlotRun, nowMs: number): number | undefined {
    const dueMs = run.firstDueMs;
    const unread = run.waiting[run.nextToRead];
    const readMs = unread === undefined ? Infinity : unread.dueMs - READ_AHEAD_MS;
    const times = [dueMs ?? Infinity, readMs].filter((timeMs) => timeMs > nowMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  private readRecalls(run: SlotRun): void {
    for (; run.nextRecall < run.recalls.length; run.nextRecall++) {
      const unit = run.recalls[run.nextRecall]!;
      run.openRecalls++;
      const read = (): void => {
        this.parts.store.readRecord(unit.commitLogOffset, unit.recordBytes, (bytes, error) => {
          if (error) {
            this.logUnread(unit, error);
            this.later(read);
            return;
          }
          const message = bytes && this.messageOf(unit, bytes)?.message;
          if (message?.deleteKey !== undefined) {
            run.addRecall(message.deleteKey, message.realTopic);
            this.recentRecalls.add(message.deleteKey);
          }
          run.openRecalls--;
          this.onProgress();
        });
      };
      read();
    }
  }

  private logUnread({ commitLogOffset }: TimerUnit, error: Error): void {
    this.parts.logger.error('a timed message could not be read; it is tried again', {
      commitLogOffset,
      reason: describeError(error),
    });
  }

  private readAhead(run: SlotRun, nowMs: number): void {
    while (run.nextToRead < run.waiting.length) {
      const unit = run.waiting[run.nextToRead]!;
      if (unit.dueMs > nowMs + READ_AHEAD_MS) return;
      if (!unit.reading && !this.read(unit)) return;
      run.nextToRead++;
    }
  }

  /** @returns false where there is no room for it now */
  private read(waiting: RunUnit): boolean {
    const { commitLogOffset, recordBytes } = waiting.unit;
    if (this.reads >= READS_MAX) return false;
    if (this.heldBytes > 0 && this.heldBytes + recordBytes > HELD_BYTES_MAX) return false;
    this.reads++;
    this.heldBytes += recordBytes;
    waiting.reading = true;
    this.parts.store.readRecord(commitLogOffset, recordBytes, (bytes, error) => {
      this.reads--;
      if (error) {
        // Not gone: the disk does not answer.
        this.heldBytes -= recordBytes;
        this.logUnread(waiting.unit, error);
        const again = (): void => {
          if (!this.read(waiting)) this.later(again);
        };
        this.later(again);
        return;
      }
      waiting.record = bytes ?? 'GONE';
      this.onProgress();
    });
    return true;
  }

  private handOut(run: SlotRun, waiting: RunUnit, nowMs: number): void {
    const { figures } = this.parts;
    const { unit } = waiting;
    const bytes = waiting.record;
    waiting.record = undefined;
    run.begun = true;
    const found = bytes === 'GONE' || bytes === undefined ? undefined : this.messageOf(unit, bytes);
    if (found === undefined) {
      figures.missing++;
      if ((unit.magic & TimerMagic.ROLL) !== 0) run.rollsLeft--;
      this.heldBytes -= unit.recordBytes;
      this.parts.logger.error('a timed message is not in the log any more', {
        commitLogOffset: unit.commitLogOffset,
      });
      return;
    }
    const { record, message } = found;
    if ((unit.magic & TimerMagic.ROLL) !== 0) {
      this.roll(run, waiting, record, message, nowMs);
    } else if (this.isRecalled(run, record, message)) {
      figures.recalled++;
      this.heldBytes -= unit.recordBytes;
    } else this.deliver(run, waiting, record, message, nowMs);
  }

  /** The first one that a recall meets was taken off the counts when the recall was noted. */
  private isRecalled(run: SlotRun, record: MessageRecord, { realTopic }: TimedMessage): boolean {
    const keys = recallKeysOf(record);
    const met = run.meets(keys);
    if (met === 'FIRST') return true;
    if (met === 'NO' && !this.recentRecalls.has(keys)) return false;
    this.parts.figures.addPending(realTopic, -1);
    return true;
  }

  private deliver(
    run: SlotRun,
    waiting: RunUnit,
    record: MessageRecord,
    message: TimedMessage,
    nowMs: number,
  ): void {
    const { store, figures, clock } = this.parts;
    const queue = store.queue(message.realTopic, message.realQueueId);
    const properties = deliveredProperties(record, waiting.unit.writeTimeMs, nowMs);
    this.append(run, waiting, record, { queue, properties }, () => {
      figures.countDelivery(clock.nowMs() - waiting.dueMs);
      figures.addPending(message.realTopic, -1);
    });
  }

  private roll(
    run: SlotRun,
    waiting: RunUnit,
    record: MessageRecord,
    message: TimedMessage,
    nowMs: number,
  ): void {
    const { store, figures, timers } = this.parts;
    const { precisionMs } = timers;
    const outMs = message.outMs - (message.outMs % precisionMs);
    const dueMs = dueTimeMs(message.wish, outMs, record.storeTimestampMs, precisionMs);
    const queue = store.queue(TIMER_TOPIC, 0);
    const properties = rolledProperties(record, waiting.unit.writeTimeMs, nowMs, dueMs);
    const recall = (waiting.unit.magic & TimerMagic.DELETE) !== 0;
    this.append(run, waiting, record, { queue, properties }, (queueOffset) => {
      run.rollsLeft--;
      this.rolledUpTo = Math.max(this.rolledUpTo, queueOffset + 1);
      figures.rolled++;
      figures.addPending(message.realTopic, recall ? 1 : -1);
    });
  }

  private append(
    run: SlotRun,
    waiting: RunUnit,
    record: MessageRecord,
    to: { readonly queue: StoreQueue; readonly properties: Buffer },
    onStored: (queueOffset: number) => void,
  ): void {
    const { store, figures, logger, clock } = this.parts;
    const { recordBytes } = waiting.unit;
    const settle = (stored: boolean, queueOffset: number): void => {
      if (!stored) {
        this.later(attempt);
        return;
      }
      onStored(queueOffset);
      this.leave(run, recordBytes);
    };
    const attempt = (): void => {
      const refusal = store.writeRefusal();
      if (refusal !== undefined && refusal.reason !== 'BUSY') {
        this.later(attempt);
        return;
      }
      try {
        store.append(new TimerDelivery(to.queue, record, to.properties, settle));
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        // Never to be stored, whatever the disk does: it has grown over a limit of the record format.
        figures.dropped++;
        if ((waiting.unit.magic & TimerMagic.ROLL) !== 0) run.rollsLeft--;
        logDropped(logger, record, describeError(error));
        clock.afterTick(() => this.leave(run, recordBytes));
      }
    };
    run.underWay++;
    this.underWay++;
    attempt();
  }

  private leave(run: SlotRun, recordBytes: number): void {
    run.underWay--;
    this.underWay--;
    this.heldBytes -= recordBytes;
    this.onProgress();
  }

  private later(task: () => void): void {
    this.parts.clock.setTimer(RETRY_PAUSE_MS, task);
  }

  /** The record that a unit points to; undefined where it is another one. */
  private messageOf(
    unit: TimerUnit,
    bytes: Buffer,
  ): { record: MessageRecord; message: TimedMessage } | undefined {
    const record = decodeRecord(bytes, 0);
    if (record.topic !== TIMER_TOPIC || record.commitLogOffset !== unit.commitLogOffset)
      return undefined;
    const message = timedMessageOf(record);
    return message && { record, message };
  }
}
