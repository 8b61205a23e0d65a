/** Counts how often values fell between fixed bounds. */
export class Histogram {
  /** One count per bound, and one for what is above the last one. */
  readonly counts: number[];
  sum = 0;

  /** @param bounds upper ends, ascending, themselves included */
  constructor(private readonly bounds: readonly number[]) {
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  record(value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sum += value;
  }
}
