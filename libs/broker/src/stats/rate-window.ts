/** Samples kept: ten minutes at one sample per ten seconds. */
const SAMPLE_COUNT = 61;
/** Distance of two samples. */
export const SAMPLE_INTERVAL_MS = 10_000;

/**
 * Rates of a growing counter over the last ten seconds, minute and ten minutes, from samples that somebody takes every
 * `SAMPLE_INTERVAL_MS`.
 */
export class RateWindow {
  private readonly totals: number[] = [];
  private readonly timesMs: number[] = [];

  /** @param atMs monotonic */
  sample(total: number, atMs: number): void {
    this.totals.push(total);
    this.timesMs.push(atMs);
    if (this.totals.length > SAMPLE_COUNT) {
      this.totals.shift();
      this.timesMs.shift();
    }
  }

  /** Mean per second over about `windowMs`, 0 before there are two samples. */
  perSecond(windowMs: number): number {
    const last = this.totals.length - 1;
    if (last < 1) return 0;
    const first = Math.max(0, last - Math.max(1, Math.round(windowMs / SAMPLE_INTERVAL_MS)));
    const elapsedMs = this.timesMs[last]! - this.timesMs[first]!;
    return elapsedMs <= 0 ? 0 : ((this.totals[last]! - this.totals[first]!) * 1000) / elapsedMs;
  }

  /** Apache's form: three rates, separated by blanks. Source: rocketmq 5.x `StoreStatsService#getPutTps`. */
  text(): string {
    return `${this.perSecond(10_000)} ${this.perSecond(60_000)} ${this.perSecond(600_000)}`;
  }
}
