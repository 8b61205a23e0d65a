import { describe, expect, it } from '@jest/globals';
import { numbered, SimulatedStore } from '@rocketmq-ts/testing/store';

const HOUR_MS = 3_600_000;

describe('Retention', () => {
  /** About five files of the log, all as old as the clock says. */
  const fill = async (options = {}) => {
    const world = new SimulatedStore(31, {
      retention: { fileReservedMs: 72 * HOUR_MS, deleteWhenHours: [4], cleanIntervalMs: 10_000 },
      ...options,
    });
    await world.open();
    await world.sendAll(numbered(400, { body: 'x'.repeat(120) }));
    await world.sendAll(numbered(20, { topic: 'Quiet' }));
    return world;
  };
  const firstFile = async (world: SimulatedStore) =>
    (await world.disk.list('/store/commitlog'))[0]!.name;

  it('keeps files until they expire, and deletes them at the hour', async () => {
    const world = await fill();
    await world.settle(2 * HOUR_MS);
    expect(await world.drive(world.store.deleteExpired())).toBe(0);
    world.clock.stepWallClock(73 * HOUR_MS);
    // 22:13 when the world begins, plus 75 hours: 1 o'clock.
    await world.settle(20_000);
    expect(world.store.commitLogMinOffset).toBe(0);
    world.clock.stepWallClock(3 * HOUR_MS);
    await world.settle(20_000);
    expect(world.store.commitLogMinOffset).toBeGreaterThan(4 * 16384);
    expect(await firstFile(world)).toBe(String(world.store.commitLogMinOffset).padStart(20, '0'));
    expect(await world.drive(world.store.verify())).toEqual([]);
    await world.close();
  });

  it('moves the queues on, removes their empty files and remembers where they go on', async () => {
    const world = await fill();
    const before = await world.readAll();
    world.clock.stepWallClock(80 * HOUR_MS);
    await world.drive(world.store.deleteExpired());
    const queue = world.store.queue('TopicA', 0);
    expect(queue.minOffset).toBeGreaterThan(200);
    expect(queue.maxOffset).toBe(400);
    const after = await world.readAll();
    expect([...after]).toEqual([...before].slice(queue.minOffset));
    const small = await world.read(queue, 3);
    expect([small.status, small.nextQueueOffset]).toEqual(['OFFSET_TOO_SMALL', queue.minOffset]);
    const files = await world.disk.list('/store/consumequeue/TopicA/0');
    expect(files[0]!.name).toBe(String(Math.floor(queue.minOffset / 40) * 800).padStart(20, '0'));
    for (const end of ['close', 'kill'] as const) {
      if (end === 'close') await world.close();
      else world.kill();
      await world.open();
      expect(world.store.queue('TopicA', 0).minOffset).toBe(queue.minOffset);
      expect(await world.readAll()).toEqual(after);
      expect(await world.drive(world.store.verify())).toEqual([]);
    }
    // Also when the queues are built anew from the log.
    await world.close();
    await world.disk.remove('/store/consumequeue');
    await world.open();
    expect(await world.readAll()).toEqual(after);
    await world.close();
  });

  it('never gives an offset of a deleted message to a new one', async () => {
    const world = new SimulatedStore(31, { retention: { fileReservedMs: HOUR_MS } });
    await world.open();
    await world.sendAll(numbered(30, { topic: 'Quiet' }));
    await world.sendAll(numbered(300, { body: 'x'.repeat(120) }));
    world.clock.stepWallClock(2 * HOUR_MS);
    await world.drive(world.store.deleteExpired());
    const quiet = world.store.queue('Quiet', 0);
    expect([quiet.minOffset, quiet.maxOffset]).toEqual([30, 30]);
    await world.close();
    await world.disk.remove('/store/consumequeue/Quiet');
    await world.open();
    const [next] = await world.sendAll([{ topic: 'Quiet', body: 'next' }]);
    expect(next!.queueOffset).toBe(30);
    expect([...(await world.readAll('Quiet'))]).toEqual([[30, 'next']]);
    await world.close();
  });

  it('deletes expired files at any hour above 75 %, the oldest in any case above 85 %', async () => {
    const world = await fill();
    await world.settle(6_000);
    const used = world.disk.usedBytes;
    world.disk.capacityBytes = Math.floor(used / 0.8);
    await world.settle(30_000);
    expect(world.store.commitLogMinOffset).toBe(0);
    world.disk.capacityBytes = Math.floor(used / 0.87);
    await world.settle(30_000);
    expect(world.store.commitLogMinOffset).toBeGreaterThan(0);
    expect(world.store.diskUsedRatio).toBeLessThan(0.85);
    expect(world.store.writeRefusal()).toBeUndefined();
    await world.close();
  });

  it('deletes no more than ten files in a run', async () => {
    const world = new SimulatedStore(31, { retention: { fileReservedMs: HOUR_MS } });
    await world.open();
    await world.sendAll(numbered(1100, { body: 'x'.repeat(120) }));
    world.clock.stepWallClock(2 * HOUR_MS);
    expect(await world.drive(world.store.deleteExpired())).toBe(10);
    expect(await world.drive(world.store.deleteExpired())).toBeGreaterThan(1);
    await world.close();
  });

  it('never deletes the file that is being written', async () => {
    const world = new SimulatedStore(31, { retention: { fileReservedMs: 0 } });
    await world.open();
    await world.sendAll(numbered(10));
    expect(await world.drive(world.store.deleteExpired())).toBe(0);
    expect((await world.readAll()).size).toBe(10);
    await world.close();
  });
});

describe('MessageStore.deleteTopic', () => {
  it('removes the queues, and goes on with the offsets when the topic comes again', async () => {
    const world = new SimulatedStore(41);
    await world.open();
    await world.sendAll(numbered(100, { topic: 'Gone' }));
    await world.sendAll(numbered(100));
    await world.settle(6_000);
    await world.drive(world.store.deleteTopic('Gone'));
    expect(world.store.topics()).toEqual(['TopicA']);
    expect(world.store.findQueue('Gone', 0)).toBeUndefined();
    expect(await world.disk.exists('/store/consumequeue/Gone')).toBe(false);
    world.kill();
    await world.open();
    expect(world.store.topics()).toEqual(['TopicA']);
    const [again] = await world.sendAll([{ topic: 'Gone', body: 'again' }]);
    expect(again!.queueOffset).toBe(100);
    expect([...(await world.readAll('Gone'))]).toEqual([[100, 'again']]);
    await world.close();
    // Neither does a rebuild bring the old messages back.
    await world.disk.remove('/store/consumequeue');
    await world.open();
    expect([...(await world.readAll('Gone'))]).toEqual([[100, 'again']]);
    expect((await world.readAll()).size).toBe(100);
    await world.close();
  });

  it('answers messages that are on their way when the topic is removed', async () => {
    const world = new SimulatedStore(41, { writeNowBytesMax: 0 });
    await world.open();
    world.disk.latencyMsMax = 20;
    const sent = numbered(20, { topic: 'Gone' }).map((text) => world.send(text));
    await world.clock.advance(0.1);
    await world.drive(world.store.deleteTopic('Gone'));
    await world.settle(200);
    expect(sent.every((one) => one.acked)).toBe(true);
    expect(world.store.topics()).toEqual([]);
    await world.close();
  });
});
