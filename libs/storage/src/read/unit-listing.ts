import { viewOf } from '@rocketmq-ts/kernel';
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import type { QueueFiles } from '../consume-queue/queue-files.js';
import {
  unitCommitLogOffset,
  unitSizeBytes,
  unitTagsCode,
  UNIT_BYTES,
} from '../consume-queue/queue-unit.js';

/** Units read at once. */
const CHUNK_UNITS = 800;

/** One unit of a queue, as it stands in its file. */
export interface QueueUnit {
  /** −1 where the bytes are no offset. */
  readonly commitLogOffset: number;
  readonly sizeBytes: number;
  /** NaN where Apache stored the address of an extension unit. */
  readonly tagsCode: number;
}

/** Lists the units of a queue for people; past the caches, in small pieces. */
export class UnitListing {
  constructor(private readonly files: QueueFiles) {}

  /** The units in [fromQueueOffset, fromQueueOffset + count) that the queue has. @throws system error */
  async list(queue: ConsumeQueue, fromQueueOffset: number, count: number): Promise<QueueUnit[]> {
    const units: QueueUnit[] = [];
    let next = Math.max(fromQueueOffset, queue.minOffset);
    const end = Math.min(fromQueueOffset + count, queue.maxOffset);
    while (next < end) {
      const wanted = Math.min(end - next, CHUNK_UNITS);
      const bytes =
        next >= queue.memoryOffset
          ? fromMemory(queue, next, wanted)
          : await this.read(queue, next, wanted);
      const view = viewOf(bytes);
      for (let at = 0; at + UNIT_BYTES <= bytes.length; at += UNIT_BYTES) {
        units.push(unitAt(view, at));
        next++;
      }
      // The queue was emptied while its file was read.
      if (bytes.length < UNIT_BYTES) break;
    }
    return units;
  }

  private async read(queue: ConsumeQueue, from: number, wanted: number): Promise<Buffer> {
    const { files } = this;
    const fileEnd = from - (from % files.unitCount) + files.unitCount;
    const end = Math.min(from + wanted, fileEnd, queue.memoryOffset);
    const bytes = Buffer.alloc((end - from) * UNIT_BYTES);
    const file = files.acquireForRead(queue, from);
    try {
      await new Promise<void>((resolve, reject) => {
        file.read(bytes, (from % files.unitCount) * UNIT_BYTES, (error) =>
          error ? reject(error) : resolve(),
        );
      });
    } finally {
      files.release(file);
    }
    return bytes;
  }
}

function fromMemory(queue: ConsumeQueue, from: number, wanted: number): Buffer {
  const end = Math.min(from + wanted, queue.maxOffset);
  // A copy: the memory is given back when the units are written.
  return Buffer.from(queue.memory.subarray(queue.memoryPosition(from), queue.memoryPosition(end)));
}

const unitAt = (units: DataView, at: number): QueueUnit => ({
  commitLogOffset: unitCommitLogOffset(units, at),
  sizeBytes: unitSizeBytes(units, at),
  tagsCode: unitTagsCode(units, at),
});
