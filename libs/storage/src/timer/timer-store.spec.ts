import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  RecordingLogger,
  SimulatedClock,
  SimulatedDisk,
  SimulatedRandom,
} from '@rocketmq-ts/testing';
import { TimerMagic } from './timer-unit.js';
import { TimerStore } from './timer-store.js';
import type { NewTimerUnit } from './timer-unit.js';

const ROOT = '/store';
/** Small files, so that some dozens of units cross their ends. */
const FILE_BYTES = 1_024;
const SECOND = 1_000;

let clock: SimulatedClock;
let disk: SimulatedDisk;
let logger: RecordingLogger;
let commitLog: { flushedOffset: number; commitLogMaxOffset: number };
let store: TimerStore;
let base: number;

beforeEach(async () => {
  clock = new SimulatedClock();
  disk = new SimulatedDisk(clock, new SimulatedRandom(1));
  logger = new RecordingLogger();
  commitLog = { flushedOffset: 1e9, commitLogMaxOffset: 0 };
  base = clock.nowMs() - (clock.nowMs() % SECOND);
  store = await open();
  store.readTimeMs = base;
});

async function drive<T>(work: Promise<T>): Promise<T> {
  let over = false;
  const watched = work.finally(() => (over = true));
  watched.catch(() => undefined);
  for (let i = 0; i < 5_000 && !over; i++) await clock.advance(1);
  return watched;
}

const open = (more: { precisionMs?: number } = {}): Promise<TimerStore> =>
  drive(
    TimerStore.open(
      { disk, clock, logger },
      {
        rootPath: ROOT,
        precisionMs: SECOND,
        logFileBytes: FILE_BYTES,
        rollWindowMs: 200 * SECOND,
        slotCount: 4_096,
        commitLog,
        ...more,
      },
    ),
  );

const unit = (second: number, commitLogOffset: number): NewTimerUnit => ({
  magic: TimerMagic.DEFAULT,
  writeTimeMs: base,
  slotTimeMs: base + second * SECOND,
  commitLogOffset,
  recordBytes: 200,
  topicHash: 7,
  dueMs: base + second * SECOND + 1 + (commitLogOffset % 999),
});

/** Notes `count` messages over ten slots, from number `from` on. */
function note(count: number, from = 0): void {
  for (let i = from; i < from + count; i++) store.add(unit(10 + (i % 10), i * 200));
  store.queueOffset = from + count;
}

/** Commit-log offsets of all that waits, by second. */
async function waiting(of = store): Promise<Map<number, number[]>> {
  const found = new Map<number, number[]>();
  for (let second = 0; second < 30; second++) {
    const { units, whole } = await drive(of.readSlot(base + second * SECOND));
    expect(whole).toBe(true);
    if (units.length > 0)
      found.set(
        second,
        units.map(({ commitLogOffset }) => commitLogOffset),
      );
  }
  return found;
}

const expected = (count: number): Map<number, number[]> =>
  new Map(
    Array.from({ length: Math.min(count, 10) }, (_, slot) => [
      10 + slot,
      Array.from({ length: Math.ceil((count - slot) / 10) }, (_, i) => (slot + i * 10) * 200),
    ]),
  );

describe('TimerStore', () => {
  it('gives back the units of a slot in the order in which they came, over files and memory', async () => {
    note(95);
    expect(await waiting()).toEqual(expected(95));
    await drive(store.flush());
    note(20, 95);
    expect(await waiting()).toEqual(expected(115));
  });

  it('goes on after a close, from the snapshot', async () => {
    note(95);
    await drive(store.close(1_000));
    store = await open();
    expect([store.plan.row, store.queueOffset, store.readTimeMs]).toEqual(['R4', 95, base]);
    expect(await waiting()).toEqual(expected(95));
  });

  it('goes on after a kill, from the checkpoint; what came later is cut off', async () => {
    note(60);
    await drive(store.flush());
    note(20, 60);
    store.log.writeOut();
    disk.kill();
    store = await open();
    expect([store.plan.row, store.queueOffset]).toEqual(['R5', 60]);
    expect(await waiting()).toEqual(expected(60));
    note(20, 60);
    expect(await waiting()).toEqual(expected(80));
  });

  it('has no checkpoint ahead of a commit log that is not synced (I1)', async () => {
    note(10);
    await drive(store.flush());
    commitLog.commitLogMaxOffset = 5_000;
    commitLog.flushedOffset = 4_999;
    note(10, 10);
    store.readTimeMs = base + 5 * SECOND;
    await drive(store.flush());
    expect(store.checkpoint).toMatchObject({ lastTimerQueueOffset: 10, lastReadTimeMs: base });
    commitLog.flushedOffset = 5_000;
    await drive(store.flush());
    expect(store.checkpoint).toMatchObject({
      lastTimerQueueOffset: 20,
      lastReadTimeMs: base + 5 * SECOND,
    });
  });

  it('does not need the snapshot, the wheel, or both', async () => {
    note(95);
    await drive(store.close(1_000));
    for (const name of ['rocketmq-ts.timerwheel', 'timerwheel']) {
      await disk.remove(`${ROOT}/${name}`);
      store = await open();
      expect(await waiting()).toEqual(expected(95));
      await drive(store.close(1_000));
    }
  });

  it('uses the kept checkpoint where the other one is gone', async () => {
    note(95);
    await drive(store.close(1_000));
    await disk.remove(`${ROOT}/config/timercheck`);
    store = await open();
    expect(store.plan.row).toBe('R4');
    expect(await waiting()).toEqual(expected(95));
  });

  it('asks for everything again where the log is gone, and says so in the checkpoint first', async () => {
    note(95);
    store.readTimeMs = base + 3 * SECOND;
    await drive(store.close(1_000));
    await disk.remove(`${ROOT}/timerlog`);
    store = await open();
    expect([store.plan.row, store.queueOffset]).toEqual(['R3', 0]);
    expect(store.rebuild).toEqual({
      notedBelowQueueOffset: 95,
      deliveredBeforeMs: base + 3 * SECOND,
    });
    // A crash while the log grows again must not find the old checkpoint beside it.
    note(95);
    await drive(store.flush());
    disk.kill();
    store = await open();
    expect(store.plan.row).toBe('R3');
    note(95);
    store.finishRebuild();
    await drive(store.flush());
    disk.kill();
    store = await open();
    expect([store.plan.row, store.queueOffset]).toEqual(['R5', 95]);
    expect(await waiting()).toEqual(expected(95));
  });

  it('asks for everything again where nothing is known, or the precision is another one', async () => {
    note(20);
    await drive(store.close(1_000));
    store = await open({ precisionMs: 500 });
    expect([store.plan.row, store.queueOffset]).toEqual(['R2', 0]);
    await drive(store.close(1_000));
    await disk.remove(`${ROOT}/config`);
    store = await open();
    expect([store.plan.row, store.queueOffset]).toEqual(['R1', 0]);
  });

  it('knows a checkpoint that Apache’s broker wrote, and keeps the units behind it', async () => {
    note(60);
    await drive(store.flush());
    note(20, 60);
    await drive(store.flush());
    await drive(store.close(1_000));
    const bytes = (await disk.readFile(`${ROOT}/config/timercheck`))!;
    bytes.writeBigInt64BE(52n * 10n, 8); // the position of an earlier sync
    const file = disk.openNow(`${ROOT}/config/timercheck`, { create: false });
    file.writeNow([bytes], 0);
    await disk.remove(`${ROOT}/rocketmq-ts.timerwheel`);
    store = await open();
    expect([store.plan.row, store.queueOffset]).toEqual(['R7', 80]);
    expect(await waiting()).toEqual(expected(80));
  });

  it('says that a slot is not whole where the log is damaged in its middle', async () => {
    note(95);
    await drive(store.close(1_000));
    const file = disk.openNow(`${ROOT}/timerlog/${'0'.repeat(20)}`, { create: false });
    file.writeNow([Buffer.alloc(52, 0xff)], 52 * 3);
    store = await open();
    const { whole } = await drive(store.readSlot(base + 13 * SECOND));
    expect(whole).toBe(false);
  });

  it('counts by topic', async () => {
    note(30);
    store.add({ ...unit(12, 90_000), topicHash: 9 });
    store.add({ ...unit(12, 90_200), topicHash: 9, magic: TimerMagic.DEFAULT | TimerMagic.DELETE });
    const counts = await drive(store.countByTopic());
    expect([...counts!]).toEqual([
      [7, 30],
      [9, 0],
    ]);
  });

  it('tells the oldest message that waits, and counts what is delivered once that will last', async () => {
    expect(await drive(store.oldestWaitingOffset())).toBe(Infinity);
    store.add(unit(10, 5_000));
    store.add(unit(12, 1_000));
    store.add(unit(20, 9_000));
    expect(await drive(store.oldestWaitingOffset())).toBe(1_000);
    store.readTimeMs = base + 13 * SECOND;
    expect(await drive(store.oldestWaitingOffset())).toBe(1_000);
    await drive(store.flush());
    expect(await drive(store.oldestWaitingOffset())).toBe(9_000);
    store.readTimeMs = base + 21 * SECOND;
    await drive(store.flush());
    expect(await drive(store.oldestWaitingOffset())).toBe(Infinity);
  });

  it('tells it also where a full disk takes no unit', async () => {
    store.add(unit(10, 5_000));
    await drive(store.flush());
    store.readTimeMs = base + 13 * SECOND;
    await drive(store.flush());
    disk.fault = (operation, path) =>
      operation === 'write' && path.includes('timerlog') ? 'ENOSPC' : undefined;
    store.add(unit(20, 9_000));
    expect(await drive(store.oldestWaitingOffset())).toBe(5_000);
  });

  it('removes log files when the last slot that they can point to is delivered', async () => {
    note(95);
    await drive(store.flush());
    const files = async (): Promise<number> => (await disk.list(`${ROOT}/timerlog`)).length;
    expect(await files()).toBeGreaterThan(4);
    for (let second = 10; second < 20; second++) store.finishSlot(base + second * SECOND);
    for (let i = 0; i < 10; i++) {
      store.readTimeMs = base + (270 + i) * SECOND;
      await drive(store.flush());
    }
    expect(await files()).toBe(1);
  });

  it('goes on where a full disk kept it from writing', async () => {
    note(30);
    disk.fault = (operation, path) =>
      operation === 'write' && path.includes('timerlog') ? 'ENOSPC' : undefined;
    await drive(store.flush());
    expect(store.flushFailures).toBe(1);
    disk.fault = () => undefined;
    note(10, 30);
    await drive(store.flush());
    expect(store.flushFailures).toBe(0);
    disk.kill();
    store = await open();
    expect(await waiting()).toEqual(expected(40));
  });
});
