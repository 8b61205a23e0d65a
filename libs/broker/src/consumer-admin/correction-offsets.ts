/** A queue that the compared group is behind in: nothing is to be corrected. */
export const NOTHING_TO_CORRECT = Infinity;

/**
 * The least offset of each queue among the groups of a topic, and whether the compared group is behind it. Apache deletes
 * the offsets of the groups that are to be left out; here they only do not count.
 * @param groups offsets by queue, of each group of the topic
 * @param minOffsetOf where a queue begins: what lies below does not count
 * Source: rocketmq 5.5.0 `AdminBrokerProcessor#queryCorrectionOffset`, `ConsumerOffsetManager#queryMinOffsetInAllGroup`.
 */
export function correctionOffsets(
  groups: Iterable<readonly [string, ReadonlyMap<number, number>]>,
  leftOut: ReadonlySet<string>,
  compared: ReadonlyMap<number, number> | undefined,
  minOffsetOf: (queueId: number) => number,
): Map<number, number> {
  const least = new Map<number, number>();
  for (const [group, byQueue] of groups) {
    if (leftOut.has(group)) continue;
    for (const [queueId, queueOffset] of byQueue) {
      if (queueOffset < minOffsetOf(queueId)) continue;
      least.set(queueId, Math.min(least.get(queueId) ?? queueOffset, queueOffset));
    }
  }
  for (const [queueId, queueOffset] of compared ?? []) {
    const other = least.get(queueId);
    if (other === undefined || other > queueOffset) least.set(queueId, NOTHING_TO_CORRECT);
  }
  return least;
}
