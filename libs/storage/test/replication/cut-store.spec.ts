import { describe, expect, it } from '@jest/globals';
import { cutStore, wipeStore } from '../../src/replication/cut-store.js';
import { StoreLockedError } from '../../src/store-errors.js';
import { numbered, SimulatedStore } from '@rocketmq-ts/testing/store';

const OPTIONS = { ...SimulatedStore.defaults, rootPath: '/store', indexEnabled: true };

async function filled(count: number) {
  const world = new SimulatedStore(7, { indexEnabled: true });
  await world.open();
  const texts = numbered(count, { properties: { KEYS: 'all' } });
  const sent = await world.sendAll(texts);
  return { world, sent };
}

describe('cutStore', () => {
  for (const end of ['close', 'kill', 'losePower'] as const) {
    it(`ends log, queues and index at a record, after ${end}`, async () => {
      const { world, sent } = await filled(500);
      await world.settle(70_000);
      await world[end]();
      const kept = sent.slice(0, 230);
      const offset = sent[230]!.commitLogOffset;
      const copy = await world.drive(cutStore(world.seams(), OPTIONS, offset));
      const removed = await world.drive(world.disk.readFile(copy!));
      expect(removed!.includes(Buffer.from('message 230'))).toBe(true);
      await world.open();
      expect(world.store.commitLogMaxOffset).toBe(offset);
      expect([...(await world.readAll()).values()]).toEqual(kept.map((_, i) => `message ${i}`));
      const { records } = await world.drive(
        world.store.query('TopicA', 'all', 1_000, 0, Number.MAX_SAFE_INTEGER),
      );
      expect(records).toHaveLength(230);
      expect(await world.drive(world.store.verify())).toEqual([]);
      const more = await world.sendAll(numbered(3, {}, 1_000));
      expect(more[0]!.commitLogOffset).toBe(offset);
      expect(more[0]!.queueOffset).toBe(230);
      await world.close();
    });
  }

  it('starts with what there is after a crash on the way, and can be done again', async () => {
    for (let steps = 1; steps < 40; steps += 3) {
      const { world, sent } = await filled(500);
      await world.close();
      const offset = sent[100]!.commitLogOffset;
      const cutting = cutStore(world.seams(), OPTIONS, offset);
      cutting.catch(() => undefined);
      for (let step = 0; step < steps; step++) await world.clock.advance(0.01);
      world.losePower();
      await world.open({ bootId: 'another' });
      const bodies = [...(await world.readAll()).values()];
      expect(bodies.slice(0, 100)).toEqual(numbered(100).map(({ body }) => body));
      expect(await world.drive(world.store.verify())).toEqual([]);
      await world.close();
      await world.drive(cutStore(world.seams(), OPTIONS, offset));
      await world.open({ bootId: 'another' });
      expect(world.store.commitLogMaxOffset).toBe(offset);
      await world.close();
    }
  });

  it('leaves an open store alone', async () => {
    const { world } = await filled(1);
    await expect(world.drive(cutStore(world.seams(), OPTIONS, 0))).rejects.toThrow(
      StoreLockedError,
    );
    await world.close();
  });
});

describe('wipeStore', () => {
  it('leaves an empty store and its tables', async () => {
    const { world } = await filled(300);
    await world.close();
    await world.drive(world.disk.makeDirectory('/store/config'));
    const table = await world.drive(world.disk.open('/store/config/topics.json', { create: true }));
    table.writeNow([Buffer.from('{}')], 0);
    await world.drive(table.close());
    await world.drive(wipeStore(world.seams(), OPTIONS));
    await world.open();
    expect(world.store.commitLogMaxOffset).toBe(0);
    expect(world.store.topics()).toEqual([]);
    expect(world.store.replicaLog.isEmpty).toBe(true);
    expect(await world.drive(world.disk.exists('/store/config/topics.json'))).toBe(true);
    await world.close();
  });
});
