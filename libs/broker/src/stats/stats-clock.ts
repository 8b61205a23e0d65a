import type { Clock, ClockTask } from '@rocketmq-ts/kernel';
import { FairTurns } from '../fair-turns.js';
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
    void this.takeSnapshots(this.clock.nowMs());
    if (this.sampleCount % SAMPLES_PER_MINUTE === 0) this.stats.sendTimes.closeMinute();
    const day = this.dayNow();
    if (day === this.day) return;
    this.day = day;
    this.stats.closeDay();
  }

  /** In turns: a broker may count ten thousands of things. */
  private async takeSnapshots(nowMs: number): Promise<void> {
    const { sampleCount } = this;
    const due = SAMPLES_PER_SNAPSHOT.filter(([, samples]) => sampleCount % samples === 0);
    const turns = new FairTurns(this.clock);
    for (const meter of this.stats.meters()) {
      for (const [name] of due) meter.snapshot(name, nowMs);
      if (turns.due) await turns.pause();
    }
  }

  /** Day of the month, local time: a change of it is midnight. */
  private dayNow(): number {
    // eslint-disable-next-line no-restricted-globals -- takes a time apart, does not read the clock
    return new Date(this.clock.nowMs()).getDate();
  }
}
