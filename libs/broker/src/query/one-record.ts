import { decodeRecord } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import type { StoreQueue } from '@rocketmq-ts/storage';
import type { MessageSource } from '../store-access.js';

/** The message at a place of a queue, with bytes of its own; undefined where there is none. */
export function readOne(
  store: Pick<MessageSource, 'read'>,
  queue: StoreQueue,
  queueOffset: number,
): Promise<MessageRecord | undefined> {
  return new Promise((resolve) => {
    store.read({ queue, queueOffset, maxCount: 1, maxBytes: 1 }, (result) => {
      const bytes = result.messageCount > 0 ? Buffer.concat(result.pieces) : undefined;
      result.release();
      resolve(bytes && decodeRecord(bytes, 0));
    });
  });
}
