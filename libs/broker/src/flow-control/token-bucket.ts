/** A burst may be as large as what the rate gives in this time. */
const BURST_MS = 1_000;

/**
 * Counts what is taken against a rate. What is taken beyond it is a debt that time pays: nothing is ever split, so that one
 * message larger than the rate still gets through.
 */
export class TokenBucket {
  private balance: number;
  private lastMs: number;

  /** @param nowMs monotonic */
  constructor(perSecond: number, nowMs: number) {
    this.balance = perSecond;
    this.lastMs = nowMs;
  }

  /** How long it takes until the debt is paid; 0 without one. The rate may differ from call to call. */
  waitMs(perSecond: number, nowMs: number): number {
    this.refill(perSecond, nowMs);
    return this.balance >= 0 ? 0 : (-this.balance * 1_000) / perSecond;
  }

  take(amount: number, perSecond: number, nowMs: number): void {
    this.refill(perSecond, nowMs);
    this.balance -= amount;
  }

  private refill(perSecond: number, nowMs: number): void {
    const earned = ((nowMs - this.lastMs) * perSecond) / 1_000;
    this.balance = Math.min(this.balance + earned, (perSecond * BURST_MS) / 1_000);
    this.lastMs = nowMs;
  }
}
