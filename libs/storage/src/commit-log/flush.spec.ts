import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { DiskFile } from '@rocketmq-ts/kernel';
import { numbered, SimulatedStore } from '@rocketmq-ts/testing/store';

describe('PeriodicSync', () => {
  let world: SimulatedStore;

  afterEach(() => world.close());

  it('syncs a single message within the interval, without a threshold', async () => {
    world = new SimulatedStore(1, { flushIntervalMs: 500 });
    await world.open();
    const sent = world.send();
    await world.settle(1);
    expect(sent.acked).toBe(true);
    expect(world.store.flushedOffset).toBe(0);
    await world.settle(510);
    expect(world.store.flushedOffset).toBe(world.store.commitLogMaxOffset);
    expect(world.store.stats.logSyncs).toBe(1);
  });

  it('never runs two syncs at once, and follows a slow one with the next', async () => {
    world = new SimulatedStore(1, { flushIntervalMs: 10 });
    await world.open();
    let syncing = 0;
    let most = 0;
    const { disk } = world;
    const handle = Object.getPrototypeOf(disk.openNow('/store/lock', { create: true })) as DiskFile;
    const { dataSync } = handle;
    const spy = jest.spyOn(handle, 'dataSync').mockImplementation(function (this: DiskFile, done) {
      most = Math.max(most, ++syncing);
      dataSync.call(this, (error) => {
        syncing--;
        done(error);
      });
    });
    disk.latencyMsMax = 40;
    const before = world.store.stats.logSyncs;
    for (let i = 0; i < 40; i++) {
      world.send();
      await world.settle(5);
    }
    disk.latencyMsMax = 0;
    await world.settle(50);
    spy.mockRestore();
    expect(most).toBe(1);
    expect(world.store.stats.logSyncs - before).toBeGreaterThan(3);
    expect(world.store.flushedOffset).toBe(world.store.commitLogMaxOffset);
  });
});

describe('DecidedAnswers', () => {
  let world: SimulatedStore;

  it('answers and shows a message only after a sync that covers it (P9)', async () => {
    world = new SimulatedStore(3, { flushMode: 'SYNC' });
    await world.open();
    world.disk.latencyMsMax = 5;
    const sent = numbered(50).map((text) => world.send(text));
    const queue = world.store.queue('TopicA', 0);
    for (let step = 0; step < 400 && !sent.at(-1)!.outcome; step++) {
      await world.clock.advance(0.1);
      const { flushedOffset } = world.store;
      for (const one of sent) {
        if (one.acked)
          expect(one.commitLogOffset + one.sizeBytes).toBeLessThanOrEqual(flushedOffset);
      }
      const visible = sent[queue.maxOffset - 1];
      if (visible) {
        expect(visible.commitLogOffset + visible.sizeBytes).toBeLessThanOrEqual(flushedOffset);
      }
    }
    expect(sent.every((one) => one.acked)).toBe(true);
    await world.close();
  });

  it('needs one sync for all that was written before it began', async () => {
    world = new SimulatedStore(3, { flushMode: 'SYNC' });
    await world.open();
    const before = world.store.stats.logSyncs;
    await world.sendAll(numbered(100));
    expect(world.store.stats.logSyncs - before).toBeLessThanOrEqual(2);
    await world.close();
  });

  it('answers at once who does not want to wait, and shows the message later', async () => {
    world = new SimulatedStore(3, { flushMode: 'SYNC' });
    await world.open();
    world.disk.latencyMsMax = 30;
    const hasty = world.send({ waitForStore: false });
    const patient = world.send();
    await world.clock.settle();
    expect(hasty.acked).toBe(true);
    expect(patient.outcome).toBeUndefined();
    expect(hasty.queue.maxOffset).toBe(0);
    await world.settle(100);
    expect(patient.acked).toBe(true);
    expect([hasty.outcomes, patient.outcomes]).toEqual([1, 1]);
    expect(hasty.queue.maxOffset).toBe(2);
    await world.close();
  });

  it('tells of a sync that takes too long, once, and shows the message when it ends', async () => {
    world = new SimulatedStore(5, { flushMode: 'SYNC', syncFlushTimeoutMs: 5000 });
    await world.open();
    world.disk.latencyMsMax = 20_000;
    const sent = world.send();
    await world.settle(5_200);
    expect(sent.outcome).toEqual({ kind: 'FLUSH_TIMEOUT' });
    expect(sent.queue.maxOffset).toBe(0);
    await world.settle(40_000);
    expect(sent.outcomes).toBe(1);
    expect(sent.queue.maxOffset).toBe(1);
    expect(world.store.stats.flushTimeouts).toBe(1);
    world.disk.latencyMsMax = 0;
    await world.close();
  });
});

describe('a failing disk', () => {
  const failing = (world: SimulatedStore, operation: string, code: string) => {
    world.disk.fault = (name, path) =>
      name === operation && path.includes('commitlog') ? code : undefined;
  };

  it.each([
    ['SYNC', 'dataSync'],
    ['ASYNC', 'write'],
    ['SYNC', 'write'],
  ] as const)(
    'turns the store read-only for good in mode %s when a %s fails (P17)',
    async (flushMode, operation) => {
      const world = new SimulatedStore(7, { flushMode, writeNowBytesMax: 0 });
      await world.open();
      const [kept] = await world.sendAll([{ body: 'kept' }]);
      failing(world, operation, 'EIO');
      const lost = numbered(5).map((text) => world.send(text));
      await world.settle(50);
      for (const one of lost) {
        expect(one.outcome).toMatchObject({ kind: 'REFUSED', refusal: { reason: 'READ_ONLY' } });
        expect(one.outcomes).toBe(1);
      }
      // The disk says that all is well again: nothing changes until a restart.
      world.disk.fault = () => undefined;
      expect(world.store.writeRefusal()).toMatchObject({ reason: 'READ_ONLY' });
      const after = world.send();
      await world.settle(2000);
      expect(after.outcome).toMatchObject({ kind: 'REFUSED' });
      expect((await world.read(kept!.queue, 0)).bodies).toContain('kept');
      await world.close();
      expect(await world.disk.exists('/store/abort')).toBe(true);
      await world.open();
      expect((await world.readAll()).get(0)).toBe('kept');
      expect(await world.drive(world.store.verify())).toEqual([]);
      await world.close();
    },
  );

  it('turns read-only when a background sync fails in mode ASYNC', async () => {
    const world = new SimulatedStore(7);
    await world.open();
    const [acked] = await world.sendAll([{}]);
    expect(acked!.acked).toBe(true);
    failing(world, 'dataSync', 'EIO');
    await world.settle(600);
    expect(world.store.writeRefusal()).toMatchObject({ reason: 'READ_ONLY' });
    await world.close();
  });

  it('waits for room when a write finds none, and goes on by itself (P16)', async () => {
    const world = new SimulatedStore(7);
    await world.open();
    failing(world, 'write', 'ENOSPC');
    const held = world.send({ body: 'held' });
    await world.settle(3000);
    expect(held.outcome).toBeUndefined();
    expect(world.store.writeRefusal()).toMatchObject({ reason: 'DISK_FULL' });
    const refused = world.send();
    await world.settle(10);
    expect(refused.outcome).toMatchObject({ kind: 'REFUSED', refusal: { reason: 'DISK_FULL' } });
    world.disk.fault = () => undefined;
    await world.settle(2500);
    expect(held.acked).toBe(true);
    expect(world.store.writeRefusal()).toBeUndefined();
    expect([...(await world.readAll()).values()]).toEqual(['held']);
    await world.close();
  });

  it.each(['open', 'write'] as const)(
    'takes messages on when there is no room for a new list of queues at %s (P16)',
    async (operation) => {
      const world = new SimulatedStore(7, { queueSyncIntervalMs: 1_000 });
      await world.open();
      await world.sendAll(numbered(3));
      world.disk.fault = (name, path) =>
        name === operation && path.includes('rocketmq-ts.queues') ? 'ENOSPC' : undefined;
      await world.settle(3_000);
      await world.sendAll(numbered(3, { topic: 'TopicB' }, 3));
      await world.settle(3_000);
      expect(world.logger.lines.map(({ event }) => event)).toContain(
        'no room to note what is synced, trying again',
      );
      expect(world.store.writeRefusal()).toBeUndefined();
      world.disk.fault = () => undefined;
      await world.settle(3_000);
      world.kill();
      await world.open();
      expect((await world.readAll()).size).toBe(3);
      expect((await world.readAll('TopicB')).size).toBe(3);
      await world.close();
    },
  );

  it('refuses before the disk is full, serves on, and heals when there is room (P16)', async () => {
    const world = new SimulatedStore(7);
    await world.open();
    const [before] = await world.sendAll([{ body: 'before' }]);
    const used = world.disk.usedBytes;
    world.disk.capacityBytes = Math.floor(used / 0.95);
    await world.settle(1_100);
    expect(world.store.writeRefusal()).toMatchObject({ reason: 'DISK_FULL' });
    expect(world.store.writeRefusal()!.message).toMatch(/9\d\.\d % used/);
    expect((await world.read(before!.queue, 0)).bodies).toEqual(['before']);
    world.disk.capacityBytes = used * 10;
    await world.settle(1_100);
    expect(world.store.writeRefusal()).toBeUndefined();
    const [after] = await world.sendAll([{ body: 'after' }]);
    expect(after!.acked).toBe(true);
    await world.close();
  });

  it('goes on without the next file for as long as there is room in this one', async () => {
    const world = new SimulatedStore(7);
    await world.open();
    world.disk.fault = (operation, path) =>
      operation === 'open' && path.endsWith('16384') ? 'ENOSPC' : undefined;
    const sent = numbered(200, { body: 'x'.repeat(100) }).map((text) => world.send(text));
    await world.settle(2_500);
    const acked = sent.filter((one) => one.acked).length;
    expect(acked).toBeGreaterThan(50);
    expect(acked).toBeLessThan(200);
    expect(world.store.writeRefusal()).toMatchObject({ reason: 'DISK_FULL' });
    world.disk.fault = () => undefined;
    await world.settle(2_500);
    expect(sent.every((one) => one.acked)).toBe(true);
    expect(world.store.writeRefusal()).toBeUndefined();
    await world.close();
  });

  it('keeps queue units in memory while their disk fails, and writes them later', async () => {
    const world = new SimulatedStore(7);
    await world.open();
    world.disk.fault = (operation, path) =>
      operation === 'write' && path.includes('consumequeue') ? 'ENOSPC' : undefined;
    await world.sendAll(numbered(50));
    await world.settle(6_000);
    expect((await world.readAll()).size).toBe(50);
    world.disk.fault = () => undefined;
    await world.settle(6_000);
    expect(world.store.stats.queueUnitsWritten).toBe(50);
    expect((await world.readAll()).size).toBe(50);
    await world.close();
  });
});
