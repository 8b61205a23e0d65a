import type { Clock, ClockTask } from '@rocketmq-ts/kernel';

/** The clock as one process sees it: with the process dies what was to run, while time goes on for others. */
export class MortalClock implements Clock {
  private readonly tasks = new Set<ClockTask>();
  private dead = false;

  constructor(private readonly clock: Clock) {}

  nowMs(): number {
    return this.clock.nowMs();
  }

  monotonicMs(): number {
    return this.clock.monotonicMs();
  }

  setTimer(delayMs: number, task: () => void): ClockTask {
    return this.once((run) => this.clock.setTimer(delayMs, run), task);
  }

  setPeriodic(periodMs: number, task: () => void): ClockTask {
    return this.dead ? NO_TASK : this.owned(this.clock.setPeriodic(periodMs, task));
  }

  afterTick(task: () => void): void {
    this.clock.afterTick(() => {
      if (!this.dead) task();
    });
  }

  /** Nothing of this process runs any more. */
  die(): void {
    this.dead = true;
    for (const task of this.tasks) task.cancel();
    this.tasks.clear();
  }

  private once(schedule: (run: () => void) => ClockTask, task: () => void): ClockTask {
    if (this.dead) return NO_TASK;
    const scheduled: ClockTask = this.owned(
      schedule(() => {
        this.tasks.delete(scheduled);
        task();
      }),
    );
    return scheduled;
  }

  private owned(task: ClockTask): ClockTask {
    const owned = {
      cancel: (): void => {
        this.tasks.delete(owned);
        task.cancel();
      },
    };
    this.tasks.add(owned);
    return owned;
  }
}

const NO_TASK: ClockTask = { cancel: () => undefined };
