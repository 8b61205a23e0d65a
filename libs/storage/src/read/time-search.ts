import { viewOf } from '@rocketmq-ts/kernel';
import {
  BLANK_UNIT_SIZE,
  unitCommitLogOffset,
  unitSizeBytes,
  UNIT_BYTES,
} from '../consume-queue/queue-unit.js';
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import type { QueueFiles } from '../consume-queue/queue-files.js';
import type { TailCache } from '../tail-cache.js';
import type { LogChunks } from './log-chunks.js';
import { STORE_TIMESTAMP_END_MAX, storeTimestampOf } from './stored-record.js';

/** Which offset is meant when several messages, or none, have the time. Source: rocketmq 5.5.0 `BoundaryType`. */
export type TimeBoundary = 'lower' | 'upper';

/** Where a unit points to. */
export interface UnitPlace {
  readonly commitLogOffset: number;
  readonly sizeBytes: number;
}

/** Finds messages by the time at which they were stored. Reads small pieces past the caches; for rare requests. */
export class TimeSearch {
  constructor(
    private readonly parts: {
      readonly files: QueueFiles;
      readonly tailCache: TailCache;
      readonly log: LogChunks;
      readonly logStartOffset: () => number;
      readonly writtenOffset: () => number;
    },
  ) {}

  /**
   * `lower`: the first message stored at `timestampMs` or later, the queue's end when all are older. `upper`: the last message
   * stored at that time or earlier, the queue's first when all are younger.
   * Source: rocketmq 5.5.0 `ConsumeQueue#binarySearchInQueueByTime`, `ConsumeQueueStore#getOffsetInQueueByTime`.
   */
  async offsetByTime(
    queue: ConsumeQueue,
    timestampMs: number,
    boundary: TimeBoundary,
  ): Promise<number> {
    const { minOffset, maxOffset } = queue;
    // The first message that is younger (upper) or not older (lower).
    let low = minOffset;
    let high = maxOffset;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const storedMs = await this.storeTimestamp(queue, middle);
      const beyond =
        storedMs !== undefined &&
        (boundary === 'lower' ? storedMs >= timestampMs : storedMs > timestampMs);
      if (beyond) high = middle;
      else low = middle + 1;
    }
    return boundary === 'lower' ? low : Math.max(low - 1, minOffset);
  }

  /** Store time of the message at `queueOffset`; undefined where it cannot be read. @throws system error */
  async storeTimestamp(queue: ConsumeQueue, queueOffset: number): Promise<number | undefined> {
    const unit = await this.unitAt(queue, queueOffset);
    return unit && this.storeTimestampAt(unit.commitLogOffset);
  }

  /** Store time of the record at `commitLogOffset`, which must be one; undefined where the log has no such place. */
  async storeTimestampAt(commitLogOffset: number): Promise<number | undefined> {
    const { tailCache, log, logStartOffset, writtenOffset } = this.parts;
    const slab = tailCache.find(commitLogOffset);
    if (slab) return storeTimestampOf(slab.buffer, commitLogOffset - slab.startOffset);
    if (commitLogOffset < logStartOffset()) return undefined;
    const length = Math.min(STORE_TIMESTAMP_END_MAX, writtenOffset() - commitLogOffset);
    // Every record is longer than that.
    if (length < STORE_TIMESTAMP_END_MAX) return undefined;
    const head = Buffer.allocUnsafe(length);
    await new Promise<void>((resolve, reject) => {
      log.readInto(head, commitLogOffset, (error) => (error ? reject(error) : resolve()));
    });
    return storeTimestampOf(head, 0);
  }

  /** The queue's unit, from memory or file; undefined where it stands for no message. @throws system error */
  async unitAt(queue: ConsumeQueue, queueOffset: number): Promise<UnitPlace | undefined> {
    if (queueOffset < queue.minOffset || queueOffset >= queue.maxOffset) return undefined;
    if (queueOffset >= queue.memoryOffset) {
      return placeOf(queue.memoryView, queue.memoryPosition(queueOffset));
    }
    const { files } = this.parts;
    const file = files.acquireForRead(queue, queueOffset);
    const unit = Buffer.alloc(UNIT_BYTES);
    try {
      await new Promise<void>((resolve, reject) => {
        file.read(unit, (queueOffset % files.unitCount) * UNIT_BYTES, (error) =>
          error ? reject(error) : resolve(),
        );
      });
    } finally {
      files.release(file);
    }
    return placeOf(viewOf(unit), 0);
  }
}

function placeOf(units: DataView, at: number): UnitPlace | undefined {
  const commitLogOffset = unitCommitLogOffset(units, at);
  const sizeBytes = unitSizeBytes(units, at);
  if (commitLogOffset < 0 || sizeBytes <= 0 || sizeBytes === BLANK_UNIT_SIZE) return undefined;
  return { commitLogOffset, sizeBytes };
}
