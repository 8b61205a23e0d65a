import { performance } from 'node:perf_hooks';
import type { Clock, ClockTask } from '@rocketmq-ts/kernel';

/** Rounds in which tasks that end-of-turn tasks leave behind still run in the same turn. */
const SAME_TURN_ROUNDS_MAX = 8;

/**
 * The clock of this machine.
 *
 * Invariants:
 *  I1  one `setImmediate` at most is under way: it ends the turn for the cached time and for all `afterTick` tasks;
 *  I2  a failing `afterTick` task does not keep the others from running;
 *  I3  tasks that `afterTick` tasks add run in the same turn, up to a bound, so that what the end of a turn
 *      produces (a stored batch, its answers) leaves without another pass of the event loop.
 */
export class NodeClock implements Clock {
  private cachedMs = 0;
  private turnEndArmed = false;
  private tasks: (() => void)[] = [];
  private spareTasks: (() => void)[] = [];
  private readonly endTurn = (): void => this.onTurnEnd();

  nowMs(): number {
    if (this.cachedMs === 0) {
      this.cachedMs = Date.now();
      this.armTurnEnd();
    }
    return this.cachedMs;
  }

  monotonicMs(): number {
    return performance.now();
  }

  setTimer(delayMs: number, task: () => void): ClockTask {
    const timer = setTimeout(task, delayMs).unref();
    return { cancel: () => clearTimeout(timer) };
  }

  setPeriodic(periodMs: number, task: () => void): ClockTask {
    const timer = setInterval(task, periodMs).unref();
    return { cancel: () => clearInterval(timer) };
  }

  afterTick(task: () => void): void {
    this.tasks.push(task);
    this.armTurnEnd();
  }

  private armTurnEnd(): void {
    if (this.turnEndArmed) return;
    this.turnEndArmed = true;
    setImmediate(this.endTurn);
  }

  private onTurnEnd(): void {
    for (let round = 0; round < SAME_TURN_ROUNDS_MAX && this.tasks.length > 0; round++) {
      this.runTasks();
    }
    this.cachedMs = 0;
    this.turnEndArmed = false;
    if (this.tasks.length > 0) this.armTurnEnd();
  }

  private runTasks(): void {
    const running = this.tasks;
    this.tasks = this.spareTasks;
    for (let i = 0; i < running.length; i++) {
      try {
        running[i]!();
      } catch (error) {
        // Thrown where nobody can catch it by accident, as from any other event; the rest still runs (I2).
        process.nextTick(() => {
          throw error;
        });
      }
    }
    running.length = 0;
    this.spareTasks = running;
  }
}
