/** Upper ends of the buckets in ms; the last one takes the rest. Source: rocketmq 5.5.0 `StoreStatsService`. */
const APACHE_BOUNDS = [0, 9, 49, 99, 199, 499, 999, 1_999, 2_999, 3_999, 4_999, 9_999, Infinity];
const APACHE_NAMES = [
  '[<=0ms]',
  '[0~10ms]',
  '[10~50ms]',
  '[50~100ms]',
  '[100~200ms]',
  '[200~500ms]',
  '[500ms~1s]',
  '[1~2s]',
  '[2~3s]',
  '[3~4s]',
  '[4~5s]',
  '[5~10s]',
  '[10s~]',
];

/** Times below are counted one by one, above in steps of a tenth of their size. */
const FINE_MS = 100;
const COARSE_STEPS = 50;
/** The steps grow by a tenth: 100 ms · 1.1^49 is about 10 s. */
const COARSE_GROWTH = 1.1;

/**
 * How long the sends of the last minute took. Two sets of buckets take turns: one is filled, the other one is shown.
 * Source: rocketmq 5.5.0 `StoreStatsService#findPutMessageEntireTimePX`, `#getPutMessageDistributeTimeStringInfo`.
 */
export class LatencySpread {
  /** Of all sends since the start. */
  maxMs = 0;
  private filling = new Uint32Array(FINE_MS + COARSE_STEPS);
  private shown = new Uint32Array(FINE_MS + COARSE_STEPS);

  record(ms: number): void {
    // The wall clock may have been set back.
    const bucket = ms < 0 ? 0 : ms < FINE_MS ? ms | 0 : coarseBucket(ms);
    this.filling[bucket]!++;
    if (ms > this.maxMs) this.maxMs = ms;
  }

  /** To be called every minute. */
  closeMinute(): void {
    const oldest = this.shown;
    this.shown = this.filling;
    this.filling = oldest.fill(0);
  }

  /** Time below which a share of last minute's sends stayed; 0 without any. @param share 0…1 */
  quantileMs(share: number): number {
    let left = this.shown.reduce((sum, count) => sum + count, 0) * share;
    if (left === 0) return 0;
    for (let bucket = 0; bucket < this.shown.length; bucket++) {
      left -= this.shown[bucket]!;
      if (left <= 0) return upperEndMs(bucket);
    }
    return upperEndMs(this.shown.length - 1);
  }

  /** Last minute's sends by the bands that `mqadmin brokerStatus` shows. */
  text(): string {
    const bands = new Array<number>(APACHE_BOUNDS.length).fill(0);
    this.shown.forEach((count, bucket) => {
      bands[APACHE_BOUNDS.findIndex((endMs) => upperEndMs(bucket) <= endMs)]! += count;
    });
    return bands.map((count, i) => `${APACHE_NAMES[i]}:${count} `).join('');
  }
}

const coarseBucket = (ms: number): number =>
  FINE_MS +
  Math.min(Math.floor(Math.log(ms / FINE_MS) / Math.log(COARSE_GROWTH)), COARSE_STEPS - 1);

const upperEndMs = (bucket: number): number =>
  bucket < FINE_MS ? bucket : Math.floor(FINE_MS * COARSE_GROWTH ** (bucket - FINE_MS + 1));
