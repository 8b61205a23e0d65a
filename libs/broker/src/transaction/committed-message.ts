import { MessageSysFlag, PropertyName, tagsCodeOf } from '@rocketmq-ts/protocol';
import type { MessageRecord, RecordSource } from '@rocketmq-ts/protocol';
import { AppendEntry } from '@rocketmq-ts/storage';
import type { StoreOutcome, StoreQueue } from '@rocketmq-ts/storage';
import { withTransactionBits } from './half-message.js';

/** What is taken over from a half message. */
export interface CommittedSource extends Pick<
  RecordSource,
  | 'sysFlag'
  | 'flag'
  | 'commitLogOffset'
  | 'bornTimestampMs'
  | 'bornHostBytes'
  | 'reconsumeTimes'
  | 'bodyBytes'
  | 'bodyStart'
  | 'bodyEnd'
  | 'propertiesBytes'
  | 'propertiesStart'
  | 'propertiesEnd'
> {
  readonly tags: string | undefined;
  readonly uniqKey: string | undefined;
  readonly keys: string | undefined;
  readonly multiDispatch: string | undefined;
}

/** A half message that was read as a whole. */
export const sourceOf = (half: MessageRecord): CommittedSource => {
  const { properties } = half;
  return Object.assign(Object.create(half) as MessageRecord, {
    tags: properties.get(PropertyName.TAGS),
    uniqKey: properties.get(PropertyName.UNIQ_KEY),
    keys: properties.get(PropertyName.KEYS),
    multiDispatch: properties.get(PropertyName.INNER_MULTI_DISPATCH),
  });
};

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
    half: CommittedSource,
    private readonly settled: (entry: CommittedMessage, outcome: StoreOutcome) => void,
  ) {
    super();
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
    this.tags = half.tags;
    this.tagsCode = tagsCodeOf(this.tags);
    this.uniqKey = half.uniqKey;
    this.keys = half.keys;
    this.multiDispatch = half.multiDispatch;
  }

  override onStored(outcome: StoreOutcome): void {
    this.settled(this, outcome);
  }
}
