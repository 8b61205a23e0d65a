import { MessageSysFlag, PropertyName } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import { propertiesOf } from '../send/broker-message.js';

/** Half messages lie in one queue, whatever the topic's settings say. Source: `TransactionalMessageBridge`. */
export const HALF_QUEUE_ID = 0;
/** Group under which the progress in the half and op queues is kept. Source: rocketmq 5.5.0 `MixAll#CID_SYS_RMQ_TRANS`. */
export const TRANSACTION_GROUP = 'CID_RMQ_SYS_TRANS';
/**
 * Queue offset of the half message that a copy was first made from. Ours: Apache has such a property too, but takes a copy
 * for decided when the original has an op message, and ours always has one.
 */
export const ORIGIN_PROPERTY = 'TRAN_ORIGIN_QUEUE_OFFSET';

const offsetOf = (text: string | undefined): number | undefined => {
  const queueOffset = text === undefined ? Number.NaN : Number(text);
  return Number.isSafeInteger(queueOffset) && queueOffset >= 0 ? queueOffset : undefined;
};

/** Queue offset of the first half message of the transaction; its own where it is no copy. */
export const originOf = (half: MessageRecord): number =>
  offsetOf(half.properties.get(ORIGIN_PROPERTY)) ?? apacheOriginOf(half) ?? half.queueOffset;

/** What Apache's broker notes on a copy that it made while a half message was immune; undefined on others. */
export const apacheOriginOf = (half: MessageRecord): number | undefined =>
  offsetOf(half.properties.get(PropertyName.TRANSACTION_PREPARED_QUEUE_OFFSET));

/** A queue of a topic. */
export interface RealPlace {
  readonly topic: string;
  readonly queueId: number;
}

/** Where the message of a half message belongs; undefined where it does not say, which no broker writes. */
export function realPlaceOf(half: MessageRecord): RealPlace | undefined {
  const topic = half.properties.get(PropertyName.REAL_TOPIC);
  const queueId = Number(half.properties.get(PropertyName.REAL_QUEUE_ID));
  const isQueueId = Number.isInteger(queueId) && queueId >= 0 && queueId <= 0x7fff_ffff;
  return topic !== undefined && topic !== '' && isQueueId ? { topic, queueId } : undefined;
}

/** Properties of the copy that stands for a half message after one more check, or after the same number of them. */
export function renewedProperties(half: MessageRecord, checkCount: number): Map<string, string> {
  const properties = propertiesOf(half);
  if (checkCount > 0) properties.set(PropertyName.TRANSACTION_CHECK_TIMES, String(checkCount));
  properties.set(ORIGIN_PROPERTY, String(originOf(half)));
  return properties;
}

/** Properties of a parked message on its way back: the checks start over, and it stands for itself. */
export function resumedProperties(parked: MessageRecord): Map<string, string> {
  const properties = propertiesOf(parked);
  properties.set(PropertyName.TRANSACTION_CHECK_TIMES, '0');
  properties.delete(ORIGIN_PROPERTY);
  properties.delete(PropertyName.TRANSACTION_PREPARED_QUEUE_OFFSET);
  return properties;
}

/** A sysFlag with other transaction bits. Source: rocketmq 5.5.0 `MessageSysFlag#resetTransactionValue`. */
export const withTransactionBits = (sysFlag: number, bits: number): number =>
  (sysFlag & ~MessageSysFlag.TRANSACTION_MASK) | bits;
