import { beforeEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '@rocketmq-ts/testing';
import { LOST_LOCK_LIVE_MS, QUEUE_LOCK_LIVE_MS, QueueLockTable } from './queue-lock-table.js';

const queue = (queueId: number, topic = 't') => ({ topic, brokerName: 'b', queueId });

let clock: SimulatedClock;
let locks: QueueLockTable;
beforeEach(() => {
  clock = new SimulatedClock();
  locks = new QueueLockTable(clock);
});
const pass = async (ms: number): Promise<void> => clock.advance(ms);
const lock = (client: string, ...ids: number[]) =>
  locks
    .lock(
      'g',
      client,
      ids.map((id) => queue(id)),
    )
    .map(({ queueId }) => queueId);

describe('QueueLockTable', () => {
  it('gives a queue to one client of a group, and to each group by itself', () => {
    expect(lock('one', 0, 1, 2)).toEqual([0, 1, 2]);
    expect(lock('two', 1, 3)).toEqual([3]);
    expect(locks.lock('other', 'two', [queue(1)])).toHaveLength(1);
    expect(locks.lock('g', 'two', [queue(1, 'u')])).toHaveLength(1);
  });

  it('takes back what a client holds, and nothing of others', () => {
    lock('one', 0);
    locks.unlock('g', 'two', [queue(0)]);
    expect(lock('two', 0)).toEqual([]);
    locks.unlock('g', 'one', [queue(0), queue(7)]);
    locks.unlock('nobody', 'one', [queue(0)]);
    expect(lock('two', 0)).toEqual([0]);
  });

  it('keeps a lock that is renewed, and gives up one that is not', async () => {
    lock('one', 0, 1);
    await pass(QUEUE_LOCK_LIVE_MS - 1);
    lock('one', 0);
    await pass(2);
    expect(lock('two', 0, 1)).toEqual([1]);
  });

  it('frees the queues of a client that says goodbye, and of no other', () => {
    lock('one', 0, 1);
    lock('two', 2);
    locks.lock('other', 'one', [queue(0)]);
    locks.release('g', 'one');
    locks.release('nobody', 'one');
    expect(lock('two', 0, 1)).toEqual([0, 1]);
    expect(locks.lock('other', 'two', [queue(0)])).toEqual([]);
    locks.release('g', 'two');
    expect(locks.isLocked('g')).toBe(false);
    expect(locks.size).toBe(1);
  });

  it('frees the queues of a client that was lost when it cannot take them for its own any more', async () => {
    lock('one', 0, 1);
    locks.noteLost('g', 'one');
    await pass(LOST_LOCK_LIVE_MS - 1);
    expect(lock('two', 0, 1)).toEqual([]);
    lock('one', 1);
    await pass(2);
    expect(lock('two', 0, 1)).toEqual([0]);
    await pass(LOST_LOCK_LIVE_MS);
    expect(lock('two', 1)).toEqual([]);
  });

  it('knows whether a group consumes in order right now', async () => {
    expect(locks.isLocked('g')).toBe(false);
    lock('one', 0);
    expect(locks.isLocked('g')).toBe(true);
    await pass(QUEUE_LOCK_LIVE_MS + 1);
    expect(locks.isLocked('g')).toBe(false);
  });

  it('holds a bounded number, and makes room when it is swept', async () => {
    const many = Array.from({ length: 200_000 }, (_, id) => queue(id));
    expect(locks.lock('g', 'one', many)).toHaveLength(200_000);
    expect(locks.lock('h', 'one', [queue(0)])).toEqual([]);
    expect(lock('one', 5)).toEqual([5]);
    await pass(QUEUE_LOCK_LIVE_MS + 1);
    locks.sweep();
    expect(locks.lock('h', 'one', [queue(0)])).toHaveLength(1);
  });

  it('keeps what it granted over a restart, as long as its client may take it for valid', async () => {
    lock('one', 0, 1);
    lock('two', 2);
    locks.lock('other', 'two', [queue(0, 'u')]);
    const before = locks.content();
    locks = new QueueLockTable(clock);
    locks.restore(before);
    expect(locks.content()).toEqual(before);
    expect(lock('two', 0, 1, 2)).toEqual([2]);
    await pass(LOST_LOCK_LIVE_MS - 1);
    expect(lock('one', 1)).toEqual([1]);
    await pass(2);
    expect(lock('two', 0, 1, 2)).toEqual([0, 2]);
  });

  it('has something to save when a queue changes hands, not when a lock is renewed', async () => {
    expect(locks.takeChanged()).toBe(false);
    lock('one', 0, 1);
    expect(locks.takeChanged()).toBe(true);
    lock('one', 0, 1);
    locks.unlock('g', 'two', [queue(0)]);
    locks.release('g', 'two');
    locks.noteLost('g', 'one');
    expect(locks.takeChanged()).toBe(false);
    locks.unlock('g', 'one', [queue(0)]);
    expect(locks.takeChanged()).toBe(true);
    await pass(QUEUE_LOCK_LIVE_MS + 1);
    lock('two', 1);
    expect(locks.takeChanged()).toBe(true);
    locks.release('g', 'two');
    expect(locks.takeChanged()).toBe(true);
    locks.restore({ locks: [] });
    expect(locks.takeChanged()).toBe(false);
  });
});
