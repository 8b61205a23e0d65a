import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { StoreQueue } from '@rocketmq-ts/storage';
import { SimulatedClock } from '@rocketmq-ts/testing';
import { HeldPop, HeldPops } from './held-pops.js';
import type { PollPlace, WakeOrder } from './held-pops.js';

class Waiting extends HeldPop {
  constructor(
    place: PollPlace,
    readonly name: string,
    connection = CONNECTION,
  ) {
    super(place, connection);
  }
}

const CONNECTION = {} as ServerConnection;
const LIMITS = { heldCountMax: 100, heldCountPerConnectionMax: 50, heldCountPerPlaceMax: 5 };
const queue = (topic: string, queueId: number) => ({ topic, queueId }) as StoreQueue;

let clock: SimulatedClock;
let woken: string[];
let pops: HeldPops<Waiting>;

const make = (order: WakeOrder): HeldPops<Waiting> =>
  new HeldPops(clock, LIMITS, order, (pop, reason) => woken.push(`${pop.name} ${reason}`));
const hold = (name: string, queueId = -1, group = 'g', waitMs = 10_000): boolean =>
  pops.hold(new Waiting(pops.place('t', group, queueId), name), waitMs);

beforeEach(() => {
  clock = new SimulatedClock();
  woken = [];
  pops = make('first');
});

describe('HeldPops', () => {
  it('wakes one per group for the queue and one for all queues, those who came first', () => {
    for (const name of ['a1', 'a2']) hold(name);
    hold('b1', -1, 'other');
    for (const name of ['q1', 'q2']) hold(name, 3);
    hold('else', 2);
    pops.onArrival(queue('t', 3));
    expect(woken.sort()).toEqual(['a1 arrival', 'b1 arrival', 'q1 arrival']);
    expect(pops.size).toBe(3);
  });

  it('wakes those who came last where that is asked for', () => {
    pops = make('last');
    for (const name of ['a1', 'a2']) hold(name);
    pops.onArrival(queue('t', 0));
    expect(woken).toEqual(['a2 arrival']);
  });

  it.each(['%RETRY%g_t', '%RETRY%g+t'])(
    'wakes its own group alone for %s, whatever the queue',
    (retry) => {
      hold('any');
      hold('one', 7);
      hold('stranger', -1, 'other');
      pops.onArrival(queue(retry, 0));
      expect(woken.sort()).toEqual(['any arrival', 'one arrival']);
    },
  );

  it('wakes everybody who waits at a place, whenever each looked it up', () => {
    // Both look for messages at the same time, and are held afterwards.
    const first = new Waiting(pops.place('t', 'g', -1), 'first');
    const second = new Waiting(pops.place('t', 'g', -1), 'second');
    expect(first.queue).not.toBe(second.queue);
    pops.hold(first, 10_000);
    pops.hold(second, 10_000);
    expect(pops.waitingCount('t', 'g', -1)).toBe(2);
    pops.onArrival(queue('t', 0));
    pops.onArrival(queue('t', 0));
    expect(woken.sort()).toEqual(['first arrival', 'second arrival']);
    // One that looked again finds its old place good.
    pops.hold(first, 10_000);
    pops.wake('t', 'g', 5);
    expect(woken).toHaveLength(3);
  });

  it('ends waits in time', async () => {
    hold('short', -1, 'g', 500);
    hold('long', -1, 'g', 5_000);
    await clock.advance(700);
    expect(woken).toEqual(['short deadline']);
    expect(pops.waitingCount('t', 'g', -1)).toBe(1);
  });

  it('takes no more at a place than it may, and room comes back', () => {
    for (let i = 0; i < 5; i++) expect(hold(`p${i}`)).toBe(true);
    expect(hold('too many')).toBe(false);
    expect(hold('elsewhere', 1)).toBe(true);
    pops.onArrival(queue('t', 0));
    expect(hold('now')).toBe(true);
  });

  it('forgets who has gone, and who is left is still woken', () => {
    const gone = {} as ServerConnection;
    pops.hold(new Waiting(pops.place('t', 'g', -1), 'gone', gone), 10_000);
    hold('left');
    pops.drop(gone);
    expect(pops.waitingCount('t', 'g', -1)).toBe(1);
    pops.onArrival(queue('t', 0));
    expect(woken).toEqual(['left arrival']);
    pops.wakeAll('shutdown');
    expect(pops.size).toBe(0);
  });
});
