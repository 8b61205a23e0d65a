import { describe, expect, it } from '@jest/globals';
import { allocateForPop, allocateQueues } from './allocate-queues.js';

const queuesOf = (...brokers: [name: string, count: number][]) =>
  brokers.flatMap(([brokerName, count]) =>
    Array.from({ length: count }, (_, queueId) => ({ topic: 't', brokerName, queueId })),
  );
const clients = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);
const sharing = (index: number, clientCount: number, queueCount: number) => ({
  clientId: `c${index}`,
  clientIds: clients(clientCount),
  queues: queuesOf(['b', queueCount]),
});
const ids = (queues: readonly { readonly queueId: number }[]) => queues.map((q) => q.queueId);

describe('allocateQueues', () => {
  it.each([
    ['AVG', 0, 3, 8, [0, 1, 2]],
    ['AVG', 1, 3, 8, [3, 4, 5]],
    ['AVG', 2, 3, 8, [6, 7]],
    ['AVG', 3, 4, 2, []],
    ['AVG_BY_CIRCLE', 1, 3, 8, [1, 4, 7]],
  ] as const)(
    '%s gives client %i of %i of %i queues %j',
    (strategy, index, count, queues, want) => {
      expect(ids(allocateQueues(strategy, sharing(index, count, queues)))).toEqual(want);
    },
  );

  it('gives every queue to one client, for any numbers', () => {
    for (const strategy of ['AVG', 'AVG_BY_CIRCLE'] as const) {
      for (let count = 1; count <= 9; count++) {
        for (let queues = 0; queues <= 20; queues++) {
          const all = clients(count).flatMap((_, i) =>
            ids(allocateQueues(strategy, sharing(i, count, queues))),
          );
          expect(all.sort((a, b) => a - b)).toEqual(ids(queuesOf(['b', queues])));
        }
      }
    }
  });

  it('gives a stranger nothing', () => {
    expect(allocateQueues('AVG', { ...sharing(0, 2, 4), clientId: 'x' })).toEqual([]);
  });
});

describe('allocateForPop', () => {
  it.each([0, -1, 2])(
    'lets each client pop all queues of each broker with %i to share with',
    (n) => {
      const all = { ...sharing(0, 3, 0), queues: queuesOf(['a', 2], ['b', 3]) };
      expect(allocateForPop('AVG', all, n)).toEqual([
        { topic: 't', brokerName: 'a', queueId: -1 },
        { topic: 't', brokerName: 'b', queueId: -1 },
      ]);
    },
  );

  it('lets neighbours share', () => {
    expect(ids(allocateForPop('AVG', sharing(3, 4, 8), 1))).toEqual([6, 7, 0, 1]);
  });

  it('gives each client a queue where there are more clients than queues', () => {
    expect(clients(5).map((_, i) => ids(allocateForPop('AVG', sharing(i, 5, 2), 1)))).toEqual([
      [0],
      [1],
      [0],
      [1],
      [0],
    ]);
  });
});
