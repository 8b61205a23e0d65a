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

/** Wall-clock ms at which the message at a place of a queue was stored; 0 where there is none. */
export async function storeTimeAt(
  store: Pick<MessageSource, 'read'>,
  queue: StoreQueue,
  queueOffset: number,
): Promise<number> {
  if (queueOffset < queue.minOffset || queueOffset >= queue.maxOffset) return 0;
  return (await readOne(store, queue, queueOffset))?.storeTimestampMs ?? 0;
}
