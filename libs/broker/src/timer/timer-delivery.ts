import { tagsCodeOf } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import { AppendEntry } from '@rocketmq-ts/storage';
import type { StoreOutcome, StoreQueue } from '@rocketmq-ts/storage';

/** A message that leaves the timer, for its own topic or for the timer topic once more. */
export class TimerDelivery extends AppendEntry {
  constructor(
    queue: StoreQueue,
    record: MessageRecord,
    propertiesBytes: Buffer,
    private readonly settled: (stored: boolean, queueOffset: number) => void,
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
    this.propertiesBytes = propertiesBytes;
    this.propertiesEnd = propertiesBytes.length;
    this.tagsCode = tagsCodeOf(record.properties.get('TAGS'));
    this.uniqKey = record.properties.get('UNIQ_KEY');
    this.keys = record.properties.get('KEYS');
    this.tags = record.properties.get('TAGS');
    this.multiDispatch = record.properties.get('INNER_MULTI_DISPATCH');
  }

  override onStored(outcome: StoreOutcome): void {
    this.settled(outcome.kind !== 'REFUSED', this.queueOffset);
  }
}
