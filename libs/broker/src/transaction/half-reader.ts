import { decodeRecord } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import type { ReadResult, StoreQueue } from '@rocketmq-ts/storage';
import type { MessageSource } from '../store-access.js';

/** The bytes of a read in one piece: without a copy where they are. */
const bytesOf = ({ pieces }: ReadResult): Buffer =>
  pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);

/**
 * Gives the record of one message of a queue to `use`, at once where it is in memory. The bytes are valid during the call
 * alone.
 * @param use gets undefined where there is no such message, and where it cannot be read
 */
export function useOne(
  store: Pick<MessageSource, 'read'>,
  queue: StoreQueue,
  queueOffset: number,
  use: (record: Buffer | undefined) => void,
): void {
  store.read({ queue, queueOffset, maxCount: 1, maxBytes: 1 }, (result) => {
    try {
      use(result.messageCount > 0 ? bytesOf(result) : undefined);
    } finally {
      result.release();
    }
  });
}

/** A stretch of a queue. */
export interface Stretch {
  readonly records: readonly MessageRecord[];
  /** Where the next stretch begins; the same as asked for when nothing could be read now. */
  readonly nextQueueOffset: number;
}

/** Messages of a queue from `queueOffset` on, with bytes of their own. */
export function readStretch(
  store: Pick<MessageSource, 'read'>,
  queue: StoreQueue,
  queueOffset: number,
  maxCount: number,
): Promise<Stretch> {
  return new Promise((resolve) => {
    store.read({ queue, queueOffset, maxCount, maxBytes: STRETCH_BYTES_MAX }, (result) => {
      const bytes = Buffer.concat(result.pieces);
      const { messageCount, nextQueueOffset } = result;
      result.release();
      const records: MessageRecord[] = [];
      for (let at = 0; records.length < messageCount && at < bytes.length;) {
        const record = decodeRecord(bytes, at);
        records.push(record);
        at += record.sizeBytes;
      }
      resolve({ records, nextQueueOffset });
    });
  });
}

const STRETCH_BYTES_MAX = 1024 * 1024;
