import type { Clock } from '@rocketmq-ts/kernel';

/** How long a recall is remembered after its slot, and how many at most. */
const KEPT_MS = 600_000;
const KEPT_COUNT_MAX = 100_000;

/**
 * Recalls of slots that are over. A message that was noted late, or rolled while the broker was behind, goes out with a
 * later slot than the one in which its recall lies.
 */
export class RecentRecalls {
  private readonly untilMs = new Map<string, number>();

  constructor(private readonly clock: Pick<Clock, 'monotonicMs'>) {}

  add(key: string): void {
    this.untilMs.delete(key);
    this.untilMs.set(key, this.clock.monotonicMs() + KEPT_MS);
    this.forget();
  }

  has(keys: readonly string[]): boolean {
    if (this.untilMs.size === 0) return false;
    return keys.some((key) => (this.untilMs.get(key) ?? 0) > this.clock.monotonicMs());
  }

  /** The oldest come first. */
  private forget(): void {
    const nowMs = this.clock.monotonicMs();
    for (const [key, untilMs] of this.untilMs) {
      if (untilMs > nowMs && this.untilMs.size <= KEPT_COUNT_MAX) return;
      this.untilMs.delete(key);
    }
  }
}
