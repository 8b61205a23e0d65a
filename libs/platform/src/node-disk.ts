import {
  closeSync,
  constants,
  fstat,
  fstatSync,
  mkdirSync,
  open as openCallback,
  openSync,
} from 'node:fs';
import {
  type FileHandle,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  statfs,
} from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Disk, DiskEntry, DiskFile, DiskSpace } from '@rocketmq-ts/kernel';
import { NodeDiskFile } from './node-disk-file.js';
import { openFileCountMax } from './open-file-limit.js';
import { takeStoreLock } from './store-lock.js';

const FILE_MODE = 0o644;
// Plain descriptors, not `FileHandle`s: a handle closes itself when the garbage collector finds it.
const openDescriptor = promisify(openCallback);
const factsOf = promisify(fstat);

const isAbsent = (error: unknown): boolean => {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
};

/** `undefined` where the path does not exist; other errors pass. */
const unlessAbsent = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
};

interface OpenOptions {
  readonly create: boolean;
  readonly readOnly?: boolean;
}

function openFlags({ create, readOnly }: OpenOptions): number {
  return (readOnly ? constants.O_RDONLY : constants.O_RDWR) | (create ? constants.O_CREAT : 0);
}

/** The files of this machine. */
export class NodeDisk implements Disk {
  async open(path: string, options: OpenOptions): Promise<DiskFile> {
    const descriptor = await openDescriptor(path, openFlags(options), FILE_MODE);
    try {
      return new NodeDiskFile(path, descriptor, (await factsOf(descriptor)).size);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  openNow(path: string, options: OpenOptions): DiskFile {
    const descriptor = openSync(path, openFlags(options), FILE_MODE);
    try {
      return new NodeDiskFile(path, descriptor, fstatSync(descriptor).size);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  async list(path: string): Promise<readonly DiskEntry[]> {
    const names = (await unlessAbsent(readdir(path))) ?? [];
    const entries: DiskEntry[] = [];
    for (const name of names.sort()) {
      // An entry that goes between the two calls is no entry.
      const facts = await unlessAbsent(stat(join(path, name)));
      if (facts) {
        entries.push({
          name,
          directory: facts.isDirectory(),
          sizeBytes: facts.size,
          modifiedMs: facts.mtimeMs,
        });
      }
    }
    return entries;
  }

  async exists(path: string): Promise<boolean> {
    return (await unlessAbsent(stat(path))) !== undefined;
  }

  /** Parents that are missing are made too. */
  async makeDirectory(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
  }

  makeDirectoryNow(path: string): void {
    mkdirSync(path, { recursive: true });
  }

  readFile(path: string): Promise<Buffer | undefined> {
    return unlessAbsent(readFile(path));
  }

  rename(from: string, to: string): Promise<void> {
    return rename(from, to);
  }

  remove(path: string): Promise<void> {
    return rm(path, { recursive: true, force: true });
  }

  async syncDirectory(path: string): Promise<void> {
    // Windows has no handle on a directory to sync; NTFS journals names by itself.
    if (process.platform === 'win32') return;
    const directory: FileHandle = await open(path, constants.O_RDONLY);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  async space(path: string): Promise<DiskSpace> {
    const { bsize, blocks, bfree, bavail } = await statfs(path);
    // What only the superuser may take belongs to neither: the used share is then what df shows, and Java computes.
    return { totalBytes: (blocks - bfree + bavail) * bsize, freeBytes: bavail * bsize };
  }

  openFileCountMax(): number | undefined {
    return openFileCountMax();
  }

  tryLock(path: string): Promise<(() => Promise<void>) | undefined> {
    return takeStoreLock(path);
  }
}
