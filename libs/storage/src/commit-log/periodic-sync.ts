import type { Clock, ClockTask } from '@rocketmq-ts/kernel';
import type { LogSync } from './log-sync.js';

/**
 * ASYNC_FLUSH: what is written is synced at the latest `intervalMs` after that; nobody waits for it. There is no page
 * threshold: a single small message is synced as soon as a flood would be.
 */
export class PeriodicSync {
  private readonly timer: ClockTask;
  private due = false;

  constructor(
    clock: Clock,
    intervalMs: number,
    private readonly sync: LogSync,
  ) {
    this.timer = clock.setPeriodic(intervalMs, () => this.flush());
    sync.onFlushed(() => {
      if (!this.due) return;
      this.due = false;
      sync.start();
    });
  }

  stop(): void {
    this.timer.cancel();
  }

  private flush(): void {
    // A sync that outlasts the interval is followed by the next one at once.
    if (this.sync.underWay) this.due = true;
    else this.sync.start();
  }
}
