import { MessageSysFlag } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import type { StoreOutcome, StoreQueue } from '@rocketmq-ts/storage';
import { MessageCopy, indexedValuesOf } from '../message-copy.js';
import type { CopiedFields, IndexedValues, PropertyRange } from '../message-copy.js';
import { withTransactionBits } from './half-message.js';

/** What is taken over from a half message. */
export interface CommittedSource extends CopiedFields, PropertyRange, IndexedValues {
  readonly commitLogOffset: number;
  /** Checksum of the body where it can be taken over, otherwise −1. */
  readonly bodyCrc: number;
}

/** A half message that was read as a whole. */
export const sourceOf = (half: MessageRecord): CommittedSource =>
  Object.assign(Object.create(half) as MessageRecord, indexedValuesOf(half.properties), {
    bodyCrc: -1,
  });

/**
 * The message of a committed transaction on its way to its topic. Everything but topic, queue and two fields is that of the
 * half message, the properties byte for byte: consumers read the transaction's id from them.
 * Source: rocketmq 5.5.0 `EndTransactionProcessor#endMessageTransaction`.
 */
export class CommittedMessage extends MessageCopy {
  /** @param topicBytes UTF-8 of `queue.topic` */
  constructor(
    queue: StoreQueue,
    topicBytes: Buffer,
    half: CommittedSource,
    private readonly settled: (entry: CommittedMessage, outcome: StoreOutcome) => void,
  ) {
    super(queue, half, topicBytes);
    this.sysFlag = withTransactionBits(half.sysFlag, MessageSysFlag.TRANSACTION_COMMIT);
    this.preparedTransactionOffset = half.commitLogOffset;
    this.bodyCrc = half.bodyCrc;
    this.takeProperties(half, half);
  }

  override onStored(outcome: StoreOutcome): void {
    this.settled(this, outcome);
  }
}
