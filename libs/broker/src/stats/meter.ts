import { NOTHING_HAPPENED, SnapshotRing } from './snapshot-ring.js';
import type { Column, Totals, WindowSums } from './snapshot-ring.js';

/** The windows in which meters are shown. */
export type WindowName = 'minute' | 'hour' | 'day';

interface WindowShape {
  readonly intervalMs: number;
  /** Six intervals of ten seconds are a minute: one snapshot more than intervals. */
  readonly rowCount: number;
}

/** Source: rocketmq 5.5.0 `StatsItemSet#init`. */
export const WINDOWS: Readonly<Record<WindowName, WindowShape>> = {
  minute: { intervalMs: 10_000, rowCount: 7 },
  hour: { intervalMs: 600_000, rowCount: 7 },
  day: { intervalMs: 3_600_000, rowCount: 25 },
};

const ZERO: Totals = { times: 0, messages: 0, bytes: 0, latencyMs: 0 };

type Rings = Partial<Record<WindowName, SnapshotRing>>;

/**
 * Shows one thing that is counted: totals that only grow, and snapshots of them that somebody takes from time to time.
 * Snapshots are kept for meters that move; one that has been still for a day costs its numbers alone.
 */
export abstract class Meter implements Totals {
  /** Events: sends, pulls, acknowledgements. */
  abstract readonly times: number;
  abstract readonly messages: number;
  abstract readonly bytes: number;
  /** Milliseconds that the events took, summed. */
  abstract readonly latencyMs: number;

  private rings: Rings | undefined = undefined;
  /** Totals when the snapshots begin. */
  private base: Totals = ZERO;

  /** Takes a snapshot for a window; to be called once per interval of it. @param nowMs wall clock */
  snapshot(name: WindowName, nowMs: number): void {
    if (!this.rings && this.times === this.base.times && this.messages === this.base.messages)
      return;
    const rings = (this.rings ??= {});
    let ring = rings[name];
    if (!ring) {
      const { rowCount, intervalMs } = WINDOWS[name];
      rings[name] = ring = new SnapshotRing(rowCount);
      ring.add(this.base, nowMs - intervalMs);
    }
    ring.add(this, nowMs);
    if (name === 'day' && ring.quiet(this.times)) this.forgetSnapshots();
  }

  window(name: WindowName, column: Column, perTime = true): WindowSums {
    return this.rings?.[name]?.sums(column, perTime) ?? NOTHING_HAPPENED;
  }

  private forgetSnapshots(): void {
    const { times, messages, bytes, latencyMs } = this;
    this.base = { times, messages, bytes, latencyMs };
    this.rings = undefined;
  }
}

/** A meter with numbers of its own. */
export class PlainMeter extends Meter {
  override times = 0;
  override messages = 0;
  override bytes = 0;
  override readonly latencyMs = 0;

  count(messages: number, bytes = 0): void {
    this.times++;
    this.messages += messages;
    this.bytes += bytes;
  }
}
