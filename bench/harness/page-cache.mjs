/**
 * Keeps the machine's memory full of page cache, as that of every broker that has run for an hour: new pages then come
 * from old ones. In memory that nothing has used yet they can be much dearer – a virtual machine may have to get them from
 * its host, at 0.3 GB/s instead of 4 – and a side would be slowed down by what it wrote before.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statfsSync,
  statSync,
  truncateSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { settleDisk, unusedMebibytes } from './machine.mjs';
import { runToEnd } from './processes.mjs';

/** What was written before so many other bytes is no longer in memory. */
const RECYCLED_BYTES = os.totalmem();
/** What one session writes at most. */
const SESSION_BYTES = 16 * 2 ** 30;

/** Directories that nobody uses any more, the oldest first. */
const spent = [];
let spentCount = 0;
let keptBytes = 0;

/** Bytes that the files of a directory take on the disk. */
function bytesOf(directory) {
  let bytes = 0;
  for (const name of readdirSync(directory, { recursive: true })) {
    bytes += statSync(path.join(directory, name)).blocks * 512;
  }
  return bytes;
}

/** Gives the room of a directory back to the disk, and the memory of what is still cached of it. */
function empty(directory) {
  for (const name of readdirSync(directory, { recursive: true })) {
    const file = path.join(directory, name);
    if (statSync(file).isFile()) truncateSync(file);
  }
}

/**
 * Moves a directory out of the way. It keeps its room while some of it may be in memory, and its inodes until the directory
 * around it is removed: ext4 without a journal gives the inodes of removed files away only after minutes, and until then
 * looks at each of them for every file and directory that is made (20 µs become 500).
 */
export function setAside(directory) {
  if (!existsSync(directory)) return;
  const now = `${directory}.spent-${spentCount++}`;
  renameSync(directory, now);
  spent.push({ directory: now, bytes: bytesOf(now) });
  let newerBytes = spent.reduce((sum, { bytes }) => sum + bytes, 0);
  while (spent.length > 0) {
    newerBytes -= spent[0].bytes;
    if (newerBytes < keptBytes) break;
    empty(spent.shift().directory);
  }
}

/**
 * Fills the memory that is unused, and sees to it that it stays so. Without enough room on the disk it does nothing.
 * @returns whether it did
 */
export async function fillPageCache(directory) {
  const { bavail, bsize } = statfsSync(directory);
  const ballastBytes = unusedMebibytes() * 2 ** 20;
  if (bavail * bsize < ballastBytes + RECYCLED_BYTES + SESSION_BYTES) return false;
  keptBytes = RECYCLED_BYTES;
  const ballast = path.join(directory, 'ballast');
  mkdirSync(ballast);
  const count = Math.ceil(ballastBytes / 2 ** 20);
  await runToEnd('dd', ['if=/dev/zero', `of=${ballast}/zeros`, 'bs=1M', `count=${count}`]);
  await settleDisk();
  setAside(ballast);
  return true;
}
