import { describe, expect, it } from '@jest/globals';
import { numbered, SimulatedStore } from '@rocketmq-ts/testing/store';

const HOUR_MS = 3_600_000;

/** A log whose first files are deleted: they held all messages of `Quiet` and some of `TopicA`. */
async function afterRetention(): Promise<SimulatedStore> {
  const world = new SimulatedStore(31, { retention: { fileReservedMs: 72 * HOUR_MS } });
  await world.open();
  await world.sendAll(numbered(20, { topic: 'Quiet' }));
  await world.sendAll(numbered(20, { topic: 'Kept' }));
  await world.sendAll(numbered(400, { body: 'x'.repeat(120) }));
  world.clock.stepWallClock(80 * HOUR_MS);
  await world.drive(world.store.deleteExpired());
  return world;
}

describe('MessageStore.removeExpiredQueues', () => {
  const remove = (world: SimulatedStore) =>
    world.drive(world.store.removeExpiredQueues((topic) => topic === 'Kept'));
  const hasFiles = (world: SimulatedStore, topic: string) =>
    world.disk.exists(`/store/consumequeue/${topic}/0`);

  it('removes the files of queues without messages, and goes on with their offsets', async () => {
    const world = await afterRetention();
    expect(await hasFiles(world, 'Quiet')).toBe(true);
    expect(await remove(world)).toBe(1);
    expect(await Promise.all(['Quiet', 'Kept', 'TopicA'].map((t) => hasFiles(world, t)))).toEqual([
      false,
      true,
      true,
    ]);
    const [message] = await world.sendAll([{ topic: 'Quiet', body: 'again' }]);
    expect(message!.queueOffset).toBe(20);
    expect(await remove(world)).toBe(0);
    expect([...(await world.readAll('Quiet'))]).toEqual([[20, 'again']]);
    expect(await world.drive(world.store.verify())).toEqual([]);
    await world.close();
  });

  it.each(['close', 'kill'] as const)('gives no offset twice after a %s', async (end) => {
    const world = await afterRetention();
    await remove(world);
    if (end === 'close') await world.close();
    else world.kill();
    await world.open();
    const [message] = await world.sendAll([{ topic: 'Quiet', body: 'again' }]);
    expect(message!.queueOffset).toBe(20);
    expect(await world.drive(world.store.verify())).toEqual([]);
    await world.close();
  });

  it('loses nothing and gives no offset twice, at whatever write the process dies', async () => {
    for (let deadAt = 0; deadAt < 12; deadAt++) {
      const world = await afterRetention();
      const before = await world.readAll();
      let writes = 0;
      let dead = false;
      world.disk.fault = (operation) => {
        if (operation === 'read') return undefined;
        dead ||= writes++ >= deadAt;
        return dead ? 'EIO' : undefined;
      };
      await world.drive(world.store.removeExpiredQueues(() => false)).catch(() => undefined);
      world.kill();
      world.disk.fault = () => undefined;
      await world.open();
      const [message] = await world.sendAll([{ topic: 'Quiet', body: 'again' }]);
      expect([deadAt, message!.queueOffset]).toEqual([deadAt, 20]);
      expect([...(await world.readAll())]).toEqual([...before]);
      expect(await world.drive(world.store.verify())).toEqual([]);
      await world.close();
    }
  });

  it('leaves a queue alone into which messages come at that moment', async () => {
    const world = await afterRetention();
    const removal = world.store.removeExpiredQueues(() => false);
    const sent = world.send({ topic: 'Quiet', body: 'just now' });
    await world.drive(removal);
    await world.settle(200);
    expect([sent.acked, sent.queueOffset]).toEqual([true, 20]);
    expect([...(await world.readAll('Quiet'))]).toEqual([[20, 'just now']]);
    expect(await world.drive(world.store.verify())).toEqual([]);
    await world.close();
  });
});

describe('MessageStore.listUnits', () => {
  it('gives what a queue has, from files and memory, as far as it reaches', async () => {
    const world = new SimulatedStore(7);
    await world.open();
    await world.sendAll(numbered(130));
    await world.settle(6_000);
    await world.sendAll(numbered(10));
    const queue = world.store.queue('TopicA', 0);
    const all = await world.drive(world.store.listUnits(queue, 0, 1_000));
    expect(all).toHaveLength(140);
    for (const [i, { commitLogOffset, sizeBytes }] of all.entries()) {
      const record = await world.drive(world.store.recordAt(commitLogOffset));
      expect([i, record!.bytes.length]).toEqual([i, sizeBytes]);
    }
    expect(await world.drive(world.store.listUnits(queue, 125, 10))).toEqual(all.slice(125, 135));
    expect(await world.drive(world.store.listUnits(queue, 138, 10))).toEqual(all.slice(138));
    expect(await world.drive(world.store.listUnits(queue, 140, 10))).toEqual([]);
    await world.close();
  });
});
