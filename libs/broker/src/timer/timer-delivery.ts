import type { MessageRecord } from '@rocketmq-ts/protocol';
import type { StoreOutcome, StoreQueue } from '@rocketmq-ts/storage';
import { MessageCopy, indexedValuesOf, wholeRange } from '../message-copy.js';

/** A message that leaves the timer, for its own topic or for the timer topic once more. */
export class TimerDelivery extends MessageCopy {
  constructor(
    queue: StoreQueue,
    record: MessageRecord,
    propertiesBytes: Buffer,
    private readonly settled: (stored: boolean, queueOffset: number) => void,
  ) {
    super(queue, record);
    this.takeProperties(wholeRange(propertiesBytes), indexedValuesOf(record.properties));
  }

  override onStored(outcome: StoreOutcome): void {
    this.settled(outcome.kind !== 'REFUSED', this.queueOffset);
  }
}
