import type { Disk, DiskFile, Logger } from '@rocketmq-ts/kernel';
import { segmentName } from '../segment.js';
import type { ConsumeQueue } from './consume-queue.js';
import { blankUnits, UNIT_BYTES } from './queue-unit.js';

const CAPACITY_MIN = 16;

interface OpenFile {
  readonly path: string;
  readonly file: DiskFile;
  users: number;
}

/**
 * The consume-queue files: opened when needed, the least recently used ones closed. Layout on disk:
 * `<root>/<topic>/<queueId>/<offset of first byte, 20 digits>`, each of full length from its creation.
 */
export class QueueFiles {
  private readonly open = new Map<string, OpenFile>();
  /** Directories with a creation or removal that is not durable yet. */
  private readonly unsyncedDirectories = new Set<string>();

  constructor(
    private readonly disk: Disk,
    private readonly logger: Logger,
    readonly rootPath: string,
    /** Units in a file. */
    readonly unitCount: number,
    private capacity: number,
  ) {}

  directoryOf(queue: ConsumeQueue): string {
    return `${this.rootPath}/${queue.topic}/${queue.queueId}`;
  }

  /** The file that holds (or will hold) the unit at `queueOffset`. */
  pathOf(queue: ConsumeQueue, queueOffset: number): string {
    const firstUnit = queueOffset - (queueOffset % this.unitCount);
    return `${this.directoryOf(queue)}/${segmentName(firstUnit * UNIT_BYTES)}`;
  }

  /**
   * Opens the file for a write at `queueOffset`; made with full length where there is none. Call `release` afterwards.
   * @param now on the calling thread, which takes a third of the time; else no call waits for the file system.
   */
  async acquireForWrite(queue: ConsumeQueue, queueOffset: number, now = false): Promise<DiskFile> {
    const path = this.pathOf(queue, queueOffset);
    const known = this.take(path);
    if (known) return known;
    const file = await this.openOrMake(queue, path, now);
    const fullBytes = this.unitCount * UNIT_BYTES;
    try {
      const begins = queue.firstFileOffset < 0 || queueOffset % this.unitCount === 0;
      // Nothing of the queue is in this file yet: what it holds was left behind by an earlier life.
      if (begins && file.sizeBytes > 0 && queueOffset >= queue.writtenOffset)
        await setLength(file, 0, now);
      if (file.sizeBytes !== fullBytes) {
        await setLength(file, fullBytes, now);
        this.unsyncedDirectories.add(this.directoryOf(queue));
        if (queue.firstFileOffset < 0) await this.fillBlank(file, queueOffset);
      }
      if (queue.firstFileOffset < 0) {
        queue.firstFileOffset = queueOffset - (queueOffset % this.unitCount);
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    this.keep(path, file);
    return file;
  }

  /** Opens an existing file for reading. @throws system error, `ENOENT` where there is none */
  acquireForRead(queue: ConsumeQueue, queueOffset: number): DiskFile {
    const path = this.pathOf(queue, queueOffset);
    const known = this.take(path);
    if (known) return known;
    const file = this.openNow(path);
    this.keep(path, file);
    return file;
  }

  /** The caller of `acquire…` no longer uses the file. */
  release(file: DiskFile): void {
    const entry = this.open.get(file.path);
    if (entry?.file === file) entry.users--;
    // Opened twice at the same time: this one was not kept.
    else void this.closeQuietly(file);
    if (this.open.size > this.capacity) this.evict();
  }

  /** Makes creations and removals durable. */
  async syncDirectories(): Promise<void> {
    for (const directory of [...this.unsyncedDirectories]) {
      this.unsyncedDirectories.delete(directory);
      try {
        await this.disk.syncDirectory(directory);
      } catch (error) {
        // A topic that was deleted meanwhile takes its directory with it.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }

  /** Closes and removes one file. */
  async remove(path: string): Promise<void> {
    await this.forget(path);
    await this.disk.remove(path);
    this.unsyncedDirectories.add(path.slice(0, path.lastIndexOf('/')));
  }

  /** Closes and removes all files of a queue. */
  async removeQueue(queue: ConsumeQueue): Promise<void> {
    const directory = this.directoryOf(queue);
    for (const path of [...this.open.keys()]) {
      if (path.startsWith(`${directory}/`)) await this.forget(path);
    }
    await this.disk.remove(directory);
    this.unsyncedDirectories.add(`${this.rootPath}/${queue.topic}`);
  }

  /** Removes the directory of a topic whose queues are removed. */
  async removeTopicDirectory(topic: string): Promise<void> {
    await this.disk.remove(`${this.rootPath}/${topic}`);
    this.unsyncedDirectories.add(this.rootPath);
  }

  async close(): Promise<void> {
    const files = [...this.open.values()];
    this.open.clear();
    for (const { file } of files) await file.close();
  }

  private async openOrMake(queue: ConsumeQueue, path: string, now: boolean): Promise<DiskFile> {
    // Where there is no file yet there is no directory either, as a rule; asking first would make an error for each.
    if (queue.firstFileOffset >= 0) {
      try {
        return this.openNow(path, true);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    const directory = this.directoryOf(queue);
    if (now) this.disk.makeDirectoryNow(directory);
    else await this.disk.makeDirectory(directory);
    this.unsyncedDirectories.add(this.rootPath);
    this.unsyncedDirectories.add(`${this.rootPath}/${queue.topic}`);
    return this.openNow(path, true);
  }

  /** Units below the queue's first one read as fillers. Source: `ConsumeQueue#fillPreBlank`. */
  private async fillBlank(file: DiskFile, queueOffset: number): Promise<void> {
    const blankCount = queueOffset % this.unitCount;
    if (blankCount === 0) return;
    await new Promise<void>((resolve, reject) => {
      file.write([blankUnits(blankCount)], 0, (error) => (error ? reject(error) : resolve()));
    });
  }

  private openNow(path: string, create = false): DiskFile {
    try {
      return this.disk.openNow(path, { create });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error;
      this.capacity = Math.max(CAPACITY_MIN, Math.floor(this.open.size / 2));
      this.logger.warn('too many open files, keeping fewer consume-queue files open', {
        openQueueFilesMax: this.capacity,
      });
      this.evict();
      throw error;
    }
  }

  private take(path: string): DiskFile | undefined {
    const entry = this.open.get(path);
    if (!entry) return undefined;
    // Moved to the end: the front of the map is the least recently used.
    this.open.delete(path);
    this.open.set(path, entry);
    entry.users++;
    return entry.file;
  }

  private keep(path: string, file: DiskFile): void {
    if (!this.open.has(path)) this.open.set(path, { path, file, users: 1 });
  }

  private evict(): void {
    for (const [path, entry] of this.open) {
      if (this.open.size <= this.capacity) return;
      if (entry.users > 0) continue;
      this.open.delete(path);
      void this.closeQuietly(entry.file);
    }
  }

  private async forget(path: string): Promise<void> {
    const entry = this.open.get(path);
    if (!entry) return;
    this.open.delete(path);
    await this.closeQuietly(entry.file);
  }

  private async closeQuietly(file: DiskFile): Promise<void> {
    try {
      await file.close();
    } catch (error) {
      this.logger.warn('closing a consume-queue file failed', {
        path: file.path,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }
}

async function setLength(file: DiskFile, sizeBytes: number, now: boolean): Promise<void> {
  if (now) file.truncateNow(sizeBytes);
  else await file.truncate(sizeBytes);
}

/** Whether a topic can be the name of a directory, and of no other one than its own. */
export function isDirectoryName(topic: string): boolean {
  return topic !== '' && topic !== '.' && topic !== '..' && !/[/\\\0\n]/.test(topic);
}
