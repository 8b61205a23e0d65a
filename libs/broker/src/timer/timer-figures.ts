import { javaHashCode } from '@rocketmq-ts/kernel';
import type { Clock } from '@rocketmq-ts/kernel';
import type { DataVersion, TimerMetricsWrapper } from '@rocketmq-ts/protocol';
import { ChangingTable } from '../metadata/changing-table.js';
import { initialVersion, nextVersion } from '../metadata/data-version.js';
import { RateWindow } from '../stats/rate-window.js';

/** Upper ends of the classes of lateness, ms. */
export const LATENESS_BUCKETS_MS = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 60_000] as const;

/** Upper ends of the classes of waiting time, seconds. Source: rocketmq 5.5.0 `TimerMetrics#timerDist`. */
export const TIMER_DISTANCES_SEC = [5, 60, 300, 900, 3_600, 14_400, 28_800, 86_400] as const;

/** How much waits, by topic, and what became of what waited. */
export class TimerFigures extends ChangingTable {
  /** Messages taken from the timer topic into the timer log. */
  enqueued = 0;
  /** Messages that reached their topic. */
  delivered = 0;
  recalled = 0;
  rolled = 0;
  /** Noted messages whose record is gone or is another one: deleted with its file, or lost in a power cut. */
  missing = 0;
  /** Messages that can never be delivered: they do not say where to, or are too large by now. */
  dropped = 0;
  /** Messages of the timer topic that were noted twice and delivered once. */
  repeated = 0;
  /** How often all timed messages were read again because files were damaged. */
  rebuilds = 0;
  latenessSumMs = 0;
  readonly enqueueRate = new RateWindow();
  readonly deliveryRate = new RateWindow();
  /** Count of deliveries per class of lateness; the last one is beyond all. */
  readonly lateness = new Array<number>(LATENESS_BUCKETS_MS.length + 1).fill(0);
  private readonly pending = new Map<string, { count: number; timeStampMs: number }>();
  private version: DataVersion;
  private changesSince: Map<string, number> | undefined;

  constructor(private readonly clock: Clock) {
    super();
    this.version = initialVersion(clock);
  }

  countDelivery(latenessMs: number): void {
    this.delivered++;
    this.latenessSumMs += latenessMs;
    let bucket = 0;
    while (bucket < LATENESS_BUCKETS_MS.length && latenessMs > LATENESS_BUCKETS_MS[bucket]!)
      bucket++;
    this.lateness[bucket]!++;
  }

  /** Takes a sample of both rates; wanted every `SAMPLE_INTERVAL_MS`. */
  sample(): void {
    const atMs = this.clock.monotonicMs();
    this.enqueueRate.sample(this.enqueued, atMs);
    this.deliveryRate.sample(this.delivered, atMs);
  }

  /** Notes that more, or fewer, messages for a topic wait. */
  addPending(topic: string, by: number): void {
    if (this.changesSince) this.changesSince.set(topic, (this.changesSince.get(topic) ?? 0) + by);
    const known = this.pending.get(topic);
    const timeStampMs = this.clock.nowMs();
    if (known) {
      known.count += by;
      known.timeStampMs = timeStampMs;
    } else this.pending.set(topic, { count: by, timeStampMs });
    this.changed = true;
  }

  pendingOf(topic: string): number {
    return this.pending.get(topic)?.count ?? 0;
  }

  pendingByTopic(): Iterable<[string, { readonly count: number }]> {
    return this.pending;
  }

  removeTopic(topic: string): void {
    this.changed = this.pending.delete(topic) || this.changed;
  }

  /** From now on changes are kept apart, until `recount`. */
  beginRecount(): void {
    this.changesSince = new Map();
  }

  /** Sets the counts right. @param counted by hash of the topic, as it was at `beginRecount` */
  recount(counted: ReadonlyMap<number, number>, topics: Iterable<string>): void {
    const since = this.changesSince ?? new Map<string, number>();
    this.changesSince = undefined;
    const timeStampMs = this.clock.nowMs();
    for (const topic of new Set([...topics, ...this.pending.keys()])) {
      const count = (counted.get(javaHashCode(topic)) ?? 0) + (since.get(topic) ?? 0);
      const known = this.pending.get(topic);
      if (known?.count === count || (known === undefined && count === 0)) continue;
      this.pending.set(topic, { count, timeStampMs });
      this.changed = true;
    }
  }

  restore(saved: TimerMetricsWrapper | undefined): void {
    for (const [topic, { count, timeStamp }] of saved?.timingCount ?? [])
      this.pending.set(topic, { count, timeStampMs: timeStamp });
    if (saved?.dataVersion) this.version = saved.dataVersion;
  }

  content(): TimerMetricsWrapper {
    const timingCount = new Map(
      [...this.pending].map(([topic, { count, timeStampMs }]) => [
        topic,
        { count, timeStamp: timeStampMs },
      ]),
    );
    return { dataVersion: this.version, timingCount };
  }

  override takeChanged(): boolean {
    const changed = super.takeChanged();
    if (changed) this.version = nextVersion(this.version, this.clock);
    return changed;
  }
}
