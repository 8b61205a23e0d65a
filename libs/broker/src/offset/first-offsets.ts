import { readSafeInt64 } from '@rocketmq-ts/kernel';
import { RecordAt } from '@rocketmq-ts/protocol';
import type { MessageSource, StoreGauges } from '../store-access.js';

/**
 * Where a group without an offset begins. A queue whose first message is still there and recent is young: everybody
 * begins at its start, whatever the group's `consumeFromWhere` says. Any other queue leaves the choice to the client.
 * Source: rocketmq 5.5.0 `ConsumerManageProcessor#queryConsumerOffset`, `DefaultMessageStore#checkInMemByConsumeOffset`.
 */
export class FirstOffsets {
  constructor(
    private readonly store: MessageSource & StoreGauges,
    /** Distance from the end of the log up to which a message counts as recent. */
    private readonly recentBytes: number,
  ) {}

  async startsAtZero(topic: string, queueId: number): Promise<boolean> {
    const queue = this.store.findQueue(topic, queueId);
    if (!queue || queue.minOffset > 0 || queue.maxOffset === 0) return false;
    const commitLogOffset = await new Promise<number | undefined>((resolve) => {
      this.store.read({ queue, queueOffset: 0, maxCount: 1, maxBytes: 1 }, (result) => {
        const found = result.messageCount > 0 ? Buffer.concat(result.pieces) : undefined;
        result.release();
        resolve(found && readSafeInt64(found, RecordAt.COMMIT_LOG_OFFSET));
      });
    });
    if (commitLogOffset === undefined) return false;
    return this.store.commitLogMaxOffset - commitLogOffset <= this.recentBytes;
  }
}
