import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DiskFile } from '@rocketmq-ts/kernel';
import { SimulatedClock } from './simulated-clock.js';
import { SimulatedDisk } from './simulated-disk.js';
import { SimulatedRandom } from './simulated-random.js';

describe('SimulatedDisk', () => {
  let clock: SimulatedClock;
  let disk: SimulatedDisk;

  beforeEach(() => {
    clock = new SimulatedClock();
    disk = new SimulatedDisk(clock, new SimulatedRandom(7));
  });

  async function run<T>(
    start: (done: (error: Error | undefined, value?: T) => void) => void,
  ): Promise<Error | undefined> {
    let result: Error | undefined;
    start((error) => (result = error));
    await clock.advance(10);
    return result;
  }
  const write = (file: DiskFile, text: string, position = 0) =>
    run((done) => file.write([Buffer.from(text)], position, done));
  const sync = (file: DiskFile) => run((done) => file.dataSync(done));
  const contentOf = async (path: string, from = disk) => (await from.readFile(path))?.toString();

  it('reads back what was written, holes as zeros', async () => {
    const file = await disk.open('/a', { create: true });
    await write(file, 'tail', 5000);
    const bytes = Buffer.alloc(6);
    expect(file.readNow(bytes, 4998)).toBe(6);
    expect(bytes).toEqual(Buffer.from('\0\0tail'));
    expect(file.readNow(bytes, 5002)).toBe(2);
  });

  it('keeps what was written through a kill', async () => {
    const file = await disk.open('/a', { create: true });
    await write(file, 'written');
    disk.kill();
    expect(await contentOf('/a')).toBe('written');
  });

  it('decides by seed what becomes of a write that was under way', async () => {
    const outcomes = new Set<number>();
    for (let seed = 1; seed < 60; seed++) {
      const other = new SimulatedDisk(clock, new SimulatedRandom(seed));
      const file = await other.open('/a', { create: true });
      file.write([Buffer.alloc(4096, 1)], 0, () => undefined);
      other.kill();
      outcomes.add((await other.readFile('/a'))?.length ?? 0);
    }
    expect(outcomes).toContain(0);
    expect(outcomes).toContain(4096);
    expect([...outcomes].some((size) => size > 0 && size < 4096)).toBe(true);
  });

  it('never calls a process that was killed', async () => {
    const file = await disk.open('/a', { create: true });
    let called = false;
    file.write([Buffer.from('x')], 0, () => (called = true));
    disk.kill();
    await clock.advance(1000);
    expect(called).toBe(false);
  });

  it('keeps synced bytes through a loss of power, and loses others in part', async () => {
    let lost = 0;
    for (let seed = 1; seed <= 40; seed++) {
      disk = new SimulatedDisk(clock, new SimulatedRandom(seed));
      const file = await disk.open('/a', { create: true });
      await write(file, 'a'.repeat(2048));
      await sync(file);
      await disk.syncDirectory('/');
      await write(file, 'b'.repeat(2048), 2048);
      disk.losePower();
      const content = (await contentOf('/a')) ?? '';
      expect(content.slice(0, 2048)).toBe('a'.repeat(2048));
      if (!content.endsWith('b'.repeat(2048))) lost++;
    }
    expect(lost).toBeGreaterThan(30);
  });

  it('may lose a new file whose directory was not synced, and undo a rename', async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 40; seed++) {
      disk = new SimulatedDisk(clock, new SimulatedRandom(seed));
      const file = await disk.open('/old', { create: true });
      await write(file, 'x');
      await sync(file);
      await disk.syncDirectory('/');
      await disk.rename('/old', '/new');
      disk.losePower();
      seen.add(disk.paths().join());
    }
    expect([...seen].sort()).toEqual(['/new', '/old']);
  });

  it('forgets bytes whose sync failed, though the next sync reports success', async () => {
    const file = await disk.open('/a', { create: true });
    await write(file, 'first');
    await sync(file);
    await disk.syncDirectory('/');
    await write(file, 'other');
    disk.fault = (operation) => (operation === 'dataSync' ? 'EIO' : undefined);
    expect(await sync(file)).toMatchObject({ code: 'EIO' });
    disk.fault = () => undefined;
    expect(await sync(file)).toBeUndefined();
    expect(await contentOf('/a')).toBe('other');
    disk.losePower();
    expect(await contentOf('/a')).toBe('first');
  });

  it('says ENOSPC when it is full and takes again when there is room', async () => {
    disk.capacityBytes = 100;
    const file = await disk.open('/a', { create: true });
    expect(await write(file, 'x'.repeat(101))).toMatchObject({ code: 'ENOSPC' });
    disk.capacityBytes = 200;
    expect(await write(file, 'x'.repeat(101))).toBeUndefined();
    expect(await disk.space()).toEqual({ totalBytes: 200, freeBytes: 99 });
  });

  it('gives a lock once, and again after a kill', async () => {
    expect(await disk.tryLock('/lock')).toBeDefined();
    expect(await disk.tryLock('/lock')).toBeUndefined();
    disk.kill();
    expect(await disk.tryLock('/lock')).toBeDefined();
  });

  it('forks into a copy that lives on its own', async () => {
    const file = await disk.open('/a', { create: true });
    await write(file, 'before');
    const fork = disk.fork(new SimulatedRandom(1));
    await write(file, 'behind');
    expect(await contentOf('/a', fork)).toBe('before');
    fork.losePower();
    expect(await contentOf('/a')).toBe('behind');
  });
});

describe('SimulatedClock', () => {
  it('runs timers in order of time and ends each tick before the next', async () => {
    const clock = new SimulatedClock();
    const seen: string[] = [];
    clock.setTimer(20, () => seen.push('20'));
    clock.setTimer(10, () => {
      seen.push('10');
      clock.afterTick(() => seen.push('end of 10'));
    });
    clock.setPeriodic(8, () => seen.push('period'));
    await clock.advance(20);
    expect(seen).toEqual(['period', '10', 'end of 10', 'period', '20']);
    expect(clock.monotonicMs()).toBe(20);
  });

  it('does not run what was cancelled', async () => {
    const clock = new SimulatedClock();
    let ran = false;
    clock.setTimer(5, () => (ran = true)).cancel();
    await clock.advance(10);
    expect(ran).toBe(false);
  });
});
