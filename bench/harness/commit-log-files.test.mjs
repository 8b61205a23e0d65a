import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { assertSameLog, extentOf, LogFollower } from './commit-log-files.mjs';

const root = mkdtempSync(path.join(os.tmpdir(), 'bench-logs-'));
after(() => rmSync(root, { recursive: true, force: true }));
const fileBytes = 8 << 20;

/** A log of files that are filled as said and blank behind. */
function logOf(name, contents) {
  const directory = path.join(root, name);
  mkdirSync(directory);
  for (const [baseOffset, bytes] of Object.entries(contents)) {
    const file = path.join(directory, baseOffset.padStart(20, '0'));
    writeFileSync(file, bytes);
    truncateSync(file, fileBytes);
  }
  return directory;
}

const filled = (length, seed = 7) => Buffer.alloc(length, Buffer.from([seed, 1, 2, 3, 5, 0, 0, 9]));

test('a log ends behind its last byte that is not zero, wherever in a block that is', () => {
  assert.deepEqual(extentOf(path.join(root, 'missing')), { first: 0, end: 0 });
  for (const length of [0, 8, (1 << 20) - 8, 1 << 20, (1 << 20) + 8, 5_000_000 - 8, fileBytes]) {
    const log = logOf(`end-${length}`, { 0: filled(length) });
    assert.deepEqual(extentOf(log), { first: 0, end: length });
  }
});

test('a file that is prepared and empty does not count', () => {
  const log = logOf('prepared', { [fileBytes]: filled(800), [2 * fileBytes]: Buffer.alloc(0) });
  assert.deepEqual(extentOf(log), { first: fileBytes, end: fileBytes + 800 });
});

test('a log that grows is followed through its files', () => {
  const log = logOf('growing', { 0: filled(8) });
  const follower = new LogFollower(log);
  assert.equal(follower.extent().end, 8);
  for (const [baseOffset, length] of [
    [0, 16],
    [0, 4096],
    [0, 6_000_000],
    [0, 6_000_000],
    [0, fileBytes],
    [fileBytes, 0],
    [fileBytes, 4104],
    [2 * fileBytes, 16],
  ]) {
    const file = path.join(log, String(baseOffset).padStart(20, '0'));
    writeFileSync(file, filled(length));
    truncateSync(file, fileBytes);
    assert.deepEqual(follower.extent(), { first: 0, end: baseOffset + length });
  }
});

test('a slave that begins later is compared from there', () => {
  const master = logOf('m1', { 0: filled(fileBytes, 1), [fileBytes]: filled(4000) });
  const slave = logOf('s1', { [fileBytes]: filled(4000), [2 * fileBytes]: Buffer.alloc(0) });
  const { from, to } = assertSameLog(master, slave);
  assert.deepEqual([from, to], [fileBytes, fileBytes + 4000]);
});

test('one other byte, another end, and a slave without a log are found', () => {
  const master = logOf('m2', { 0: filled(3_000_000) });
  const other = filled(3_000_000);
  other[1_234_567] ^= 64;
  assert.throws(
    () => assertSameLog(master, logOf('s2', { 0: other })),
    /differ between 1048576 and 2097152/,
  );
  const shorter = logOf('s3', { 0: filled(2_999_992) });
  assert.throws(() => assertSameLog(master, shorter), /ends at 3000000, the slave's at 2999992/);
  assert.throws(() => assertSameLog(master, path.join(root, 'none')), /the slave's at 0/);
  const blank = logOf('s4', { 0: Buffer.alloc(0) });
  assert.throws(() => assertSameLog(blank, blank), /nothing in common/);
});
