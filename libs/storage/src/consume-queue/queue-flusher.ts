import { asError, KIB, type Clock, type DiskFile } from '@rocketmq-ts/kernel';
import type { StoreCounters } from '../store-counters.js';
import type { ConsumeQueue, UnwrittenUnits } from './consume-queue.js';
import type { ConsumeQueues } from './consume-queues.js';
import type { QueueFiles } from './queue-files.js';
import { UNIT_BYTES } from './queue-unit.js';

/** Queues written or synced at the same time: few, so that the log's own writes find a free thread. */
const CONCURRENCY = 2;
/** Units of one queue up to this size are written on the event loop, for so long and so many queues in one turn. */
const WRITE_NOW_BYTES = 16 * KIB;
const TURN_MS = 0.5;
const QUEUES_PER_TURN = 64;

/** Brings queue units from memory into files, and files to stable storage. */
export class QueueFlusher {
  private readonly unsynced = new Set<ConsumeQueue>();
  /** Whether a write on the event loop could have to wait for the disk. */
  mayBlock: () => boolean = () => false;

  constructor(
    private readonly queues: ConsumeQueues,
    private readonly files: QueueFiles,
    private readonly counters: StoreCounters,
    private readonly clock: Clock,
  ) {}

  get dirtyCount(): number {
    return this.queues.dirtyCount;
  }

  get unsyncedCount(): number {
    return this.unsynced.size;
  }

  /** Writes the units of all queues that have some. What fails stays marked. @throws system error, the first one */
  async writeDirty(): Promise<void> {
    const { queues } = this;
    const dirty = queues.takeDirty();
    let failure: Error | undefined;
    const { clock } = this;
    let turnStartedMs = clock.monotonicMs();
    let turnQueues = 0;
    await eachOf(dirty, async (queue) => {
      // Other events get their turn in between.
      if (++turnQueues > QUEUES_PER_TURN || clock.monotonicMs() - turnStartedMs > TURN_MS) {
        await this.turnEnd();
        turnStartedMs = clock.monotonicMs();
        turnQueues = 0;
      }
      try {
        if (failure === undefined) await this.writeQueue(queue);
      } catch (error) {
        failure = asError(error);
      }
      if (queue.unwrittenCount > 0) queues.markDirty(queue);
    });
    if (failure !== undefined) throw failure;
  }

  /** Syncs every queue that was written since its last sync, then the directories. @throws system error */
  async syncWritten(): Promise<void> {
    await eachOf([...this.unsynced], async (queue) => {
      if (this.unsynced.has(queue)) await this.syncQueue(queue);
    });
    await this.files.syncDirectories();
  }

  /** The queue is removed, or its files are. */
  forget(queue: ConsumeQueue): void {
    this.unsynced.delete(queue);
  }

  /** The queue's last file was changed by somebody else. */
  noteUnsynced(queue: ConsumeQueue): void {
    this.unsynced.add(queue);
  }

  private turnEnd(): Promise<void> {
    return new Promise((resolve) => this.clock.afterTick(resolve));
  }

  private async writeQueue(queue: ConsumeQueue): Promise<void> {
    const { files, counters } = this;
    const until = queue.maxOffset;
    while (queue.writtenOffset < until) {
      const units = queue.unwritten(files.unitCount);
      if (!units) return;
      // A few units cost less to write than to hand over to another thread; but a sync may hold the file system's lock.
      const now = units.bytes.length <= WRITE_NOW_BYTES && !this.mayBlock();
      const firstUnits = queue.firstFileOffset < 0;
      const file = await files.acquireForWrite(queue, units.fromQueueOffset, now);
      try {
        if (now) {
          file.writeNow([units.bytes], (units.fromQueueOffset % files.unitCount) * UNIT_BYTES);
        } else {
          await writeUnits(file, units, files.unitCount);
        }
      } finally {
        files.release(file);
      }
      this.unsynced.add(queue);
      counters.queueWrites++;
      counters.queueUnitsWritten += units.toQueueOffset - units.fromQueueOffset;
      queue.markWritten(units.toQueueOffset);
      // The list of queues names only those with units: it was right until now.
      if (firstUnits) this.queues.membershipVersion++;
    }
  }

  private async syncQueue(queue: ConsumeQueue): Promise<void> {
    const { files } = this;
    const until = queue.writtenOffset;
    if (queue.firstFileOffset < 0) {
      this.unsynced.delete(queue);
      return;
    }
    // Also when nothing is new by count: units below may have been written anew.
    let at = Math.max(queue.firstFileOffset, Math.min(queue.syncedOffset, until - 1), 0);
    do {
      const file = await files.acquireForWrite(queue, at);
      try {
        await syncFile(file);
      } finally {
        files.release(file);
      }
      at = at - (at % files.unitCount) + files.unitCount;
    } while (at < until);
    queue.syncedOffset = until;
    if (queue.writtenOffset === until) this.unsynced.delete(queue);
  }
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
}

function writeUnits(file: DiskFile, units: UnwrittenUnits, fileUnitCount: number): Promise<void> {
  const position = (units.fromQueueOffset % fileUnitCount) * UNIT_BYTES;
  return new Promise((resolve, reject) => {
    file.write([units.bytes], position, (error) => (error ? reject(error) : resolve()));
  });
}

function syncFile(file: DiskFile): Promise<void> {
  return new Promise((resolve, reject) => {
    file.dataSync((error) => (error ? reject(error) : resolve()));
  });
}
