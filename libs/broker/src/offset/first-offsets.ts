import { readOne } from '../query/one-record.js';
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
    const first = await readOne(this.store, queue, 0);
    if (first === undefined) return false;
    return this.store.commitLogMaxOffset - first.commitLogOffset <= this.recentBytes;
  }
}
