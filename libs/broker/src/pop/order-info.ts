import type { OrderInfoRecord } from '@rocketmq-ts/protocol';

/** What became of the acknowledgement of an ordered message. */
export type OrderAck =
  | { readonly kind: 'next'; readonly queueOffset: number }
  /** The message is not part of what was given out. */
  | { readonly kind: 'unknown' }
  /** It was given out again since: the acknowledgement comes too late. */
  | { readonly kind: 'stale' };

/**
 * What an ordered pop took out of one queue: nothing more is given out until everything is acknowledged or visible again.
 * Source: rocketmq 5.5.0 `QueueLevelConsumerManager.OrderInfo`.
 */
export class OrderInfo {
  private constructor(
    readonly attemptId: string | undefined,
    readonly popTimeMs: number,
    private invisibleTimeMs: number,
    readonly lastConsumedAtMs: number,
    private readonly queueOffsets: readonly number[],
    /** Queue offset → how often it was given out before, of those that were. */
    readonly counts: ReadonlyMap<number, number>,
    private readonly acknowledged: Set<number>,
    /** Queue offset → when it is visible again, where that was changed. */
    private readonly visibleAtMs: Map<number, number>,
  ) {}

  /** An ordered pop took messages. @param before what the pop before it took, if nobody knows that it is over */
  static popped(
    pop: {
      readonly attemptId: string | undefined;
      readonly popTimeMs: number;
      readonly invisibleTimeMs: number;
      readonly queueOffsets: readonly number[];
    },
    before: OrderInfo | undefined,
    nowMs: number,
  ): OrderInfo {
    const { attemptId, popTimeMs, invisibleTimeMs, queueOffsets } = pop;
    return new OrderInfo(
      attemptId,
      popTimeMs,
      invisibleTimeMs,
      nowMs,
      queueOffsets,
      countsAfter(before, attemptId, queueOffsets),
      new Set(),
      new Map(),
    );
  }

  /** Whether nothing more may be given out. The same attempt may have the same messages again. */
  blocks(attemptId: string | undefined, invisibleTimeMs: number, nowMs: number): boolean {
    if (this.attemptId !== undefined && this.attemptId === attemptId) return false;
    if (this.invisibleTimeMs <= 0) this.invisibleTimeMs = invisibleTimeMs;
    return this.queueOffsets.some(
      (queueOffset) =>
        !this.acknowledged.has(queueOffset) && this.visibleAgainAtMs(queueOffset) > nowMs,
    );
  }

  /** A message was consumed. */
  acknowledge(queueOffset: number, popTimeMs: number): OrderAck {
    if (this.queueOffsets.length === 0) return { kind: 'unknown' };
    if (popTimeMs !== this.popTimeMs) return { kind: 'stale' };
    if (!this.queueOffsets.includes(queueOffset)) return { kind: 'unknown' };
    this.acknowledged.add(queueOffset);
    const open = this.queueOffsets.find((offset) => !this.acknowledged.has(offset));
    const next = open ?? this.queueOffsets[this.queueOffsets.length - 1]! + 1;
    return { kind: 'next', queueOffset: next };
  }

  /** A message shall be visible at another time. @returns false where it was given out again since */
  setVisibleAt(queueOffset: number, popTimeMs: number, visibleAtMs: number): boolean {
    if (popTimeMs !== this.popTimeMs) return false;
    if (this.queueOffsets.includes(queueOffset)) this.visibleAtMs.set(queueOffset, visibleAtMs);
    return true;
  }

  /**
   * When something may be given out again; `nowMs` where that is already so, undefined where nobody can say.
   * The first message that blocks decides, as in Apache's broker: after it the others are looked at anew.
   */
  freeAtMs(nowMs: number): number | undefined {
    for (const queueOffset of this.queueOffsets) {
      if (this.acknowledged.has(queueOffset)) continue;
      if (this.invisibleTimeMs <= 0) return undefined;
      const visibleAtMs = this.visibleAgainAtMs(queueOffset);
      if (visibleAtMs > nowMs) return visibleAtMs;
    }
    return nowMs;
  }

  /** Smallest number of times that one of the messages was given out before. */
  get leastCount(): number {
    if (this.counts.size < this.queueOffsets.length || this.counts.size === 0) return 0;
    return Math.min(...this.counts.values());
  }

  toRecord(): OrderInfoRecord {
    const [first = 0, ...rest] = this.queueOffsets;
    return {
      ...(this.attemptId === undefined ? {} : { a: this.attemptId }),
      cm: this.queueOffsets.reduce(
        (bits, queueOffset, i) => (this.acknowledged.has(queueOffset) ? bits + 2 ** i : bits),
        0,
      ),
      i: this.invisibleTimeMs,
      l: this.lastConsumedAtMs,
      o: this.queueOffsets.length === 0 ? [] : [first, ...rest.map((offset) => offset - first)],
      oc: new Map(this.counts),
      ...(this.visibleAtMs.size === 0 ? {} : { ot: new Map(this.visibleAtMs) }),
      popTime: this.popTimeMs,
    };
  }

  static fromRecord(record: OrderInfoRecord): OrderInfo {
    const [first = 0, ...distances] = record.o;
    const queueOffsets =
      record.o.length === 0 ? [] : [first, ...distances.map((distance) => first + distance)];
    const acknowledged = queueOffsets.filter((_, i) => Math.floor(record.cm / 2 ** i) % 2 === 1);
    return new OrderInfo(
      record.a,
      record.popTime,
      record.i ?? 0,
      record.l,
      queueOffsets,
      record.oc ?? new Map<number, number>(),
      new Set(acknowledged),
      record.ot ?? new Map<number, number>(),
    );
  }

  private visibleAgainAtMs(queueOffset: number): number {
    return this.visibleAtMs.get(queueOffset) ?? this.popTimeMs + this.invisibleTimeMs;
  }

  /** Queue offsets that were given out. */
  get offsets(): readonly number[] {
    return this.queueOffsets;
  }
}

/** Source: rocketmq 5.5.0 `QueueLevelConsumerManager.OrderInfo#mergeOffsetConsumedCount`. */
function countsAfter(
  before: OrderInfo | undefined,
  attemptId: string | undefined,
  queueOffsets: readonly number[],
): ReadonlyMap<number, number> {
  if (!before) return new Map();
  if (before.attemptId !== undefined && before.attemptId === attemptId) return before.counts;
  const counts = new Map<number, number>();
  for (const queueOffset of queueOffsets) {
    if (!before.offsets.includes(queueOffset)) continue;
    counts.set(queueOffset, (before.counts.get(queueOffset) ?? 0) + 1);
  }
  return counts;
}
