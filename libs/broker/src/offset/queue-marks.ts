const SEPARATOR = '@';

/**
 * A queue offset for some queues of some groups, kept in memory beside the committed ones: resets that a consumer has
 * yet to hear of, or what was pulled last.
 *
 * Invariants:
 *  I1  `size` is the number of marks, and never above `countMax`;
 *  I2  a group without marks in a topic has no entry.
 */
export class QueueMarks {
  private readonly byKey = new Map<string, Map<number, number>>();
  private count = 0;

  constructor(private readonly countMax: number) {}

  get size(): number {
    return this.count;
  }

  /** @returns false where there is no room for one more. */
  set(group: string, topic: string, queueId: number, queueOffset: number): boolean {
    const key = topic + SEPARATOR + group;
    let marks = this.byKey.get(key);
    if (!marks?.has(queueId)) {
      if (this.count >= this.countMax) return false;
      if (!marks) this.byKey.set(key, (marks = new Map<number, number>()));
      this.count++;
    }
    marks.set(queueId, queueOffset);
    return true;
  }

  get(group: string, topic: string, queueId: number): number | undefined {
    return this.count === 0 ? undefined : this.byKey.get(topic + SEPARATOR + group)?.get(queueId);
  }

  /** As `get`; the mark is gone afterwards. */
  take(group: string, topic: string, queueId: number): number | undefined {
    if (this.count === 0) return undefined;
    const key = topic + SEPARATOR + group;
    const marks = this.byKey.get(key);
    const queueOffset = marks?.get(queueId);
    if (queueOffset === undefined) return undefined;
    marks!.delete(queueId);
    if (marks!.size === 0) this.byKey.delete(key);
    this.count--;
    return queueOffset;
  }

  forgetGroup(group: string): void {
    this.forget((key) => key.endsWith(SEPARATOR + group));
  }

  forgetTopic(topic: string): void {
    this.forget((key) => key.startsWith(topic + SEPARATOR));
  }

  private forget(matches: (key: string) => boolean): void {
    for (const [key, marks] of this.byKey) {
      if (!matches(key)) continue;
      this.count -= marks.size;
      this.byKey.delete(key);
    }
  }
}
