import type { Disk, DiskDone, DiskFile } from '@rocketmq-ts/kernel';
import { NodeDisk } from '@rocketmq-ts/platform';

/** Ways in which a broker can break its promises, each played by a disk that does what the broken code would. */
export const mutants = [
  'answer-before-write',
  'lose-tail-at-start',
  'drop-writes',
  'damage-reads',
] as const;
export type Mutant = (typeof mutants)[number];

const LATE_MS = 60;
const LOST_BYTES = 24_000;
const DROPPED_EVERY = 40;

const isLogFile = (path: string): boolean => /\/commitlog\/\d{20}$/.test(path);

/** The machine's disk, broken in one way where the commit log is concerned. */
export function brokenDisk(mutant: Mutant): Disk {
  const disk = new NodeDisk();
  const open = disk.open.bind(disk);
  disk.open = async (path, options) => {
    const file = await open(path, options);
    if (!isLogFile(path)) return file;
    if (mutant === 'lose-tail-at-start') await loseTail(file);
    else breakFile(file, mutant);
    return file;
  };
  return disk;
}

function breakFile(file: DiskFile, mutant: Mutant): void {
  const { write, writeNow, read, readNow } = file;
  let writes = 0;
  switch (mutant) {
    case 'answer-before-write':
      file.write = (buffers, position, done) => {
        const copies = buffers.map((bytes) => Buffer.from(bytes));
        done(undefined);
        setTimeout(() => write.call(file, copies, position, () => undefined), LATE_MS);
      };
      file.writeNow = (buffers, position) => {
        const copies = buffers.map((bytes) => Buffer.from(bytes));
        setTimeout(() => write.call(file, copies, position, () => undefined), LATE_MS);
      };
      break;
    case 'drop-writes':
      file.write = (buffers, position, done: DiskDone) => {
        if (++writes % DROPPED_EVERY === 0) done(undefined);
        else write.call(file, buffers, position, done);
      };
      file.writeNow = (buffers, position) => {
        if (++writes % DROPPED_EVERY !== 0) writeNow.call(file, buffers, position);
      };
      break;
    case 'damage-reads':
      file.read = (into, position, done) => {
        read.call(file, into, position, (error, bytesRead) => {
          flip(into, bytesRead);
          done(error, bytesRead);
        });
      };
      file.readNow = (into, position) => {
        const bytesRead = readNow.call(file, into, position);
        flip(into, bytesRead);
        return bytesRead;
      };
      break;
    case 'lose-tail-at-start':
      break;
  }
}

function flip(bytes: Uint8Array, count: number): void {
  if (count > 4_000) bytes[3_000]! ^= 0x20;
}

/** Zeroes the newest bytes of a file, as a recovery that cuts too much would. */
async function loseTail(file: DiskFile): Promise<void> {
  const bytes = Buffer.alloc(file.sizeBytes);
  file.readNow(bytes, 0);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  if (end === 0 || end === bytes.length) return;
  const start = Math.max(0, end - LOST_BYTES);
  file.writeNow([Buffer.alloc(end - start)], start);
}
