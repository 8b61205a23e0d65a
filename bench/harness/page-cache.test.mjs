import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { setAside } from './page-cache.mjs';

const root = mkdtempSync(path.join(os.tmpdir(), 'set-aside-'));
after(() => rmSync(root, { recursive: true, force: true }));

test('a directory set aside takes no room, keeps its inodes, and leaves its name free', () => {
  const directory = path.join(root, 'ours');
  const inodes = [1, 2].map((time) => {
    mkdirSync(path.join(directory, 'store', 'commitlog'), { recursive: true });
    const file = path.join(directory, 'store', 'commitlog', '00000000000000000000');
    writeFileSync(file, Buffer.alloc(10_000, time));
    const { ino } = statSync(file);
    setAside(directory);
    assert.ok(!existsSync(directory));
    return ino;
  });
  const spent = [0, 1].map((at) => path.join(`${directory}.spent-${at}`, 'store', 'commitlog'));
  const facts = spent.map((parent) => statSync(path.join(parent, '00000000000000000000')));
  assert.deepEqual(
    facts.map(({ ino, size }) => ({ ino, size })),
    inodes.map((ino) => ({ ino, size: 0 })),
  );
});

test('setting aside what was never made does nothing', () => {
  setAside(path.join(root, 'absent'));
});
