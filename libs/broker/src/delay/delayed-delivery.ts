import { tagsCodeOf } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import { AppendEntry } from '@rocketmq-ts/storage';
import type { StoreOutcome, StoreQueue } from '@rocketmq-ts/storage';

/**
 * A delayed message on its way to the topic where it belongs. Everything but topic and queue stays as it was stored,
 * the properties byte for byte. It is settled once it is as durable as the flush mode promises (Apache does not wait, so
 * that a power loss can take a message whose delivery was already noted).
 * Source: rocketmq 5.x `ScheduleMessageService#messageTimeUp`.
 */
export class DelayedDelivery extends AppendEntry {
  constructor(
    queue: StoreQueue,
    private readonly record: MessageRecord,
    private readonly settled: (queueOffset: number, stored: boolean) => void,
  ) {
    super();
    this.queue = queue;
    this.topicBytes = Buffer.from(queue.topic);
    this.sysFlag = record.sysFlag;
    this.flag = record.flag;
    this.bornTimestampMs = record.bornTimestampMs;
    this.bornHostBytes = record.bornHostBytes;
    this.reconsumeTimes = record.reconsumeTimes;
    this.bodyBytes = record.bodyBytes;
    this.bodyStart = record.bodyStart;
    this.bodyEnd = record.bodyEnd;
    this.propertiesBytes = record.propertiesBytes;
    this.propertiesStart = record.propertiesStart;
    this.propertiesEnd = record.propertiesEnd;
    this.tagsCode = tagsCodeOf(record.properties.get('TAGS'));
    this.uniqKey = record.properties.get('UNIQ_KEY');
    this.keys = record.properties.get('KEYS');
    this.tags = record.properties.get('TAGS');
    this.multiDispatch = record.properties.get('INNER_MULTI_DISPATCH');
  }

  override onStored(outcome: StoreOutcome): void {
    this.settled(this.record.queueOffset, outcome.kind !== 'REFUSED');
  }
}
