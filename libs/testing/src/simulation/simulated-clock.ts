import type { Clock, ClockTask } from '@rocketmq-ts/kernel';

interface Scheduled {
  atMs: number;
  readonly order: number;
  readonly periodMs: number | undefined;
  readonly task: () => void;
  cancelled: boolean;
}

/** Cancelled timers that are looked at in vain before they are cleared away. */
const CANCELLED_MAX = 64;

/**
 * Time that stands still until it is moved. `advance` runs everything that falls due, in order of time, and lets promises
 * settle in between.
 */
export class SimulatedClock implements Clock {
  private elapsedMs = 0;
  private wallOffsetMs: number;
  private order = 0;
  private timers: Scheduled[] = [];
  private cancelledCount = 0;
  private endOfTick: { task: () => void; cancelled: boolean }[] = [];

  constructor(startMs = 1_700_000_000_000) {
    this.wallOffsetMs = startMs;
  }

  nowMs(): number {
    return Math.trunc(this.wallOffsetMs + this.elapsedMs);
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  /** Steps the wall clock, as an administrator or a time service does; timers do not notice. */
  stepWallClock(byMs: number): void {
    this.wallOffsetMs += byMs;
  }

  setTimer(delayMs: number, task: () => void): ClockTask {
    return this.schedule(delayMs, undefined, task);
  }

  setPeriodic(periodMs: number, task: () => void): ClockTask {
    return this.schedule(periodMs, periodMs, task);
  }

  private schedule(delayMs: number, periodMs: number | undefined, task: () => void): ClockTask {
    const scheduled: Scheduled = {
      atMs: this.elapsedMs + Math.max(0, delayMs),
      order: this.order++,
      periodMs,
      task,
      cancelled: false,
    };
    this.timers.push(scheduled);
    return {
      cancel: () => {
        if (!scheduled.cancelled) this.cancelledCount++;
        scheduled.cancelled = true;
      },
    };
  }

  afterTick(task: () => void): ClockTask {
    const waiting = { task, cancelled: false };
    this.endOfTick.push(waiting);
    return {
      cancel: () => {
        waiting.cancelled = true;
      },
    };
  }

  /** Forgets everything that was to run: the process is dead. */
  killTasks(): void {
    this.timers.length = 0;
    this.endOfTick = [];
  }

  /** Ends the present tick, and those that follow from it, without moving time. */
  async settle(): Promise<void> {
    do {
      await drainPromises();
      const tasks = this.endOfTick;
      this.endOfTick = [];
      for (const { task, cancelled } of tasks) if (!cancelled) task();
      await drainPromises();
    } while (this.endOfTick.length > 0);
  }

  /** Moves time on and runs what falls due on the way. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.elapsedMs + byMs;
    await this.settle();
    for (;;) {
      const next = this.takeNext(untilMs);
      if (next === undefined) break;
      this.elapsedMs = Math.max(this.elapsedMs, next.atMs);
      next.task();
      await this.settle();
    }
    this.elapsedMs = untilMs;
  }

  private takeNext(untilMs: number): Scheduled | undefined {
    if (this.cancelledCount > CANCELLED_MAX) {
      this.timers = this.timers.filter(({ cancelled }) => !cancelled);
      this.cancelledCount = 0;
    }
    let next: Scheduled | undefined;
    for (const timer of this.timers) {
      if (timer.cancelled || timer.atMs > untilMs) continue;
      if (
        next === undefined ||
        timer.atMs < next.atMs ||
        (timer.atMs === next.atMs && timer.order < next.order)
      )
        next = timer;
    }
    if (next === undefined) return undefined;
    const due = { ...next };
    if (next.periodMs === undefined) this.timers.splice(this.timers.indexOf(next), 1);
    else next.atMs += next.periodMs;
    return due;
  }
}

/** A turn of the real event loop: every promise that can settle has settled. */
const drainPromises = (): Promise<void> => new Promise((done) => setImmediate(done));
