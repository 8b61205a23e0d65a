import { crc32 } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { javaHashCode } from '@rocketmq-ts/kernel';
import { numbered, type Sent, SimulatedStore } from '@rocketmq-ts/testing/store';
import { RecordLimitError, StoreLockedError } from './store-errors.js';
import { MessageStore } from './message-store.js';
import { SMALL } from '@rocketmq-ts/testing/store';

describe('MessageStore', () => {
  let world: SimulatedStore;

  afterEach(async () => {
    // Every test leaves a store that holds together.
    expect(await world.drive(world.store.verify())).toEqual([]);
    await world.close();
    expect(world.logger.lines.filter((line) => line.level === 'error')).toEqual([]);
  });

  it('gives back what was appended, in the order of the queue', async () => {
    world = new SimulatedStore();
    await world.open();
    const sent = await world.sendAll(numbered(10));
    expect(sent.every((one) => one.acked && one.outcomes === 1)).toBe(true);
    expect(sent.map((one) => one.queueOffset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const given = await world.read(sent[0]!.queue, 0);
    expect(given.status).toBe('FOUND');
    expect(given.bodies).toEqual(numbered(10).map((one) => one.body));
    expect(given.messages.map((one) => one.commitLogOffset)).toEqual(
      sent.map((one) => one.commitLogOffset),
    );
    expect(given.nextQueueOffset).toBe(10);
    // Neighbours in the log go out as one slice.
    expect(given.pieceCount).toBe(1);
  });

  it('opens after a crash with few waits for the disk, however slow that is', async () => {
    world = new SimulatedStore();
    await world.open();
    world.kill();
    const { clock, disk } = world;
    const begunMs = clock.monotonicMs();
    disk.later = (_life, work) => void clock.setTimer(100, work);
    await world.open();
    // Two looks at the log; a write and a sync each of the list of queues, the sidecar, the checkpoint. The sign that the
    // directory is in use goes beside them.
    expect(clock.monotonicMs() - begunMs).toBeLessThan(900);
  });

  it('keeps every field of a message', async () => {
    world = new SimulatedStore();
    await world.open();
    const entry = world.entry({
      body: 'b',
      properties: { TAGS: 'T', KEYS: 'k1 k2', UNIQ_KEY: 'U' },
    });
    entry.flag = 77;
    entry.reconsumeTimes = 3;
    entry.preparedTransactionOffset = 1234567890123;
    entry.sysFlag = 0x1;
    world.store.append(entry);
    await world.settle();
    const [message] = (await world.read(entry.queue, 0)).messages;
    expect(message).toMatchObject({
      topic: 'TopicA',
      queueId: 0,
      flag: 77,
      reconsumeTimes: 3,
      preparedTransactionOffset: 1234567890123,
      sysFlag: 0x1,
      bornTimestampMs: entry.bornTimestampMs,
      storeTimestampMs: entry.storeTimestampMs,
    });
    expect(Object.fromEntries(message!.properties)).toEqual({
      TAGS: 'T',
      KEYS: 'k1 k2',
      UNIQ_KEY: 'U',
    });
  });

  it('takes an answer for written bytes only after they were written', async () => {
    world = new SimulatedStore(1, { writeNowBytesMax: 0 });
    await world.open();
    world.disk.latencyMsMax = 4;
    const sent = world.send();
    const pathOfLog = '/store/commitlog/00000000000000000000';
    for (let step = 0; step < 100 && !sent.outcome; step++) {
      await world.clock.advance(0.1);
      const stored = (await world.disk.readFile(pathOfLog))!.readInt32BE(0);
      if (sent.outcome) expect(stored).toBe(sent.sizeBytes);
    }
    expect(sent.acked).toBe(true);
  });

  it('goes on in the next file and marks the end of the last one as Apache does', async () => {
    world = new SimulatedStore();
    await world.open();
    const sent = await world.sendAll(numbered(300, { body: 'x'.repeat(200) }));
    expect(world.store.commitLogMaxOffset).toBeGreaterThan(4 * 16384);
    const first = (await world.disk.readFile('/store/commitlog/00000000000000000000'))!;
    const rolled = sent.findIndex((one) => one.commitLogOffset >= 16384);
    const last = sent[rolled - 1]!;
    const markAt = last.commitLogOffset + last.sizeBytes;
    expect(first.readInt32BE(markAt)).toBe(16384 - markAt);
    expect(first.readUInt32BE(markAt + 4)).toBe(0xcbd43194);
    expect(sent[rolled]!.commitLogOffset).toBe(16384);
    expect([...(await world.readAll()).values()]).toEqual(
      sent.map((one) => one.bodyBytes.toString()),
    );
  });

  it('reads old messages from files, new ones from memory', async () => {
    world = new SimulatedStore();
    await world.open();
    const sent = await world.sendAll(numbered(400, { body: 'y'.repeat(100) }));
    expect((await world.read(sent[0]!.queue, 0)).fromDisk).toBe(true);
    expect((await world.read(sent[0]!.queue, 395)).fromDisk).toBe(false);
    expect((await world.readAll()).size).toBe(400);
  });

  it('serves the same after the queue units have gone to their files', async () => {
    world = new SimulatedStore();
    await world.open();
    const before = new Map<string, Map<number, string>>();
    for (let queueId = 0; queueId < 3; queueId++) {
      await world.sendAll(numbered(130, { queueId, body: `q${queueId}` }));
      before.set(`${queueId}`, await world.readAll('TopicA', queueId));
    }
    await world.settle(6_000);
    expect(world.store.stats.queueUnitsWritten).toBe(390);
    for (let queueId = 0; queueId < 3; queueId++) {
      expect(await world.readAll('TopicA', queueId)).toEqual(before.get(`${queueId}`));
    }
    const file = await world.disk.readFile('/store/consumequeue/TopicA/1/00000000000000000000');
    expect(file?.length).toBe(800);
  });

  it('answers every status as Apache does', async () => {
    world = new SimulatedStore();
    await world.open();
    const status = async (queueOffset: number) => {
      const { status: name, nextQueueOffset } = await world.read(
        world.store.findQueue('TopicA', 0),
        queueOffset,
      );
      return [name, nextQueueOffset];
    };
    expect(await status(5)).toEqual(['NO_MATCHED_LOGIC_QUEUE', 0]);
    world.store.queue('TopicA', 0);
    expect(await status(5)).toEqual(['NO_MESSAGE_IN_QUEUE', 0]);
    await world.sendAll(numbered(3));
    expect(await status(0)).toEqual(['FOUND', 3]);
    expect(await status(3)).toEqual(['OFFSET_OVERFLOW_ONE', 3]);
    expect(await status(9)).toEqual(['OFFSET_OVERFLOW_BADLY', 3]);
  });

  it('filters by tags code and by record, and passes over what does not match', async () => {
    world = new SimulatedStore();
    await world.open();
    const tags = ['A', 'B'];
    await world.sendAll(
      Array.from({ length: 100 }, (_, i) => ({
        body: `m${i}`,
        properties: { TAGS: tags[i % 2]! },
        tagsCode: javaHashCode(tags[i % 2]!),
      })),
    );
    const queue = world.store.queue('TopicA', 0);
    const code = javaHashCode('B');
    const tagged = await world.read(queue, 0, { matchesTagsCode: (found) => found === code });
    expect(tagged.bodies).toEqual(Array.from({ length: 32 }, (_, i) => `m${i * 2 + 1}`));
    expect(tagged.nextQueueOffset).toBe(64);
    const none = await world.read(queue, 0, { matchesTagsCode: () => false });
    expect([none.status, none.nextQueueOffset]).toEqual(['NO_MATCHED_MESSAGE', 100]);
    const sieved = await world.read(queue, 0, {
      matchesRecord: (record) => record.includes('m7'),
    });
    expect(sieved.bodies).toEqual(['m7', ...Array.from({ length: 10 }, (_, i) => `m7${i}`)]);
  });

  it('keeps to count and size, but gives at least one message', async () => {
    world = new SimulatedStore();
    await world.open();
    await world.sendAll(numbered(20, { body: 'z'.repeat(500) }));
    const queue = world.store.queue('TopicA', 0);
    expect((await world.read(queue, 0, { maxCount: 3 })).bodies).toHaveLength(3);
    expect((await world.read(queue, 0, { maxBytes: 100 })).bodies).toHaveLength(1);
    const two = await world.read(queue, 0, { maxBytes: 1300 });
    expect(two.bodies).toHaveLength(2);
    expect(two.nextQueueOffset).toBe(2);
  });

  it('stores a batch in one file, or not at all', async () => {
    world = new SimulatedStore();
    await world.open();
    await world.sendAll(numbered(20, { body: 'f'.repeat(600) }));
    const batch = numbered(10, { body: 'b'.repeat(600) }).map((text) => world.entry(text));
    world.store.appendBatch(batch);
    await world.settle();
    expect(batch.every((one) => one.acked)).toBe(true);
    const files = new Set(batch.map((one) => Math.floor(one.commitLogOffset / 16384)));
    expect(files.size).toBe(1);
    const tooMuch = numbered(40, { body: 'b'.repeat(600) }).map((text) => world.entry(text));
    expect(() => world.store.appendBatch(tooMuch)).toThrow(RecordLimitError);
    expect(world.store.queue('TopicA', 0).nextOffset).toBe(30);
  });

  it('refuses what the format cannot hold and takes the longest that it can', async () => {
    world = new SimulatedStore();
    await world.open();
    const longTopic = 't'.repeat(200);
    const [kept] = await world.sendAll([{ topic: longTopic }]);
    expect((await world.read(kept!.queue, 0)).messages[0]).toMatchObject({
      topic: longTopic,
      version: 2,
    });
    expect(() => world.send({ body: 'x'.repeat(17_000) })).toThrow(RecordLimitError);
    const fat = world.entry();
    fat.propertiesBytes = Buffer.alloc(32_768);
    fat.propertiesEnd = 32_768;
    expect(() => world.store.append(fat)).toThrow('properties of 32768 bytes');
  });

  it('hides prepared and rolled-back transaction messages from queues', async () => {
    world = new SimulatedStore();
    await world.open();
    const [prepared, rolledBack, committed] = await world.sendAll([
      { sysFlag: 0x4 },
      { sysFlag: 0xc },
      { sysFlag: 0x8 },
    ]);
    expect(prepared!.acked && rolledBack!.acked && committed!.acked).toBe(true);
    expect(committed!.queueOffset).toBe(0);
    expect((await world.readAll()).size).toBe(1);
    expect((await world.drive(world.store.recordAt(prepared!.commitLogOffset)))?.bytes.length).toBe(
      prepared!.sizeBytes,
    );
  });

  it('tells of arrivals once per queue and batch', async () => {
    world = new SimulatedStore();
    await world.open();
    const arrivals: string[] = [];
    world.store.onArrival((queue) => arrivals.push(`${queue.topic}/${queue.queueId}`));
    for (let i = 0; i < 6; i++) world.send({ queueId: i % 2 });
    await world.settle();
    expect(arrivals).toEqual(['TopicA/0', 'TopicA/1']);
  });

  it('finds messages by time as Apache does', async () => {
    world = new SimulatedStore();
    await world.open();
    const times: number[] = [];
    for (const group of [3, 2, 4]) {
      await world.clock.advance(1000);
      times.push(world.clock.nowMs());
      const sent = numbered(group).map((text) => world.send(text));
      await world.clock.settle();
      expect(sent.every((one) => one.storeTimestampMs === times.at(-1))).toBe(true);
    }
    const queue = world.store.queue('TopicA', 0);
    const find = (ms: number, boundary: 'lower' | 'upper') =>
      world.drive(world.store.offsetByTime(queue, ms, boundary));
    const [t1, t2, t3] = times as [number, number, number];
    expect(await find(t1 - 1, 'lower')).toBe(0);
    expect(await find(t1 - 1, 'upper')).toBe(0);
    expect(await find(t1, 'lower')).toBe(0);
    expect(await find(t1, 'upper')).toBe(2);
    expect(await find(t2, 'lower')).toBe(3);
    expect(await find(t2, 'upper')).toBe(4);
    expect(await find(t2 + 1, 'lower')).toBe(5);
    expect(await find(t2 + 1, 'upper')).toBe(4);
    expect(await find(t3 + 1, 'lower')).toBe(9);
    expect(await find(t3 + 1, 'upper')).toBe(8);
    expect(await world.drive(world.store.earliestStoreTime(queue))).toBe(t1);
    expect(await world.drive(world.store.earliestStoreTime())).toBe(t1);
  });

  it('finds a record by its place in the log and nothing where none begins', async () => {
    world = new SimulatedStore();
    await world.open();
    const sent = await world.sendAll(numbered(200, { body: 'w'.repeat(90) }));
    for (const one of [sent[0]!, sent[100]!, sent[199]!]) {
      const found = await world.drive(world.store.recordAt(one.commitLogOffset));
      expect(found?.bytes.length).toBe(one.sizeBytes);
    }
    const middle = sent[50]!.commitLogOffset;
    for (const offset of [middle + 1, -5, world.store.commitLogMaxOffset, 1e15, 1.5]) {
      expect(await world.drive(world.store.recordAt(offset))).toBeUndefined();
    }
  });

  it('slows callers down when the disk is slower, and lets them go on later', async () => {
    world = new SimulatedStore(1, { unwrittenBytesMax: 4000, writeNowBytesMax: 0 });
    await world.open();
    world.disk.latencyMsMax = 50;
    let writable = 0;
    world.store.onWritable(() => writable++);
    const sent = numbered(20, { body: 'x'.repeat(200) }).map((text) => world.send(text));
    const unwrittenBytes = sent.reduce((sum, one) => sum + one.sizeBytes, 0);
    expect(world.store.writeRefusal()).toMatchObject({ reason: 'BUSY', unwrittenBytes, busyMs: 0 });
    await world.settle(1);
    expect(world.store.writeRefusal()?.busyMs).toBeCloseTo(1);
    await world.settle(200);
    expect(writable).toBe(1);
    expect(world.store.writeRefusal()).toBeUndefined();
    expect(sent.every((one) => one.acked)).toBe(true);
  });

  it('is opened by one process at a time', async () => {
    world = new SimulatedStore();
    await world.open();
    const { disk, clock, logger } = world;
    await expect(
      world.drive(MessageStore.open({ disk, clock, logger }, { ...SMALL, rootPath: '/store' })),
    ).rejects.toThrow(StoreLockedError);
  });

  it('answers appends that come after close with a refusal', async () => {
    world = new SimulatedStore();
    await world.open();
    const before = world.send();
    const closing = world.store.close();
    const after = world.send();
    await world.drive(closing);
    expect(before.acked).toBe(true);
    expect(after.outcome).toMatchObject({ kind: 'REFUSED', refusal: { reason: 'CLOSED' } });
    await world.open();
  });
});

describe('MessageStore, messages that were sent together', () => {
  it('are written together, however large the batch before them has grown', async () => {
    const world = new SimulatedStore(9, { segmentSizeBytes: 1 << 20, writeNowBytesMax: 512 });
    await world.open();
    world.disk.latencyMsMax = 5;
    const body = Buffer.alloc(1_500);
    const groups: Sent[][] = [];
    for (let group = 0; group < 6; group++) {
      const together = Array.from({ length: 4 }, () => world.entry({ body }));
      world.store.appendBatch(together);
      groups.push(together);
    }
    for (let step = 0; step < 400; step++) {
      await world.clock.advance(0.05);
      const { maxOffset } = world.store.queue('TopicA', 0);
      expect(maxOffset % 4).toBe(0);
    }
    expect(groups.flat().every(({ acked }) => acked)).toBe(true);
    expect(world.store.stats.logWrites).toBeGreaterThan(1);
    await world.close();
  });
});

describe('MessageStore, a queue that is known before it has a message', () => {
  /** The list of queues is written between its first mention and its first units, and not again before the kill. */
  async function killedWithLateQueue() {
    const world = new SimulatedStore(10, { queueWriteIntervalMs: 1_000 });
    await world.open();
    world.store.queue('TopicB', 0);
    await world.sendAll(numbered(3));
    await world.settle(2_000);
    await world.sendAll(numbered(5, { topic: 'TopicB' }));
    await world.settle(2_000);
    await world.sendAll(numbered(2, { topic: 'TopicB' }, 5));
    world.kill();
    return world;
  }

  it('keeps its first messages through a kill', async () => {
    const world = await killedWithLateQueue();
    await world.open();
    const bodies = [...(await world.readAll('TopicB')).values()];
    expect(bodies).toEqual(numbered(7).map(({ body }) => body));
    expect(await world.drive(world.store.verify())).toEqual([]);
    await world.close();
  });

  it('is built from the whole log where the list does not name it', async () => {
    const world = await killedWithLateQueue();
    const path = '/store/rocketmq-ts.queues';
    const list = (await world.drive(world.disk.readFile(path)))!.toString('utf8').split('\n');
    const text = list.filter((line) => !/TopicB|^crc|^$/.test(line)).join('\n') + '\n';
    const file = await world.drive(world.disk.open(path, { create: true }));
    await world.drive(file.truncate(0));
    file.writeNow([Buffer.from(`${text}crc ${crc32(Buffer.from(text))}\n`)], 0);
    await world.drive(file.close());
    await world.open();
    const bodies = [...(await world.readAll('TopicB')).values()];
    expect(bodies).toEqual(numbered(7).map(({ body }) => body));
    await world.close();
  });
});
