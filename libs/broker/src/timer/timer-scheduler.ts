import { describeError } from '@rocketmq-ts/kernel';
import type { ClockTask } from '@rocketmq-ts/kernel';
import type { NewTimerUnit } from '@rocketmq-ts/storage';
import type { Arrivals } from '../arrivals.js';
import { TIMER_TOPIC } from '../topic/topic-name.js';
import { SlotDelivery } from './slot-delivery.js';
import { SlotRun } from './slot-run.js';
import { TimerIntake } from './timer-intake.js';
import type { TimerParts } from './timer-parts.js';

/** A slot's units are read this long before its first message can be due. */
const OPEN_AHEAD_MS = 500;
const OPEN_SLOTS_MAX = 64;
/** Waiting units of open slots above which no further slot is opened. */
const OPEN_UNITS_MAX = 200_000;
/** Messages that are due within this time go out together. */
const TURN_MS = 4;
/** The wall clock may jump: it is looked at this often at least. */
const SLEEP_MS_MAX = 1_000;
const STOP_POLL_MS = 10;
/** Slots behind the clock from which on slots are delivered strictly one after the other where messages roll. */
const BEHIND_SLOTS = 3;

/**
 * Delivers timed messages: notes what arrives in the timer topic, opens slots of the wheel when their time comes, and moves
 * the read time on behind slots that are delivered.
 *
 * Invariants:
 *  I1  `timers.readTimeMs` is the time of the first slot that is not delivered: a crash repeats at most the slots from there
 *      on, and loses nothing;
 *  I2  open slots are in the order of time, and every slot before `nextOpenMs` is open or delivered.
 *
 * Source: rocketmq 5.5.0 `TimerMessageStore`.
 */
export class TimerScheduler {
  private readonly intake: TimerIntake;
  private readonly delivery: SlotDelivery;
  private readonly runs: SlotRun[] = [];
  private nextOpenMs: number;
  private stopped = true;
  private rebuilding = false;
  /** What arrived before the start is noted: no recall can be behind the message that it is about. */
  private caughtUp = false;
  private pumpWanted = false;
  private timer: ClockTask | undefined;
  private flushTask: ClockTask | undefined;

  constructor(
    private readonly parts: TimerParts,
    arrivals: Arrivals,
  ) {
    this.intake = new TimerIntake(
      parts,
      (unit, late) => this.onNoted(unit, late),
      () => this.pumpSoon(),
    );
    this.delivery = new SlotDelivery(parts, () => this.pumpSoon());
    this.nextOpenMs = parts.timers.readTimeMs;
    arrivals.onTopic(TIMER_TOPIC, () => this.intake.wake());
  }

  start(): void {
    const { clock, settings, timers } = this.parts;
    this.stopped = false;
    this.flushTask = clock.setPeriodic(settings.flushIntervalMs, () => void timers.flush());
    this.intake.start();
    this.pump();
    void this.recount();
  }

  /** Messages of the timer topic that are not noted yet. */
  get enqueueBehindCount(): number {
    return this.intake.behindCount;
  }

  /**
   * Commit-log offset from which on the log is needed for messages that wait, or are not noted yet. @throws system error
   */
  async neededFromOffset(): Promise<number> {
    const { timers } = this.parts;
    const notedBelow = this.intake.notedBelowOffset;
    if (this.stopped || this.rebuilding || timers.rebuild !== undefined) return 0;
    return Math.min(notedBelow, await timers.oldestWaitingOffset());
  }

  /** How long ago the first slot that is not delivered was due. */
  get dequeueBehindMs(): number {
    const { timers, clock } = this.parts;
    return Math.max(0, clock.nowMs() - timers.readTimeMs - timers.precisionMs);
  }

  /**
   * Ends delivery: what is on its way is waited for, and what is left of slots that had begun goes on to a later slot, so
   * that a stop repeats nothing. The files are the caller's to close.
   */
  async stop(waitMs: number): Promise<void> {
    const { clock } = this.parts;
    this.stopped = true;
    this.intake.stop();
    this.timer?.cancel();
    this.flushTask?.cancel();
    const deadlineMs = clock.monotonicMs() + waitMs;
    while (this.delivery.busy && clock.monotonicMs() < deadlineMs)
      await new Promise<void>((resolve) => clock.setTimer(STOP_POLL_MS, resolve));
    // What the store did not take in time stays in its slot: it may come twice, it is not lost.
    if (!this.delivery.busy) this.moveRemains();
  }

  private moveRemains(): void {
    const { timers } = this.parts;
    let last = -1;
    this.runs.forEach(({ begun, loaded }, i) => {
      if (begun && loaded) last = i;
    });
    if (last < 0) return;
    if (this.runs.slice(0, last).some(({ loaded }) => !loaded)) return;
    const moved = this.runs.splice(0, last + 1);
    const slotTimeMs = this.runs[0]?.timeMs ?? this.nextOpenMs;
    for (const run of moved) {
      const units = run.waiting.slice(run.next);
      for (const { unit, dueMs } of units) timers.add({ ...unit, slotTimeMs, dueMs });
      for (const unit of run.recalls) timers.add({ ...unit, slotTimeMs });
    }
    for (const { timeMs } of moved) timers.finishSlot(timeMs);
    timers.readTimeMs = slotTimeMs;
  }

  private onNoted(unit: NewTimerUnit, late: boolean): void {
    const { slotTimeMs } = unit;
    if (slotTimeMs >= this.nextOpenMs) {
      // Too late for its own slot, and the first one open to it lies ahead: the clock was set back.
      if (late && this.runs.length === 0) {
        this.open(slotTimeMs);
        this.nextOpenMs = slotTimeMs + this.parts.timers.precisionMs;
      }
      this.pumpSoon();
      return;
    }
    let run = this.runs.find(({ timeMs }) => timeMs === slotTimeMs);
    if (run === undefined) {
      run = this.newRun(slotTimeMs);
      run.load([]);
      const at = this.runs.findIndex(({ timeMs }) => timeMs > slotTimeMs);
      this.runs.splice(at < 0 ? this.runs.length : at, 0, run);
    }
    if (!run.add({ ...unit, previousPosition: -1 })) this.parts.figures.repeated++;
    this.pumpSoon();
  }

  /** Soon is at the end of this turn: many messages cause one look. */
  private pumpSoon(): void {
    if (this.pumpWanted || this.stopped) return;
    this.pumpWanted = true;
    this.parts.clock.afterTick(() => {
      this.pumpWanted = false;
      this.pump();
    });
  }

  private pump(): void {
    const { clock, settings } = this.parts;
    if (this.stopped || this.rebuilding) return;
    this.timer?.cancel();
    let againMs = clock.nowMs() + SLEEP_MS_MAX;
    this.caughtUp ||= this.intake.idle || settings.stopEnqueue();
    if (this.caughtUp && !settings.stopDequeue()) {
      againMs = Math.min(againMs, this.openDue());
      againMs = Math.min(againMs, this.pumpRuns());
      this.finishSettled();
    }
    const delayMs = Math.max(againMs - clock.nowMs(), TURN_MS);
    this.timer = clock.setTimer(delayMs, () => this.pump());
  }

  /** @returns when to come again */
  private pumpRuns(): number {
    const { clock, timers } = this.parts;
    const first = this.runs[0];
    const behind =
      first !== undefined && first.timeMs < clock.nowMs() - BEHIND_SLOTS * timers.precisionMs;
    let againMs = Infinity;
    let rolling = behind && !this.rollsNoted;
    for (const run of this.runs) {
      if (rolling && run !== first) break;
      againMs = Math.min(againMs, this.delivery.pump(run) ?? Infinity);
      // After a stop longer than the window a message and its recall may both have to roll before they meet.
      rolling ||= behind && (!run.loaded || run.rollsLeft > 0);
    }
    return againMs;
  }

  /** Whether all that rolled is noted again. */
  private get rollsNoted(): boolean {
    return this.parts.timers.queueOffset >= this.delivery.rolledUpTo;
  }

  /** Opens slots whose time comes. @returns when the next one is to be opened */
  private openDue(): number {
    const { clock, timers } = this.parts;
    const nowMs = clock.nowMs();
    const horizonMs = nowMs + OPEN_AHEAD_MS + 1;
    const reachMs = Math.max(horizonMs, this.nextOpenMs) + SLEEP_MS_MAX;
    while (this.runs.length < OPEN_SLOTS_MAX && this.openUnits < OPEN_UNITS_MAX) {
      const timeMs = timers.wheel.nextUsed(this.nextOpenMs, reachMs);
      if (timeMs === undefined || timeMs >= horizonMs) {
        // A slot stays open to what may still come for it until its time is over.
        const currentMs = nowMs - (nowMs % timers.precisionMs);
        this.nextOpenMs = Math.max(this.nextOpenMs, Math.min(currentMs, timeMs ?? currentMs));
        return timeMs === undefined ? Infinity : timeMs - OPEN_AHEAD_MS;
      }
      this.open(timeMs);
      this.nextOpenMs = timeMs + timers.precisionMs;
    }
    return Infinity;
  }

  private get openUnits(): number {
    return this.runs.reduce((sum, { waitingCount }) => sum + waitingCount, 0);
  }

  private open(timeMs: number): void {
    const { timers, figures, logger } = this.parts;
    const run = this.newRun(timeMs);
    this.runs.push(run);
    timers.readSlot(timeMs).then(
      ({ units, whole }) => {
        if (this.stopped) return;
        if (whole) {
          figures.repeated += run.load(units);
          this.pumpSoon();
        } else this.rebuild(timeMs);
      },
      (error: unknown) => {
        logger.error('the timer log could not be read; it is tried again', {
          slotTimeMs: timeMs,
          reason: describeError(error),
        });
        this.parts.clock.setTimer(SLEEP_MS_MAX, () => this.openAgain(run));
      },
    );
  }

  /** What was noted meanwhile is in the log, too, and is read with the rest. */
  private openAgain(failed: SlotRun): void {
    const at = this.runs.indexOf(failed);
    if (at < 0 || this.stopped) return;
    this.open(failed.timeMs);
    this.runs.splice(at, 1, this.runs.pop()!);
  }

  private newRun(timeMs: number): SlotRun {
    const { timers } = this.parts;
    return new SlotRun(timeMs, timers.precisionMs, timers.plan.logEnd === 'LAST_VALID_UNIT');
  }

  /** Moves on behind slots that are delivered and over (I1). */
  private finishSettled(): void {
    const { timers, clock, figures } = this.parts;
    const nowMs = clock.nowMs();
    while (
      this.rollsNoted &&
      this.runs[0]?.settled &&
      this.runs[0].timeMs + timers.precisionMs <= nowMs
    ) {
      const run = this.runs.shift()!;
      timers.finishSlot(run.timeMs);
      for (const [topic, count] of run.unmetRecalls()) figures.addPending(topic, count);
      this.pumpSoon();
    }
    timers.readTimeMs = this.runs[0]?.timeMs ?? this.nextOpenMs;
  }

  /** The timer log is damaged: everything is noted again, from the messages themselves. */
  private rebuild(slotTimeMs: number): void {
    const { logger, timers, figures, clock } = this.parts;
    if (this.rebuilding) return;
    this.rebuilding = true;
    figures.rebuilds++;
    logger.error('the timer log is damaged; all timed messages are read again', { slotTimeMs });
    this.intake.stop();
    const whenIdle = (): void => {
      if (this.stopped) return;
      if (this.delivery.busy) {
        clock.setTimer(STOP_POLL_MS, whenIdle);
        return;
      }
      this.runs.length = 0;
      this.nextOpenMs = timers.readTimeMs;
      timers.reset().then(
        () => {
          this.rebuilding = false;
          this.caughtUp = false;
          if (this.stopped) return;
          this.intake.start();
          this.pump();
          void this.recount();
        },
        (error: unknown) => {
          logger.error('the timer could not be reset; it is tried again', {
            reason: describeError(error),
          });
          clock.setTimer(SLEEP_MS_MAX, whenIdle);
        },
      );
    };
    whenIdle();
  }

  /** Sets the counts by topic right: after a crash the saved ones are older than the rest. */
  private async recount(): Promise<void> {
    const { timers, figures, logger, topics } = this.parts;
    figures.beginRecount();
    try {
      const counted = await timers.countByTopic();
      if (counted) figures.recount(counted, topics());
    } catch (error) {
      logger.warn('waiting messages could not be counted by topic', {
        reason: describeError(error),
      });
    }
  }
}
