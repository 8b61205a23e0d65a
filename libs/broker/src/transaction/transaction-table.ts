import { type ResolvedHalves } from './resolved-halves.js';

/** What `begin` found. */
export type TransactionState = 'open' | 'busy' | 'decided';

/**
 * What is known of the transactions of this broker, by the queue offset of the half message that stands for them now. The
 * first decision wins: once it is stored, none is taken any more.
 *
 * A half message that was checked is stored once more, with the count of checks. Both copies are one transaction: the
 * newest stands for it, decisions that name an older one count for it.
 *
 * Invariants:
 *  I1  at most one thing is under way for a transaction (a decision, a renewal, a parking);
 *  I2  a transaction that is decided stays decided;
 *  I3  memory: a bit for each half message since the oldest open one, an entry for each open one that was renewed.
 */
export class TransactionTable {
  private readonly busy = new Map<number, (() => void)[]>();
  private readonly newest = new Map<number, number>();

  constructor(readonly resolved: ResolvedHalves) {}

  /** The half message that stands for a transaction. @param origin its first half message */
  currentOf(origin: number, queueOffset: number): number {
    return this.newest.get(origin) ?? queueOffset;
  }

  /** Open transactions that were renewed. */
  get renewedCount(): number {
    return this.newest.size;
  }

  isBusy(queueOffset: number): boolean {
    return this.busy.has(queueOffset);
  }

  /** Claims an open transaction; the caller must `settle` or `abandon` it. */
  begin(queueOffset: number): TransactionState {
    if (this.resolved.has(queueOffset)) return 'decided';
    if (this.busy.has(queueOffset)) return 'busy';
    this.busy.set(queueOffset, []);
    return 'open';
  }

  /** Calls back when what is under way for it has ended. */
  whenFree(queueOffset: number, listener: () => void): void {
    const waiting = this.busy.get(queueOffset);
    if (waiting) waiting.push(listener);
    else listener();
  }

  /** It is decided, or parked. */
  settle(queueOffset: number, origin: number): void {
    this.resolved.add(queueOffset);
    if (this.newest.get(origin) === queueOffset) this.newest.delete(origin);
    this.release(queueOffset);
  }

  /** A newer copy stands for it. */
  renew(queueOffset: number, origin: number, newOffset: number): void {
    this.resolved.add(queueOffset);
    this.newest.set(origin, newOffset);
    this.release(queueOffset);
  }

  /** What was under way came to nothing. */
  abandon(queueOffset: number): void {
    this.release(queueOffset);
  }

  /** Found a copy of a transaction in the half queue. @returns an older copy that is open and stands no more */
  noteCopy(origin: number, queueOffset: number): number | undefined {
    const before = this.newest.get(origin) ?? origin;
    if (before >= queueOffset) return undefined;
    this.newest.set(origin, queueOffset);
    return this.resolved.add(before) ? before : undefined;
  }

  private release(queueOffset: number): void {
    const waiting = this.busy.get(queueOffset);
    this.busy.delete(queueOffset);
    for (const listener of waiting ?? []) listener();
  }
}
