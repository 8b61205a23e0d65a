import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import type { ReadRequest, ReadResult, ReadStatus } from '../message-store.types.js';
import { ReadOperation } from './read-operation.js';
import type { ReaderParts } from './reader-parts.js';

/** Answer of a read that gave no records and holds nothing. */
class EmptyRead implements ReadResult {
  readonly pieces: Buffer[] = [];
  readonly pieceCount = 0;
  readonly messageCount = 0;
  readonly totalBytes = 0;
  readonly fromDisk = false;

  constructor(
    readonly status: ReadStatus,
    readonly nextQueueOffset: number,
    readonly minQueueOffset: number,
    readonly maxQueueOffset: number,
  ) {}

  copyTo(): void {
    // There is nothing.
  }

  release(): void {
    // Nothing is held.
  }
}

/** Serves pulls. Source: rocketmq 5.5.0 `DefaultMessageStore#getMessage` (on a master). */
export class MessageReader {
  constructor(private readonly parts: ReaderParts) {}

  /** Calls `done` once, before it returns where everything is in memory. */
  read(
    queue: ConsumeQueue | undefined,
    request: ReadRequest,
    done: (result: ReadResult) => void,
  ): void {
    if (!queue) {
      done(new EmptyRead('NO_MATCHED_LOGIC_QUEUE', 0, 0, 0));
      return;
    }
    const { minOffset, maxOffset } = queue;
    const { queueOffset } = request;
    const empty = (status: ReadStatus, nextQueueOffset: number): void =>
      done(new EmptyRead(status, nextQueueOffset, minOffset, maxOffset));
    if (maxOffset === 0) empty('NO_MESSAGE_IN_QUEUE', 0);
    else if (queueOffset < minOffset) empty('OFFSET_TOO_SMALL', minOffset);
    else if (queueOffset === maxOffset) empty('OFFSET_OVERFLOW_ONE', queueOffset);
    else if (queueOffset > maxOffset) empty('OFFSET_OVERFLOW_BADLY', maxOffset);
    // Its units cannot be trusted: the reader is told to come back, as for a file that is away for a moment.
    else if (queue.rebuilding) empty('OFFSET_FOUND_NULL', queueOffset);
    else new ReadOperation(this.parts, request, queue, done).run();
  }
}
