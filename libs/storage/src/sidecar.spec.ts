import { beforeEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock, SimulatedDisk, SimulatedRandom } from '@rocketmq-ts/testing';
import { CheckpointFile } from './checkpoint.js';
import { ConsumeQueues } from './consume-queue/consume-queues.js';
import { readManifest, writeManifest } from './consume-queue/queue-manifest.js';
import { SidecarFile, type SidecarState } from './sidecar.js';

let clock: SimulatedClock;
let disk: SimulatedDisk;

beforeEach(async () => {
  clock = new SimulatedClock();
  disk = new SimulatedDisk(clock, new SimulatedRandom(3));
  await disk.makeDirectory('/s');
});

async function drive<T>(promise: Promise<T>): Promise<T> {
  let settled = false;
  void promise.finally(() => (settled = true)).catch(() => undefined);
  while (!settled) await clock.advance(1);
  return promise;
}

const VALUES = {
  physicMsgTimestampMs: 1,
  logicsMsgTimestampMs: 2,
  indexMsgTimestampMs: 3,
  logicsPhysicalOffset: 4,
};
const STATE: Omit<SidecarState, 'generation'> = {
  clean: false,
  segmentSizeBytes: 1 << 30,
  writtenUpTo: 3_000_000_000_000,
  syncedUpTo: 2_000_000_000_000,
  logEndOffset: 3_000_000_000_100,
  lastMessageOffset: 2_999_999_999_000,
  lastStoreTimestampMs: 1_700_000_000_000,
  checkpoint: VALUES,
  bootId: '0b5d8c1e-5a35-4d2e-9f0a-3f1f0c8d7f11',
};

describe('SidecarFile', () => {
  const open = () => SidecarFile.open(disk, '/s/side');

  it('gives back the newest state, and the one before', async () => {
    const file = await open();
    expect(file.found).toEqual([]);
    await drive(file.write(STATE, true));
    await drive(file.write({ ...STATE, clean: true }, true));
    expect((await open()).found).toEqual([
      { ...STATE, clean: true, generation: 2 },
      { ...STATE, generation: 1 },
    ]);
  });

  it('keeps the older state when the newer one is torn at any byte', async () => {
    const file = await open();
    for (let i = 0; i < 3; i++) await drive(file.write(STATE, true));
    const whole = (await disk.readFile('/s/side'))!;
    const newest = (3 % 2) * 4096;
    for (let length = 0; length < 512; length += 7) {
      const torn = disk.openNow('/s/side', { create: false });
      torn.writeNow([whole.subarray(0, newest), Buffer.alloc(512, 0x5a)], 0);
      torn.writeNow([whole.subarray(newest, newest + length)], newest);
      expect((await open()).found.map((state) => state.generation)).toEqual([2]);
    }
  });

  it('counts on after a start, so that the newest slot is never overwritten', async () => {
    await drive((await open()).write(STATE, true));
    const again = await open();
    await drive(again.write({ ...STATE, writtenUpTo: 5 }, true));
    expect((await open()).found.map((state) => state.generation)).toEqual([2, 1]);
  });

  it('makes no file before it is written', async () => {
    await open();
    expect(await disk.exists('/s/side')).toBe(false);
  });
});

describe('CheckpointFile', () => {
  it('writes the fields where Apache reads them, and keeps the others', async () => {
    const foreign = Buffer.alloc(4096);
    foreign.writeBigInt64BE(77n, 24);
    foreign.writeBigInt64BE(88n, 32);
    disk.openNow('/s/checkpoint', { create: true }).writeNow([foreign], 0);
    const file = await CheckpointFile.open(disk, '/s/checkpoint');
    await drive(file.write({ ...VALUES, physicMsgTimestampMs: 1_700_000_000_000 }));
    const page = (await disk.readFile('/s/checkpoint'))!;
    expect(page.length).toBe(4096);
    expect([0, 8, 16, 24, 32, 40].map((at) => Number(page.readBigInt64BE(at)))).toEqual([
      1_700_000_000_000, 2, 3, 77, 88, 4,
    ]);
    expect((await CheckpointFile.open(disk, '/s/checkpoint')).found).toMatchObject({
      logicsMsgTimestampMs: 2,
    });
  });

  it.each([
    ['negative', -1n],
    ['beyond a safe number', 2n ** 60n],
  ])('goes without values that are %s', async (_name, value) => {
    const page = Buffer.alloc(4096);
    page.writeBigInt64BE(value, 8);
    disk.openNow('/s/checkpoint', { create: true }).writeNow([page], 0);
    expect((await CheckpointFile.open(disk, '/s/checkpoint')).found).toBeUndefined();
  });
});

describe('the list of queues', () => {
  const queues = () => {
    const table = new ConsumeQueues();
    for (const [topic, queueId, units] of [
      ['A b', 0, 3],
      ['%RETRY%g', 7, 2],
      ['new', 0, 0],
    ] as const) {
      const queue = table.get(topic, queueId);
      for (let i = 0; i < units; i++) queue.add(i, i, 1, 0);
      queue.markWritten(units);
    }
    return table;
  };
  const write = () =>
    drive(writeManifest(disk, '/s', queues(), { durable: true, logMinOffset: 1 << 30 }));

  it('comes back as it was written', async () => {
    await write();
    expect(await readManifest(disk, '/s')).toEqual({
      logMinOffset: 1 << 30,
      queues: [
        { topic: 'A b', queueId: 0, minOffset: 0, writtenOffset: 3, syncedOffset: 0 },
        { topic: '%RETRY%g', queueId: 7, minOffset: 0, writtenOffset: 2, syncedOffset: 0 },
      ],
    });
  });

  it('counts for nothing when a byte of it was changed', async () => {
    await write();
    const { length } = (await disk.readFile('/s/rocketmq-ts.queues'))!;
    for (let byte = 0; byte < length; byte++) {
      disk.flipBit('/s/rocketmq-ts.queues', byte * 8 + 1);
      expect([byte, await readManifest(disk, '/s')]).toEqual([byte, undefined]);
      disk.flipBit('/s/rocketmq-ts.queues', byte * 8 + 1);
    }
    expect(await readManifest(disk, '/s')).toBeDefined();
  });
});
