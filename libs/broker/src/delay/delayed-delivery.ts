import type { MessageRecord } from '@rocketmq-ts/protocol';
import type { StoreOutcome, StoreQueue } from '@rocketmq-ts/storage';
import { MessageCopy, indexedValuesOf } from '../message-copy.js';

/**
 * A delayed message on its way to the topic where it belongs. Everything but topic and queue stays as it was stored,
 * the properties byte for byte. It is settled once it is as durable as the flush mode promises (Apache does not wait, so
 * that a power loss can take a message whose delivery was already noted).
 * Source: rocketmq 5.x `ScheduleMessageService#messageTimeUp`.
 */
export class DelayedDelivery extends MessageCopy {
  constructor(
    queue: StoreQueue,
    private readonly record: MessageRecord,
    private readonly settled: (queueOffset: number, stored: boolean) => void,
  ) {
    super(queue, record);
    this.takeProperties(record, indexedValuesOf(record.properties));
  }

  override onStored(outcome: StoreOutcome): void {
    this.settled(this.record.queueOffset, outcome.kind !== 'REFUSED');
  }
}
