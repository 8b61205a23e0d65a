import { beforeEach, describe, expect, it } from '@jest/globals';
import { CorruptionError, StoreLayoutError } from '../src/store-errors.js';
import { numbered, type Sent, SimulatedStore } from '@rocketmq-ts/testing/store';

const FIRST = '/store/commitlog/00000000000000000000';
const SECOND = '/store/commitlog/00000000000000016384';

describe('a damaged commit log (P14)', () => {
  let world: SimulatedStore;
  let sent: Sent[];

  /** A store of a few files, closed in order or killed; nothing in it is younger than the last sync. */
  const fill = async (end: 'close' | 'kill') => {
    world = new SimulatedStore(11);
    await world.open();
    sent = await world.sendAll(numbered(200, { body: 'x'.repeat(120) }));
    await world.settle(100_000);
    if (end === 'close') await world.close();
    else world.kill();
  };
  const bodyBit = (one: Sent) => (one.commitLogOffset % 16384) * 8 + 95 * 8;
  const pathOf = (one: Sent) =>
    `/store/commitlog/${String(one.commitLogOffset - (one.commitLogOffset % 16384)).padStart(20, '0')}`;

  beforeEach(() => fill('close'));

  it('does not serve a message with a flipped bit, and serves all others', async () => {
    world.disk.flipBit(pathOf(sent[5]!), bodyBit(sent[5]!));
    await world.open();
    const read = await world.readAll();
    expect([...read.keys()]).toEqual(sent.map((_, i) => i).filter((i) => i !== 5));
    expect(world.store.stats.damagedRecords).toBe(1);
    const at = await world.drive(world.store.recordAt(sent[5]!.commitLogOffset));
    expect(at).toBeUndefined();
    await world.close();
  });

  it.each([0, 4, 12, 20, 27, 28, 35])(
    'does not serve a message whose header was changed at byte %i',
    async (byte) => {
      world.disk.flipBit(pathOf(sent[5]!), (sent[5]!.commitLogOffset + byte) * 8 + 5);
      await world.open();
      const read = await world.readAll();
      expect([...read.keys()]).toEqual(sent.map((_, i) => i).filter((i) => i !== 5));
      await world.close();
    },
  );

  it('refuses to start on damage in the part that it scans, and says where', async () => {
    await fill('kill');
    // Nothing tells how far the log was written: all of it is scanned.
    await world.disk.remove('/store/rocketmq-ts.checkpoint');
    await world.disk.remove('/store/checkpoint');
    await world.disk.remove('/store/abort');
    world.disk.flipBit(FIRST, bodyBit(sent[7]!));
    const error = await world.open().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CorruptionError);
    expect(error).toMatchObject({ file: FIRST, positionBytes: sent[7]!.commitLogOffset });
    expect((error as Error).message).toMatch(/body-checksum.*sound messages follow/);
    // Refusing leaves no lock behind, and no change.
    await expect(world.open()).rejects.toBeInstanceOf(CorruptionError);
  });

  it('loses the damaged message alone when repair is asked for, and keeps all offsets (P4)', async () => {
    await world.disk.remove('/store/rocketmq-ts.checkpoint');
    await world.disk.remove('/store/checkpoint');
    world.disk.flipBit(pathOf(sent[100]!), bodyBit(sent[100]!));
    await world.open({ repair: true });
    const read = await world.readAll();
    expect([...read.keys()]).toEqual(sent.map((_, i) => i).filter((i) => i !== 100));
    expect(read.get(101)).toBe(sent[101]!.bodyBytes.toString());
    expect(await world.drive(world.store.verify())).toEqual([]);
    const name = String(sent[100]!.commitLogOffset).padStart(20, '0');
    expect(await world.disk.exists(`/store/rocketmq-ts.removed/${name}`)).toBe(true);
    const [next] = await world.sendAll([{ body: 'next' }]);
    expect(next!.queueOffset).toBe(200);
    await world.close();
    // The repaired store is whole: it opens without repair, also when everything derived is gone.
    for (const path of [
      'checkpoint',
      'rocketmq-ts.checkpoint',
      'consumequeue',
      'rocketmq-ts.queues',
    ]) {
      await world.disk.remove(`/store/${path}`);
    }
    await world.open();
    expect((await world.readAll()).size).toBe(200);
    expect(world.store.queue('TopicA', 0).nextOffset).toBe(201);
    await world.close();
  });

  it.each([
    ['a page of zeros in the middle', 4096, 4096],
    ['garbage over the end of the first file', 15000, 1384],
    ['nearly a whole file', 100, 16000],
  ])('keeps what is sound around %s', async (_name, from, length) => {
    await world.disk.remove('/store/rocketmq-ts.checkpoint');
    await world.disk.remove('/store/checkpoint');
    const file = world.disk.openNow(FIRST, { create: false });
    file.writeNow([Buffer.alloc(length, from === 4096 ? 0 : 0xdd)], from);
    await expect(world.open()).rejects.toBeInstanceOf(CorruptionError);
    await world.open({ repair: true });
    const hit = (one: Sent) =>
      one.commitLogOffset < from + length && one.commitLogOffset + one.sizeBytes > from;
    const read = await world.readAll();
    expect([...read.keys()]).toEqual(sent.map((_, i) => i).filter((i) => !hit(sent[i]!)));
    expect(await world.drive(world.store.verify())).toEqual([]);
    await world.close();
  });

  it('refuses a log that ends before the place where it is known to have ended', async () => {
    const last = sent.at(-1)!;
    const file = world.disk.openNow(pathOf(last), { create: false });
    await file.truncate((last.commitLogOffset % 16384) + 10);
    await expect(world.open()).rejects.toMatchObject({ file: pathOf(last) });
    await world.open({ repair: true });
    expect((await world.readAll()).size).toBe(199);
    expect(world.store.queue('TopicA', 0).nextOffset).toBe(200);
    await world.close();
    await fill('kill');
    const cut = world.disk.openNow(pathOf(sent[150]!), { create: false });
    await cut.truncate((sent[150]!.commitLogOffset % 16384) + 10);
    const opening = world.open();
    await expect(opening).rejects.toThrow(/byte \d+/);
  });

  it('refuses a missing file between two others, and steps over it when asked to', async () => {
    await world.disk.remove(SECOND);
    await expect(world.open()).rejects.toMatchObject({ file: SECOND, positionBytes: 0 });
    await world.open({ repair: true });
    const read = await world.readAll();
    const gone = (one: Sent) => Math.floor(one.commitLogOffset / 16384) === 1;
    expect([...read.keys()]).toEqual(sent.map((_, i) => i).filter((i) => !gone(sent[i]!)));
    await world.close();
  });

  it('says so when the files have another size than the settings', async () => {
    await expect(world.open({ segmentSizeBytes: 65536 })).rejects.toBeInstanceOf(StoreLayoutError);
  });

  it('leaves foreign files alone', async () => {
    const notes = world.disk.openNow('/store/commitlog/notes.txt', { create: true });
    notes.writeNow([Buffer.from('mine')], 0);
    await world.open();
    expect((await world.readAll()).size).toBe(200);
    await world.close();
    expect((await world.disk.readFile('/store/commitlog/notes.txt'))?.toString()).toBe('mine');
  });

  it('removes an empty last file, as it is left by a start that was cut off', async () => {
    const end = Math.ceil(world.store.commitLogMaxOffset / 16384) * 16384 + 16384;
    const path = `/store/commitlog/${String(end).padStart(20, '0')}`;
    world.disk.openNow(path, { create: true });
    await world.open();
    expect(await world.disk.exists(path)).toBe(false);
    expect((await world.readAll()).size).toBe(200);
    await world.close();
  });

  it('does not let old records come back behind a torn tail', async () => {
    await fill('kill');
    // The last message is torn; behind it lie records of an earlier life, at exactly their places.
    const torn = sent[120]!;
    const path = pathOf(torn);
    const stale = sent
      .slice(121)
      .filter((one) => pathOf(one) === path)
      .map((one) => one.commitLogOffset);
    expect(stale.length).toBeGreaterThan(3);
    const second = new SimulatedStore(12);
    await second.open();
    const kept = await second.sendAll(numbered(5, { body: 'y'.repeat(120) }));
    second.kill();
    const file = second.disk.openNow(FIRST, { create: false });
    const end = kept.at(-1)!.commitLogOffset + kept.at(-1)!.sizeBytes;
    file.writeNow([Buffer.alloc(60, 7)], end);
    await second.open();
    expect((await second.disk.readFile(FIRST))!.subarray(end).every((byte) => byte === 0)).toBe(
      true,
    );
    await second.close();
  });
});

describe('derived files that are gone or wrong (P15)', () => {
  type Change = (world: SimulatedStore) => Promise<void>;
  const remove =
    (path: string): Change =>
    (world) =>
      world.disk.remove(`/store/${path}`);
  const garble =
    (path: string, from = 0, length = 100_000): Change =>
    async (world) => {
      const bytes = await world.disk.readFile(`/store/${path}`);
      const file = world.disk.openNow(`/store/${path}`, { create: true });
      const noise = Buffer.alloc(Math.min(length, (bytes?.length ?? 0) - from));
      for (let i = 0; i < noise.length; i++) noise[i] = world.random.below(256);
      file.writeNow([noise], from);
    };
  const zero =
    (path: string): Change =>
    async (world) => {
      const file = world.disk.openNow(`/store/${path}`, { create: true });
      file.writeNow([Buffer.alloc(file.sizeBytes)], 0);
    };
  const cut =
    (path: string, sizeBytes: number): Change =>
    async (world) => {
      await world.disk.openNow(`/store/${path}`, { create: true }).truncate(sizeBytes);
    };
  const QUEUE = 'consumequeue/TopicA/0';
  const FILE0 = `${QUEUE}/00000000000000000000`;
  const FILE1 = `${QUEUE}/00000000000000000800`;
  const LAST = `${QUEUE}/00000000000000002400`;
  const changes: [string, Change][] = [
    ['checkpoint removed', remove('checkpoint')],
    ['checkpoint garbled', garble('checkpoint')],
    ['checkpoint zeroed', zero('checkpoint')],
    ['sidecar removed', remove('rocketmq-ts.checkpoint')],
    ['sidecar garbled', garble('rocketmq-ts.checkpoint')],
    ['sidecar cut', cut('rocketmq-ts.checkpoint', 100)],
    ['list of queues removed', remove('rocketmq-ts.queues')],
    ['list of queues garbled', garble('rocketmq-ts.queues')],
    ['abort removed', remove('abort')],
    ['all queues removed', remove('consumequeue')],
    ['a topic removed', remove('consumequeue/TopicA')],
    ['a queue removed', remove(QUEUE)],
    ['first file of a queue removed', remove(FILE0)],
    ['middle file of a queue removed', remove(FILE1)],
    ['last file of a queue removed', remove(LAST)],
    ['first file of a queue cut', cut(FILE0, 333)],
    ['last file of a queue cut', cut(LAST, 100)],
    ['last file of a queue zeroed', zero(LAST)],
    ['last file of a queue garbled', garble(LAST)],
    ['middle file of a queue garbled', garble(FILE1)],
    ['some units garbled', garble(FILE1, 200, 300)],
  ];

  const build = async (end: 'close' | 'kill') => {
    const world = new SimulatedStore(21, { queueSyncIntervalMs: 3000, queueWriteIntervalMs: 1000 });
    await world.open();
    await world.sendAll(numbered(130, { body: 'a' }));
    await world.sendAll(numbered(90, { queueId: 1, body: 'b' }));
    await world.sendAll(numbered(50, { topic: 'TopicB', body: 'c' }));
    await world.settle(10_000);
    if (end === 'close') await world.close();
    else world.kill();
    return world;
  };
  const seen = async (world: SimulatedStore) => {
    // Twice: what is found to be wrong while reading is mended behind the reader's back.
    await world.readAll('TopicA', 0);
    await world.settle(200);
    const all: unknown[] = [];
    for (const [topic, queueId] of [
      ['TopicA', 0],
      ['TopicA', 1],
      ['TopicB', 0],
    ] as const) {
      const queue = world.store.queue(topic, queueId);
      all.push(topic, queueId, queue.minOffset, queue.maxOffset, queue.nextOffset);
      all.push([...(await world.readAll(topic, queueId))]);
    }
    return all;
  };
  const check = async (end: 'close' | 'kill', picked: readonly Change[]) => {
    const world = await build(end);
    for (const change of picked) await change(world);
    await world.open();
    const after = await seen(world);
    const findings = await world.drive(world.store.verify());
    await world.close();
    return { after, findings };
  };

  let expected: unknown[];
  beforeEach(async () => {
    if (expected) return;
    const world = await build('close');
    await world.open();
    expected = await seen(world);
    await world.close();
  });

  it.each(changes)('changes nothing that a client sees: %s', async (_name, change) => {
    for (const end of ['close', 'kill'] as const) {
      const { after, findings } = await check(end, [change]);
      expect(after).toEqual(expected);
      expect(findings).toEqual([]);
    }
  });

  it('changes nothing that a client sees, in pairs', async () => {
    for (let i = 0; i < changes.length; i++) {
      for (let j = i + 1; j < changes.length; j += 3) {
        const [one, other] = [changes[i]!, changes[j]!];
        const exists = !(one[0].includes('removed') && other[1] !== undefined && i >= 9 && j >= 9);
        if (!exists) continue;
        const { after } = await check(i % 2 ? 'close' : 'kill', [one[1], other[1]]);
        expect([one[0], other[0], after]).toEqual([one[0], other[0], expected]);
      }
    }
  });
});

describe('a power loss that keeps queue units and loses their messages', () => {
  it('leaves no unit behind that could be taken for a later one', async () => {
    const world = new SimulatedStore(51, { queueWriteIntervalMs: 500, queueSyncIntervalMs: 4_500 });
    await world.open();
    const kept = await world.sendAll(numbered(30));
    await world.settle(5_000);
    const lost = await world.sendAll(numbered(20, { body: 'lost' }));
    await world.settle(900);
    world.kill();
    const from = lost[0]!.commitLogOffset;
    world.disk.openNow(FIRST, { create: false }).writeNow([Buffer.alloc(16384 - from)], from);
    const queueFiles = ['00000000000000000000', '00000000000000000800'];
    const units = async () =>
      Buffer.concat(
        await Promise.all(
          queueFiles.map(
            async (name) =>
              (await world.disk.readFile(`/store/consumequeue/TopicA/0/${name}`)) ??
              Buffer.alloc(0),
          ),
        ),
      );
    expect((await units()).readInt32BE(49 * 20 + 8)).toBe(lost[19]!.sizeBytes);
    await world.open({ bootId: 'another' });
    expect(world.store.queue('TopicA', 0).nextOffset).toBe(30);
    expect((await units()).subarray(30 * 20).every((byte) => byte === 0)).toBe(true);
    // Shorter messages: the places of the lost ones are in the middle of what comes now.
    const next = await world.sendAll(numbered(3, { body: 'n' }));
    await world.settle(900);
    world.kill();
    await world.open({ bootId: 'another' });
    expect([...(await world.readAll()).values()]).toEqual(
      [...kept, ...next].map((one) => one.bodyBytes.toString()),
    );
    expect(await world.drive(world.store.verify())).toEqual([]);
    await world.close();
  });
});
