import { MessageSysFlag, PropertyName, tagsCodeOf } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import { AppendEntry } from '@rocketmq-ts/storage';
import type { StoreOutcome, StoreQueue } from '@rocketmq-ts/storage';
import { withTransactionBits } from './half-message.js';

/**
 * The message of a committed transaction on its way to its topic. Everything but topic, queue and two fields is that of the
 * half message, the properties byte for byte: consumers read the transaction's id from them.
 * Source: rocketmq 5.5.0 `EndTransactionProcessor#endMessageTransaction`.
 */
export class CommittedMessage extends AppendEntry {
  /** @param topicBytes UTF-8 of `queue.topic` */
  constructor(
    queue: StoreQueue,
    topicBytes: Buffer,
    half: MessageRecord,
    private readonly settled: (entry: CommittedMessage, outcome: StoreOutcome) => void,
  ) {
    super();
    const { properties } = half;
    this.queue = queue;
    this.topicBytes = topicBytes;
    this.sysFlag = withTransactionBits(half.sysFlag, MessageSysFlag.TRANSACTION_COMMIT);
    this.flag = half.flag;
    this.bornTimestampMs = half.bornTimestampMs;
    this.bornHostBytes = half.bornHostBytes;
    this.reconsumeTimes = half.reconsumeTimes;
    this.preparedTransactionOffset = half.commitLogOffset;
    this.bodyBytes = half.bodyBytes;
    this.bodyStart = half.bodyStart;
    this.bodyEnd = half.bodyEnd;
    this.propertiesBytes = half.propertiesBytes;
    this.propertiesStart = half.propertiesStart;
    this.propertiesEnd = half.propertiesEnd;
    this.tags = properties.get(PropertyName.TAGS);
    this.tagsCode = tagsCodeOf(this.tags);
    this.uniqKey = properties.get(PropertyName.UNIQ_KEY);
    this.keys = properties.get(PropertyName.KEYS);
    this.multiDispatch = properties.get(PropertyName.INNER_MULTI_DISPATCH);
  }

  override onStored(outcome: StoreOutcome): void {
    this.settled(this, outcome);
  }
}
