/** Commit logs as files: where they end, and whether two of them hold the same bytes. Both sides name and fill their files alike. */
import { closeSync, existsSync, fstatSync, openSync, readSync, readdirSync } from 'node:fs';
import path from 'node:path';

// a page of a log is never blank when the one behind it is not: bodies are random bytes
const blockBytes = 4096;
const nothing = Buffer.alloc(blockBytes);

function withFile(file, use) {
  const descriptor = openSync(file, 'r');
  try {
    return use(descriptor, fstatSync(descriptor).size);
  } finally {
    closeSync(descriptor);
  }
}

function readBlock(descriptor, at, length) {
  const block = Buffer.allocUnsafe(length);
  const read = readSync(descriptor, block, 0, length, at);
  return block.subarray(0, read);
}

const isBlank = (block) => block.equals(nothing.subarray(0, block.length));

/** The files of a commit log, oldest first. */
function filesOf(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => /^\d{20}$/.test(name))
    .sort()
    .map((name) => ({ file: path.join(directory, name), baseOffset: Number(name) }));
}

const strideBlocks = 64;

/**
 * How many blocks are not blank, when those before `from` are not. What is written since is stepped over, so that one
 * block is read of what is blank, and that near the end; a file of which nothing is known is halved.
 */
function writtenBlocks(descriptor, size, from) {
  const blocks = Math.ceil(size / blockBytes);
  const isWritten = (at) => !isBlank(readBlock(descriptor, at * blockBytes, blockBytes));
  let low = from;
  let high = from === 0 ? blocks : from;
  while (high < blocks && isWritten(high)) {
    low = high + 1;
    high = Math.min(low + strideBlocks, blocks);
  }
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isWritten(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * How many bytes of a file are written: files are filled from the front and are blank behind.
 *
 * @param {number} knownBytes so many are known to be written
 */
function writtenBytesOf(file, knownBytes = 0) {
  return withFile(file, (descriptor, size) => {
    const blocks = writtenBlocks(descriptor, size, Math.floor(knownBytes / blockBytes));
    if (blocks === 0) return 0;
    const last = readBlock(descriptor, (blocks - 1) * blockBytes, blockBytes);
    let length = last.length;
    while (length > 0 && last[length - 1] === 0) length--;
    return (blocks - 1) * blockBytes + length;
  });
}

/**
 * Says where a log ends, again and again while it grows. It goes on from where it was: what is read of the blank part gets
 * pages of the system's cache, with those behind it, and new pages cost a virtual machine more than anything else here.
 */
export class LogFollower {
  #known = { file: '', bytes: 0 };

  /** @param {string} directory of commit log files */
  constructor(directory) {
    this.directory = directory;
  }

  /** @returns {{first: number, end: number}} offset of the first file, and where the last byte that is not zero ends; 0 and 0 for none */
  extent() {
    const files = filesOf(this.directory);
    const first = files[0]?.baseOffset ?? 0;
    for (const { file, baseOffset } of files.toReversed()) {
      const bytes = writtenBytesOf(file, file === this.#known.file ? this.#known.bytes : 0);
      if (bytes === 0) continue;
      this.#known = { file, bytes };
      return { first, end: baseOffset + bytes };
    }
    return { first, end: first };
  }
}

/** @param {string} directory of commit log files */
export const extentOf = (directory) => new LogFollower(directory).extent();

const spanBytes = 1 << 20;

/** [from, to) of a log, as far as it lies in the file that holds from. @throws {Error} where there is none */
function readSpan(files, from, to) {
  const holder = files.findLast(({ baseOffset }) => baseOffset <= from);
  if (!holder) throw new Error(`no file holds offset ${from}`);
  return withFile(holder.file, (descriptor, size) => {
    const inFile = from - holder.baseOffset;
    const length = Math.min(spanBytes, to - from, size - inFile);
    if (length <= 0) throw new Error(`there is a hole at offset ${from}`);
    return readBlock(descriptor, inFile, length);
  });
}

/**
 * Compares the range that both logs have, every byte. A slave may begin later than its master (Apache's copies the last
 * file only) but must end where it ends.
 *
 * @returns {{from: number, to: number}} what was compared
 * @throws {Error} when the ends differ, nothing is in common, or the bytes differ, with the place
 */
export function assertSameLog(masterDirectory, slaveDirectory) {
  const master = extentOf(masterDirectory);
  const slave = extentOf(slaveDirectory);
  if (master.end !== slave.end) {
    throw new Error(`the master's log ends at ${master.end}, the slave's at ${slave.end}`);
  }
  const from = Math.max(master.first, slave.first);
  if (from >= master.end) throw new Error('the logs have nothing in common');
  const [masterFiles, slaveFiles] = [filesOf(masterDirectory), filesOf(slaveDirectory)];
  for (let at = from; at < master.end;) {
    const ofMaster = readSpan(masterFiles, at, master.end);
    const ofSlave = readSpan(slaveFiles, at, at + ofMaster.length);
    if (!ofMaster.equals(ofSlave)) {
      throw new Error(`the logs differ between ${at} and ${at + ofMaster.length}`);
    }
    at += ofMaster.length;
  }
  return { from, to: master.end };
}
