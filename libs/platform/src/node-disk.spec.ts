import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { DiskFile } from '@rocketmq-ts/kernel';
import { scratchDirectory } from '../test/scratch-directory.js';
import { remainingOf } from './node-disk-file.js';
import { NodeDisk } from './node-disk.js';

const root = scratchDirectory('disk');
const disk = new NodeDisk();
let files = 0;
const newPath = (): string => join(root, `file-${files++}`);

const write = (file: DiskFile, pieces: Uint8Array[], position: number): Promise<void> =>
  new Promise((resolve, reject) =>
    file.write(pieces, position, (error) => (error ? reject(error) : resolve())),
  );
const read = (file: DiskFile, into: Uint8Array, position: number): Promise<number> =>
  new Promise((resolve, reject) =>
    file.read(into, position, (error, count) => (error ? reject(error) : resolve(count))),
  );
const dataSync = (file: DiskFile): Promise<void> =>
  new Promise((resolve, reject) => file.dataSync((error) => (error ? reject(error) : resolve())));

describe('NodeDisk.open', () => {
  it('refuses an absent file unless it may create it', async () => {
    const path = newPath();
    await expect(disk.open(path, { create: false })).rejects.toMatchObject({ code: 'ENOENT' });
    expect(() => disk.openNow(path, { create: false })).toThrow(/ENOENT/);
    const file = await disk.open(path, { create: true });
    expect(file.sizeBytes).toBe(0);
    await file.close();
  });

  it('knows the length of a file that exists and keeps its content', async () => {
    const path = newPath();
    writeFileSync(path, 'twelve bytes');
    const file = disk.openNow(path, { create: true });
    expect(file.sizeBytes).toBe(12);
    await file.close();
    expect((await disk.readFile(path))?.toString()).toBe('twelve bytes');
  });

  it('does not let a read-only file be written', async () => {
    const path = newPath();
    writeFileSync(path, 'x');
    const file = await disk.open(path, { create: false, readOnly: true });
    await expect(write(file, [Buffer.from('y')], 0)).rejects.toMatchObject({ code: 'EBADF' });
    await file.close();
  });
});

describe('NodeDiskFile.write', () => {
  it('writes many pieces one after the other and grows the file', async () => {
    const file = await disk.open(newPath(), { create: true });
    // More than the 1 024 pieces that one system call takes.
    const pieces = Array.from({ length: 3_000 }, (_, i) => Buffer.from(`${i};`));
    await write(file, pieces, 10);
    const expected = Buffer.concat(pieces);
    expect(file.sizeBytes).toBe(10 + expected.length);
    const back = Buffer.alloc(expected.length);
    expect(await read(file, back, 10)).toBe(expected.length);
    expect(back.equals(expected)).toBe(true);
    await file.close();
  });

  it('takes an empty batch without touching the file', async () => {
    const file = await disk.open(newPath(), { create: true });
    await write(file, [], 5);
    await write(file, [Buffer.alloc(0)], 5);
    file.writeNow([], 5);
    expect(file.sizeBytes).toBe(0);
    await file.close();
  });

  it('reports a full device as ENOSPC', async () => {
    const full = newPath();
    symlinkSync('/dev/full', full);
    const file = await disk.open(full, { create: false });
    await expect(write(file, [Buffer.from('x')], 0)).rejects.toMatchObject({ code: 'ENOSPC' });
    await expect(write(file, [Buffer.from('x'), Buffer.from('y')], 0)).rejects.toMatchObject({
      code: 'ENOSPC',
    });
    expect(() => file.writeNow([Buffer.from('x')], 0)).toThrow(/ENOSPC/);
    expect(file.sizeBytes).toBe(0);
    await file.close();
  });
});

describe('remainingOf', () => {
  it('leaves exactly the bytes that were not written, for every count', () => {
    const buffers = [Buffer.from('abc'), Buffer.from(''), Buffer.from('de'), Buffer.from('f')];
    for (let written = 0; written <= 6; written++) {
      expect(Buffer.concat(remainingOf(buffers, written)).toString()).toBe('abcdef'.slice(written));
    }
  });
});

describe('NodeDiskFile.writeNow and readNow', () => {
  it('write and read on the calling thread', async () => {
    const file = disk.openNow(newPath(), { create: true });
    file.writeNow([Buffer.from('hello')], 0);
    file.writeNow([Buffer.from(', '), Buffer.from('world')], 5);
    const into = Buffer.alloc(20);
    expect(file.readNow(into, 0)).toBe(12);
    expect(into.toString('latin1', 0, 12)).toBe('hello, world');
    expect(file.readNow(into, 12)).toBe(0);
    expect(file.sizeBytes).toBe(12);
    await file.close();
  });
});

describe('NodeDiskFile.read', () => {
  it('returns fewer bytes at the end of the file and none behind it', async () => {
    const file = await disk.open(newPath(), { create: true });
    await write(file, [Buffer.from('0123456789')], 0);
    const into = Buffer.alloc(8);
    expect(await read(file, into, 6)).toBe(4);
    expect(into.toString('latin1', 0, 4)).toBe('6789');
    expect(await read(file, into, 100)).toBe(0);
    await file.close();
  });
});

describe('NodeDiskFile.truncate', () => {
  it('cuts and grows; what was grown reads as zeros', async () => {
    const file = await disk.open(newPath(), { create: true });
    await write(file, [Buffer.from('0123456789')], 0);
    await file.truncate(4);
    expect(file.sizeBytes).toBe(4);
    await file.truncate(6);
    const into = Buffer.alloc(10, 0xff);
    expect(file.readNow(into, 0)).toBe(6);
    expect(into.toString('latin1', 0, 6)).toBe('0123\0\0');
    await dataSync(file);
    await file.close();
  });
});

describe('NodeDiskFile.close', () => {
  it('waits for what is under way and refuses what comes later (I1)', async () => {
    const path = newPath();
    const file = await disk.open(path, { create: true });
    const order: string[] = [];
    const writing = write(file, [Buffer.alloc(1 << 20, 1)], 0).then(() => order.push('written'));
    const syncing = dataSync(file).then(() => order.push('synced'));
    const closing = file.close().then(() => order.push('closed'));
    await Promise.all([writing, syncing, closing]);
    expect(order.at(-1)).toBe('closed');
    await expect(write(file, [Buffer.from('x')], 0)).rejects.toMatchObject({ code: 'EBADF' });
    await expect(dataSync(file)).rejects.toMatchObject({ code: 'EBADF' });
    await expect(read(file, Buffer.alloc(1), 0)).rejects.toMatchObject({ code: 'EBADF' });
    await expect(file.truncate(0)).rejects.toMatchObject({ code: 'EBADF' });
    expect(() => file.writeNow([Buffer.from('x')], 0)).toThrow(/EBADF/);
    await file.close();
    expect((await disk.readFile(path))?.length).toBe(1 << 20);
  });
});

describe('NodeDisk directories', () => {
  it('lists entries by name with their facts; an absent directory is empty', async () => {
    const at = join(root, 'tree');
    expect(await disk.list(at)).toEqual([]);
    await disk.makeDirectory(join(at, 'b'));
    disk.makeDirectoryNow(join(at, 'b'));
    writeFileSync(join(at, 'c'), '123');
    writeFileSync(join(at, 'a'), '');
    const entries = await disk.list(at);
    expect(entries.map(({ name, directory }) => [name, directory])).toEqual([
      ['a', false],
      ['b', true],
      ['c', false],
    ]);
    expect(entries[2]!.sizeBytes).toBe(3);
    expect(Math.abs(entries[2]!.modifiedMs - Date.now())).toBeLessThan(60_000);
  });

  it('renames, removes whole trees, and does not mind what is not there', async () => {
    const at = join(root, 'moves');
    await disk.makeDirectory(join(at, 'deep', 'deeper'));
    writeFileSync(join(at, 'deep', 'file'), 'x');
    await disk.rename(join(at, 'deep', 'file'), join(at, 'moved'));
    await disk.syncDirectory(at);
    expect(await disk.exists(join(at, 'moved'))).toBe(true);
    await disk.remove(join(at, 'deep'));
    await disk.remove(join(at, 'deep'));
    expect(await disk.exists(join(at, 'deep'))).toBe(false);
    expect(await disk.readFile(join(at, 'deep', 'file'))).toBeUndefined();
  });

  it('knows the space of the file system', async () => {
    const { totalBytes, freeBytes } = await disk.space(root);
    expect(totalBytes).toBeGreaterThan(freeBytes);
    expect(freeBytes).toBeGreaterThan(0);
  });
});
