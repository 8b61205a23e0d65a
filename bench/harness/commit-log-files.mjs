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

/**
 * How many bytes of a file are written. Files are filled from the front and are blank behind, so that the last block
 * which is not blank is found by halving.
 */
function writtenBytesOf(file) {
  return withFile(file, (descriptor, size) => {
    let low = 0;
    let high = Math.ceil(size / blockBytes);
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBlank(readBlock(descriptor, middle * blockBytes, blockBytes))) high = middle;
      else low = middle + 1;
    }
    if (low === 0) return 0;
    const last = readBlock(descriptor, (low - 1) * blockBytes, blockBytes);
    let length = last.length;
    while (length > 0 && last[length - 1] === 0) length--;
    return (low - 1) * blockBytes + length;
  });
}

/**
 * @param {string} directory of commit log files
 * @returns {{first: number, end: number}} offset of the first file, and where the last byte that is not zero ends; 0 and 0 for none
 */
export function extentOf(directory) {
  const files = filesOf(directory);
  const first = files[0]?.baseOffset ?? 0;
  for (const { file, baseOffset } of files.toReversed()) {
    const written = writtenBytesOf(file);
    if (written > 0) return { first, end: baseOffset + written };
  }
  return { first, end: first };
}

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
