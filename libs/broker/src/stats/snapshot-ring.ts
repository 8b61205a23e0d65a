/** Totals of a meter, in the order of their columns in a snapshot. */
export const COLUMN = { TIMES: 0, MESSAGES: 1, BYTES: 2, LATENCY_MS: 3 } as const;
export type Column = (typeof COLUMN)[keyof typeof COLUMN];

/** Totals in one row: the columns, and the time behind them. */
const ROW = 5;
const TIME = 4;

/** What happened between the first and the last snapshot of a window. Source: rocketmq 5.5.0 `StatsSnapshot`. */
export interface WindowSums {
  readonly sum: number;
  /** Per second. */
  readonly tps: number;
  /** Mean of one event. */
  readonly avgpt: number;
}

export const NOTHING_HAPPENED: WindowSums = { sum: 0, tps: 0, avgpt: 0 };

/** Totals that only grow. */
export interface Totals {
  readonly times: number;
  readonly messages: number;
  readonly bytes: number;
  readonly latencyMs: number;
}

/**
 * The last snapshots of some totals: a window that moves on with each of them.
 * Source: rocketmq 5.5.0 `StatsItem#samplingInSeconds` and its sisters, `#computeStatsData`.
 */
export class SnapshotRing {
  private readonly cells: Float64Array;
  private next = 0;
  private count = 0;

  constructor(private readonly rowCount: number) {
    this.cells = new Float64Array(rowCount * ROW);
  }

  add(totals: Totals, atMs: number): void {
    const at = this.next * ROW;
    const { cells } = this;
    cells[at] = totals.times;
    cells[at + 1] = totals.messages;
    cells[at + 2] = totals.bytes;
    cells[at + 3] = totals.latencyMs;
    cells[at + TIME] = atMs;
    this.next = (this.next + 1) % this.rowCount;
    if (this.count < this.rowCount) this.count++;
  }

  /** Sums of a column; the mean is that of one event where `perTime`, which Apache does not work out for all of them. */
  sums(column: Column, perTime: boolean): WindowSums {
    if (this.count === 0) return NOTHING_HAPPENED;
    const { cells } = this;
    const first = this.firstRow * ROW;
    const last = this.lastRow * ROW;
    const sum = cells[last + column]! - cells[first + column]!;
    const elapsedMs = cells[last + TIME]! - cells[first + TIME]!;
    const times = cells[last]! - cells[first]!;
    return {
      sum,
      // A clock that was set back must not show a rate that never was.
      tps: elapsedMs > 0 ? (sum * 1_000) / elapsedMs : 0,
      avgpt: perTime && times > 0 ? sum / times : 0,
    };
  }

  /** Whether nothing has happened for as long as the window reaches. */
  quiet(times: number): boolean {
    return this.count === this.rowCount && this.cells[this.firstRow * ROW] === times;
  }

  private get firstRow(): number {
    return this.count < this.rowCount ? 0 : this.next;
  }

  private get lastRow(): number {
    return (this.next + this.rowCount - 1) % this.rowCount;
  }
}
