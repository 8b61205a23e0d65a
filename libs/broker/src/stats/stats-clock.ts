import type { Clock, ClockTask } from '@rocketmq-ts/kernel';
import type { BrokerStats } from './broker-stats.js';
import { WINDOWS } from './meter.js';
import type { WindowName } from './meter.js';
import type { MessageLookup } from '../store-access.js';
import { SAMPLE_INTERVAL_MS } from './rate-window.js';

const SAMPLES_PER_MINUTE = 60_000 / SAMPLE_INTERVAL_MS;
/** How many samples a snapshot of each window is apart. Source: rocketmq 5.5.0 `StatsItemSet#init`. */
const SAMPLES_PER_SNAPSHOT = (Object.keys(WINDOWS) as WindowName[]).map(
  (name) => [name, WINDOWS[name].intervalMs / SAMPLE_INTERVAL_MS] as const,
);

/** Takes the samples that rates and daily figures are made of. */
export class StatsClock {
  private task: ClockTask | undefined;
  private sampleCount = 0;
  private day: number;

  constructor(
    private readonly clock: Clock,
    private readonly stats: BrokerStats,
    private readonly store: Pick<MessageLookup, 'earliestStoreTime'>,
  ) {
    this.day = this.dayNow();
  }

  start(): void {
    this.task ??= this.clock.setPeriodic(SAMPLE_INTERVAL_MS, () => this.turn());
  }

  stop(): void {
    this.task?.cancel();
    this.task = undefined;
  }

  private turn(): void {
    this.stats.sample();
    this.store.earliestStoreTime().then(
      (timestampMs) => (this.stats.oldestMessageTimestampMs = timestampMs),
      // The figure stays as it was; whoever reads the store for a purpose hears of the fault.
      () => undefined,
    );
    this.sampleCount++;
    for (const [name, samples] of SAMPLES_PER_SNAPSHOT) {
      if (this.sampleCount % samples === 0) this.stats.snapshot(name);
    }
    if (this.sampleCount % SAMPLES_PER_MINUTE === 0) this.stats.sendTimes.closeMinute();
    const day = this.dayNow();
    if (day === this.day) return;
    this.day = day;
    this.stats.closeDay();
  }

  /** Day of the month, local time: a change of it is midnight. */
  private dayNow(): number {
    // eslint-disable-next-line no-restricted-globals -- takes a time apart, does not read the clock
    return new Date(this.clock.nowMs()).getDate();
  }
}
