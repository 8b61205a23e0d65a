import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { javaHashCode, silentLogger, type Disk } from '@rocketmq-ts/kernel';
import { NodeClock, NodeDisk } from '@rocketmq-ts/platform';
import { indexKeysOf } from '@rocketmq-ts/testing/store';
import { positiveHash, topicSeed } from './index-file.layout.js';
import { IndexFiles } from './index-files.js';

const SHAPE = { slotCount: 100, entryCountMax: 400 };
const TEN_O_CLOCK = 1_700_000_000_000;
const FOREVER = { beginMs: 0, endMs: Number.MAX_SAFE_INTEGER };

describe('IndexFiles', () => {
  let directory: string;
  let open: IndexFiles[];
  const clock = new NodeClock();

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'index-files-'));
    open = [];
  });
  afterEach(async () => {
    for (const index of open) await index.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function openIndex(
    log: { max: number; trustedUpTo?: number; min?: number },
    disk: Disk = new NodeDisk(),
    folder = directory,
  ) {
    const index = new IndexFiles({ disk, clock, logger: silentLogger }, folder, SHAPE);
    open.push(index);
    const putFrom = await index.recover({
      commitLogMinOffset: log.min ?? 0,
      commitLogMaxOffset: log.max,
      trustedUpTo: log.trustedUpTo ?? log.max,
    });
    return { index, putFrom };
  }

  /** `count` messages 100 bytes apart, one second apart, each with a unique key and two of ten shared keys. */
  function fill(index: IndexFiles, first: number, count: number): void {
    for (let n = first; n < first + count; n++)
      index.put(
        indexKeysOf(`U${n}`, `even${n % 2} k${n % 10}`),
        javaHashCode('orders'),
        n * 100,
        TEN_O_CLOCK + n * 1000,
      );
  }
  const find = async (index: IndexFiles, key: string, window = FOREVER, topic = 'orders') =>
    (await index.query(topic, key, 1000, window.beginMs, window.endMs)).commitLogOffsets;

  it('finds a message by its unique key and by each of its keys, also before anything is written', async () => {
    const { index } = await openIndex({ max: 0 });
    fill(index, 0, 50);
    expect(await find(index, 'U7')).toEqual([700]);
    expect(await find(index, 'k7')).toEqual([4700, 3700, 2700, 1700, 700]);
    expect(await find(index, 'k7', FOREVER, 'other-topic')).toEqual([]);
  });

  it('answers the same before, during and after a flush, over several files', async () => {
    const { index } = await openIndex({ max: 0 });
    for (let round = 0; round < 8; round++) {
      fill(index, round * 100, 100);
      const flushed = index.flush(false);
      expect(await find(index, `U${round * 100 + 42}`)).toEqual([(round * 100 + 42) * 100]);
      await flushed;
      expect(await find(index, 'k3')).toHaveLength((round + 1) * 10);
    }
    expect(readdirSync(directory).length).toBe(Math.ceil((800 * 3) / (SHAPE.entryCountMax - 1)));
  });

  it('keeps to the asked time, to the second', async () => {
    const { index } = await openIndex({ max: 0 });
    fill(index, 0, 100);
    const window = { beginMs: TEN_O_CLOCK + 20_000, endMs: TEN_O_CLOCK + 40_000 };
    expect(await find(index, 'k5', window)).toEqual([3500, 2500]);
  });

  it('stops at the asked number of hits, newest first', async () => {
    const { index } = await openIndex({ max: 0 });
    fill(index, 0, 400);
    expect(
      (await index.query('orders', 'even1', 3, 0, Number.MAX_SAFE_INTEGER)).commitLogOffsets,
    ).toEqual([39_900, 39_700, 39_500]);
  });

  it('tells the newest indexed message', async () => {
    const { index } = await openIndex({ max: 0 });
    fill(index, 0, 5);
    expect(await index.query('orders', 'none', 1, 0, 1)).toEqual({
      commitLogOffsets: [],
      lastUpdateTimestampMs: TEN_O_CLOCK + 4000,
      lastUpdateCommitLogOffset: 400,
    });
  });

  it('continues after a clean stop', async () => {
    const first = await openIndex({ max: 0 });
    fill(first.index, 0, 300);
    await first.index.flush(true);
    await first.index.close();
    const { index, putFrom } = await openIndex({ max: 30_000 });
    expect(putFrom).toBe(30_000);
    fill(index, 300, 100);
    expect(await find(index, 'U299')).toEqual([29_900]);
    expect(await find(index, 'k9')).toHaveLength(40);
  });

  it('skips a message that is already indexed', async () => {
    const { index } = await openIndex({ max: 0 });
    fill(index, 0, 20);
    fill(index, 10, 20);
    expect(await find(index, 'U15')).toEqual([1500]);
    expect(await find(index, 'k1')).toEqual([2100, 1100, 100]);
  });

  it('cuts what is not trusted after a crash and asks for it again', async () => {
    const first = await openIndex({ max: 0 });
    fill(first.index, 0, 120);
    await first.index.flush(true);
    await first.index.close();
    const { index, putFrom } = await openIndex({ max: 12_000, trustedUpTo: 5_000 });
    expect(putFrom).toBe(5_000);
    expect(await find(index, 'U49')).toEqual([4900]);
    expect(await find(index, 'U50')).toEqual([]);
    fill(index, 50, 70);
    expect(await find(index, 'k4')).toEqual([
      11_400, 10_400, 9400, 8400, 7400, 6400, 5400, 4400, 3400, 2400, 1400, 400,
    ]);
  });

  it('follows the log when that was cut', async () => {
    const first = await openIndex({ max: 0 });
    fill(first.index, 0, 10);
    await first.index.flush(true);
    await first.index.close();
    const { index } = await openIndex({ max: 500, trustedUpTo: 1000 });
    expect(await find(index, 'U4')).toEqual([400]);
    expect(await find(index, 'U5')).toEqual([]);
  });

  it('asks for the whole log when there is no file, and leaves one so that it asks once', async () => {
    const first = await openIndex({ max: 900, min: 300 });
    expect(first.putFrom).toBe(300);
    await first.index.flush(false);
    await first.index.close();
    expect((await openIndex({ max: 900, min: 300 })).putFrom).toBe(900);
  });

  it.each([
    ['of a wrong length', (path: string) => writeFileSync(path, 'short')],
    ['with an impossible count', (path: string) => patch(path, 36, 401)],
    ['with a negative offset', (path: string) => patch(path, 24, -1)],
  ])(
    'removes a file %s and those behind it, and asks for their messages',
    async (_what, damage) => {
      const first = await openIndex({ max: 0 });
      fill(first.index, 0, 400);
      await first.index.flush(true);
      await first.index.close();
      const names = readdirSync(directory).sort();
      damage(join(directory, names[1] ?? ''));
      const { index, putFrom } = await openIndex({ max: 40_000 });
      expect(readdirSync(directory)).toEqual([names[0]]);
      expect(putFrom).toBeLessThanOrEqual(13_300);
      fill(index, Math.ceil(putFrom / 100), 400 - Math.ceil(putFrom / 100));
      for (const n of [0, 132, 133, 134, 399])
        expect(await find(index, `U${n}`)).toEqual([n * 100]);
    },
  );

  it('removes files whose messages are gone', async () => {
    const { index } = await openIndex({ max: 0 });
    fill(index, 0, 400);
    await index.flush(true);
    await index.removeBelow(30_000);
    expect(await find(index, 'U10')).toEqual([]);
    expect(await find(index, 'U399')).toEqual([39_900]);
    expect(readdirSync(directory).length).toBeLessThan(4);
  });

  it('is readable at every moment of a flush: a copy made between two writes loses nothing below what was flushed before', async () => {
    const copies: { folder: string; flushedCount: number }[] = [];
    let flushedCount = 0;
    const disk = spyOnWrites(new NodeDisk(), () => {
      const folder = mkdtempSync(join(tmpdir(), 'index-copy-'));
      cpSync(directory, folder, { recursive: true });
      copies.push({ folder, flushedCount });
    });
    const { index } = await openIndex({ max: 0 }, disk);
    for (let round = 0; round < 4; round++) {
      fill(index, round * 30, 30);
      await index.flush(round % 2 === 1);
      flushedCount = (round + 1) * 30;
    }
    expect(copies.length).toBeGreaterThan(8);
    for (const copy of copies) {
      const { index: recovered, putFrom } = await openIndex(
        { max: 12_000, trustedUpTo: copy.flushedCount * 100 },
        new NodeDisk(),
        copy.folder,
      );
      expect(putFrom).toBeLessThanOrEqual(copy.flushedCount * 100);
      fill(recovered, Math.ceil(putFrom / 100), 120 - Math.ceil(putFrom / 100));
      for (let n = 0; n < 120; n += 7) expect(await find(recovered, `U${n}`)).toEqual([n * 100]);
      rmSync(copy.folder, { recursive: true, force: true });
    }
  });

  it('keeps sends going when the disk refuses, and writes everything once it takes again', async () => {
    const disk = new NodeDisk();
    const refusing = { now: true };
    const { index } = await openIndex({ max: 0 }, refuseWrites(disk, refusing));
    fill(index, 0, 60);
    await expect(index.flush(false)).rejects.toThrow('no space');
    expect(await find(index, 'U30')).toEqual([3000]);
    refusing.now = false;
    await index.flush(true);
    await index.close();
    const { index: again } = await openIndex({ max: 6000 });
    for (let n = 0; n < 60; n++) expect(await find(again, `U${n}`)).toEqual([n * 100]);
  });

  it("lays an entry out as Apache's IndexFile does", async () => {
    const { index } = await openIndex({ max: 0 });
    index.put(indexKeysOf('first'), javaHashCode('T'), 0x1_0000_0010, TEN_O_CLOCK);
    index.put(indexKeysOf('first'), javaHashCode('T'), 0x1_0000_0200, TEN_O_CLOCK + 2_999);
    await index.flush(true);
    const bytes = readFileSync(join(directory, readdirSync(directory)[0] ?? ''));
    const hash = positiveHash(javaHashCode('T#first'));
    expect(hash).toBe(positiveHash(javaHashCode('first', topicSeed(javaHashCode('T')))));
    expect(bytes.length).toBe(40 + 400 + 8000);
    expect(bytes.readBigInt64BE(0)).toBe(BigInt(TEN_O_CLOCK));
    expect(bytes.readBigInt64BE(8)).toBe(BigInt(TEN_O_CLOCK + 2_999));
    expect(bytes.readBigInt64BE(16)).toBe(0x1_0000_0010n);
    expect(bytes.readBigInt64BE(24)).toBe(0x1_0000_0200n);
    expect([bytes.readInt32BE(32), bytes.readInt32BE(36)]).toEqual([1, 3]);
    expect(bytes.readInt32BE(40 + (hash % 100) * 4)).toBe(2);
    const second = 40 + 400 + 2 * 20;
    expect(bytes.readInt32BE(second)).toBe(hash);
    expect(bytes.readBigInt64BE(second + 4)).toBe(0x1_0000_0200n);
    expect([bytes.readInt32BE(second + 12), bytes.readInt32BE(second + 16)]).toEqual([2, 1]);
  });
});

function patch(path: string, position: number, value: number): void {
  const bytes = readFileSync(path);
  bytes.writeInt32BE(value, position);
  writeFileSync(path, bytes);
}

/** Calls `onWrite` after each write has reached the file. */
function spyOnWrites(disk: Disk, onWrite: () => void): Disk {
  return decorate(disk, (write) => (buffers, position, done) => {
    write(buffers, position, (error) => {
      onWrite();
      done(error);
    });
  });
}

function refuseWrites(disk: Disk, refusing: { now: boolean }): Disk {
  return decorate(disk, (write) => (buffers, position, done) => {
    if (refusing.now) done(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
    else write(buffers, position, done);
  });
}

type Write = Awaited<ReturnType<Disk['open']>>['write'];
function decorate(disk: Disk, wrap: (write: Write) => Write): Disk {
  return new Proxy(disk, {
    get(target, name, receiver) {
      if (name !== 'open') {
        const value: unknown = Reflect.get(target, name, receiver);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      }
      return async (...args: Parameters<Disk['open']>) => {
        const file = await target.open(...args);
        file.write = wrap(file.write.bind(file));
        return file;
      };
    },
  });
}
