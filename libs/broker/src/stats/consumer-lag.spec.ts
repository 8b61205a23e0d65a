import { describe, expect, it } from '@jest/globals';
import type { StoreQueue } from '@rocketmq-ts/storage';
import { SimulatedClock } from '@rocketmq-ts/testing';
import { ConsumerLags } from './consumer-lag.js';
import type { LagParts } from './consumer-lag.js';

interface Place {
  readonly max: number;
  readonly min?: number;
  readonly committed?: number;
  readonly pulled?: number;
}

function world(queues: readonly Place[], committedBy: readonly [string, string[]][] = []) {
  const clock = new SimulatedClock();
  let lookups = 0;
  const parts = {
    clock,
    store: {
      findQueue: (topic: string, queueId: number) => {
        const { max, min = 0 } = queues[queueId]!;
        return { topic, queueId, minOffset: min, maxOffset: max, nextOffset: max } as StoreQueue;
      },
      // Message n was stored n seconds after the start.
      storeTimestamp: (_queue: StoreQueue, queueOffset: number) => {
        lookups++;
        return Promise.resolve(1_700_000_000_000 + queueOffset * 1_000);
      },
    },
    topics: {
      find: (topic: string) =>
        topic === 'gone' ? undefined : { config: { writeQueueNums: queues.length } },
    },
    offsets: {
      query: (_group: string, _topic: string, queueId: number) => queues[queueId]!.committed,
      topicsByGroup: () => new Map(committedBy),
      pulledOffset: (_group: string, _topic: string, queueId: number) => queues[queueId]!.pulled,
    },
    consumers: {
      all: () => [
        {
          group: 'g',
          subscriptions: new Map([
            ['t', {}],
            ['%RETRY%g', {}],
            ['gone', {}],
          ]),
        },
      ],
    },
  } as unknown as LagParts;
  const lags = new ConsumerLags(parts);
  const allLags = async (atSeconds = 0) => {
    await clock.advance(atSeconds * 1_000);
    let done = false;
    const asked = lags.all().finally(() => (done = true));
    while (!done) await clock.settle();
    const all = await asked;
    return all;
  };
  const lag = async (atSeconds = 0) => {
    const all = await allLags(atSeconds);
    expect(all).toHaveLength(1);
    return all[0]!;
  };
  return { lag, allLags, lookups: () => lookups };
}

describe('ConsumerLags', () => {
  it('goes on showing a group whose last member is gone, by what it committed', async () => {
    const { allLags } = world(
      [{ max: 100, committed: 90 }],
      [
        ['g', ['t', 'forgotten']],
        ['left', ['t', '%RETRY%left', 'gone']],
        ['g@member', ['t']],
      ],
    );
    const shown = (await allLags()).map(({ group, topic, lagMessages }) => [
      group,
      topic,
      lagMessages,
    ]);
    expect(shown).toEqual([
      ['g', 't', 10],
      ['left', 't', 10],
    ]);
  });

  it('sums queues up and shows the age of the oldest message', async () => {
    const { lag } = world([
      { max: 100, committed: 90, pulled: 95 },
      { max: 50, committed: 20, pulled: 30 },
      { max: 0 },
    ]);
    expect(await lag(100)).toEqual({
      group: 'g',
      topic: 't',
      lagMessages: 40,
      inFlightMessages: 15,
      readyMessages: 25,
      lagMs: 80_000,
      queueingMs: 70_000,
    });
  });

  it.each<[string, Place, object]>([
    ['never seen: at the end', { max: 9 }, { lagMessages: 0, lagMs: 0, readyMessages: 0 }],
    ['at the end', { max: 9, committed: 9 }, { lagMessages: 0, lagMs: 0 }],
    ['before the oldest message', { max: 9, min: 5, committed: 1 }, { lagMessages: 4 }],
    ['past the end', { max: 9, committed: 20 }, { lagMessages: 0, inFlightMessages: 0 }],
    ['committed past what it pulled', { max: 9, committed: 8, pulled: 3 }, { inFlightMessages: 0 }],
    ['pulled, not committed', { max: 9, pulled: 4 }, { lagMessages: 5, inFlightMessages: 0 }],
  ])('a group that is %s', async (_what, place, expected) => {
    expect(await world([place]).lag()).toMatchObject(expected);
  });

  it('looks a time up once as long as nothing moves, and works figures out once for five metrics', async () => {
    const { lag, lookups } = world([{ max: 9, committed: 2, pulled: 2 }]);
    for (let i = 0; i < 5; i++) await lag();
    expect(lookups()).toBe(1);
    await lag(10);
    expect(lookups()).toBe(1);
  });

  it('bounds the look-ups of one scrape', async () => {
    const queues = Array.from({ length: 2_500 }, () => ({ max: 9, committed: 2, pulled: 4 }));
    const { lag, lookups } = world(queues);
    expect((await lag(60)).lagMs).toBe(58_000);
    expect(lookups()).toBe(2_000);
  });
});
