import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import type { TimerStore } from '@rocketmq-ts/storage';
import { SAMPLE_INTERVAL_MS } from '../stats/rate-window.js';
import type { TimerFigures } from './timer-figures.js';
import type { TimerScheduler } from './timer-scheduler.js';

/** Time that messages under way get when the broker stops, and that the log then gets to be synced. */
const STOP_WAIT_MS = 1_000;
const CLOSE_WAIT_MS = 2_500;
/** How long a stop may take in all. */
export const TIMER_STOP_MS = STOP_WAIT_MS + CLOSE_WAIT_MS + 1_000;

/** What runs where timed messages are turned on. */
export interface RunningTimer {
  readonly timers: TimerStore;
  readonly scheduler: TimerScheduler;
}

/** What a timer service is made of. */
export interface TimerServiceParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly figures: TimerFigures;
  /** Saves the counts. */
  readonly saveFigures: () => Promise<void>;
  readonly saveIntervalMs: number;
  /** Undefined where timed messages are turned off. */
  readonly running: RunningTimer | undefined;
}

/** Starts and stops the timer of a broker, and tells how it is. */
export class TimerService {
  private saving: { cancel(): void } | undefined;
  private sampling: { cancel(): void } | undefined;

  constructor(private readonly parts: TimerServiceParts) {}

  get figures(): TimerFigures {
    return this.parts.figures;
  }

  get running(): RunningTimer | undefined {
    return this.parts.running;
  }

  start(): void {
    const { running, clock, saveIntervalMs } = this.parts;
    if (!running) return;
    running.scheduler.start();
    this.saving = clock.setPeriodic(saveIntervalMs, () => void this.save());
    this.sampling = clock.setPeriodic(SAMPLE_INTERVAL_MS, () => this.figures.sample());
  }

  async stop(): Promise<void> {
    const { running } = this.parts;
    if (!running) return;
    this.saving?.cancel();
    this.sampling?.cancel();
    await running.scheduler.stop(STOP_WAIT_MS);
    await this.save();
    await running.timers.close(CLOSE_WAIT_MS);
  }

  /** The counts only inform: what cannot be saved is counted anew at the next start. */
  private async save(): Promise<void> {
    const { figures, saveFigures, logger } = this.parts;
    if (!figures.takeChanged()) return;
    try {
      await saveFigures();
    } catch (error) {
      figures.markChanged();
      logger.warn('the counts of timed messages could not be saved', {
        reason: describeError(error),
      });
    }
  }
}
