import type { MessageQueue } from '@rocketmq-ts/protocol';

/** How queues are shared out; the names are those that clients send. */
export type AllocateStrategy = 'AVG' | 'AVG_BY_CIRCLE';

export const isAllocateStrategy = (name: string | undefined): name is AllocateStrategy =>
  name === 'AVG' || name === 'AVG_BY_CIRCLE';

/** Who gets queues, of which. Both lists in their order, which all clients see alike. */
export interface Sharing {
  readonly clientId: string;
  readonly clientIds: readonly string[];
  readonly queues: readonly MessageQueue[];
}

/**
 * The queues of one client; none for a client that is not in the list.
 * Source: rocketmq 5.5.0 `AllocateMessageQueueAveragely`, `AllocateMessageQueueAveragelyByCircle`.
 */
export function allocateQueues(strategy: AllocateStrategy, sharing: Sharing): MessageQueue[] {
  const { clientId, clientIds, queues } = sharing;
  const index = clientIds.indexOf(clientId);
  if (index < 0) return [];
  const clientCount = clientIds.length;
  if (strategy === 'AVG_BY_CIRCLE') return queues.filter((_, i) => i % clientCount === index);
  const more = queues.length % clientCount;
  const share = Math.floor(queues.length / clientCount) + (index < more ? 1 : 0);
  const start = index * Math.floor(queues.length / clientCount) + Math.min(index, more);
  return queues.slice(start, start + share);
}

/**
 * The queues of one client that pops. With `shareCount` 0 or less, or about as many as there are clients, each pops all
 * queues of each broker; else each also pops those of the `shareCount` clients behind it in the list.
 * Source: rocketmq 5.5.0 `QueryAssignmentProcessor#allocate4Pop`.
 */
export function allocateForPop(
  strategy: AllocateStrategy,
  sharing: Sharing,
  shareCount: number,
): MessageQueue[] {
  const { clientId, clientIds, queues } = sharing;
  if (shareCount <= 0 || shareCount >= clientIds.length - 1) {
    const brokers = new Map(queues.map((queue) => [queue.brokerName, queue]));
    return [...brokers.values()].map((queue) => ({ ...queue, queueId: -1 }));
  }
  const index = clientIds.indexOf(clientId);
  if (clientIds.length > queues.length) {
    return index < 0 ? [] : [queues[index % queues.length]!];
  }
  const allocated = allocateQueues(strategy, sharing);
  for (let i = 1; index >= 0 && i <= shareCount; i++) {
    const neighbour = clientIds[(index + i) % clientIds.length]!;
    allocated.push(...allocateQueues(strategy, { ...sharing, clientId: neighbour }));
  }
  return allocated;
}
