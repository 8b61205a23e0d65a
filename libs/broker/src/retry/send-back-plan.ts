import { PeerVersion } from '@rocketmq-ts/protocol';
import type { MessageRecord, SubscriptionGroupConfig } from '@rocketmq-ts/protocol';
import { propertiesOf } from '../send/broker-message.js';
import { DLQ_ORIGIN_MESSAGE_ID, DLQ_ORIGIN_TOPIC } from './dead-letter.js';
import { retryDelayMs } from './retry-delay.js';
import { dlqTopicOf, retryTopicOf } from '../topic/topic-name.js';

/** Queues of a `%DLQ%` topic. Source: rocketmq 5.x `AbstractSendMessageProcessor#DLQ_NUMS_PER_GROUP`. */
export const DLQ_QUEUE_COUNT = 1;
/** Level of the first retry when the consumer leaves the choice to the broker: 10 s with Apache's levels. */
const FIRST_RETRY_LEVEL = 3;

/** What a consumer says about a message it could not consume. */
export interface SendBackRequest {
  readonly group: string;
  /** 0: the broker chooses; negative: no more retries. */
  readonly delayLevel: number;
  /** Undefined: the group's setting counts. */
  readonly maxReconsumeTimes: number | undefined;
  /** Release of the consumer, see `PeerVersion`. */
  readonly peerVersion: number;
}

/** Where a message goes that was sent back, and with what. */
export interface SendBackPlan {
  readonly topic: string;
  readonly queueCount: number;
  readonly reconsumeTimes: number;
  readonly properties: Map<string, string>;
  /** 0: at once. */
  readonly delayLevel: number;
  /** The wait in ms that the group's own policy asks for; it comes before the level. */
  readonly delayMs: number | undefined;
  /** Whether this was the last try. */
  readonly dead: boolean;
}

/**
 * Decides what becomes of a message that a consumer sent back.
 * A dead letter says where it came from under the names that Apache keeps for this and does not write.
 * @param messageId the offset id of the message that came back
 * Source: rocketmq 5.5.0 `AbstractSendMessageProcessor#consumerSendMsgBack`.
 */
export function planSendBack(
  record: MessageRecord,
  messageId: string,
  request: SendBackRequest,
  group: SubscriptionGroupConfig,
): SendBackPlan {
  const properties = propertiesOf(record);
  if (!properties.has('RETRY_TOPIC')) properties.set('RETRY_TOPIC', record.topic);
  properties.set('WAIT', 'false');

  const knowsMax = request.peerVersion >= PeerVersion.V3_4_9;
  const maxTimes = (knowsMax ? request.maxReconsumeTimes : undefined) ?? group.retryMaxTimes;
  const dead = record.reconsumeTimes >= maxTimes || request.delayLevel < 0;
  const delayLevel = dead ? 0 : request.delayLevel || FIRST_RETRY_LEVEL + record.reconsumeTimes;
  const delayMs =
    dead || request.delayLevel > 0
      ? undefined
      : retryDelayMs(group.groupRetryPolicy, record.reconsumeTimes);
  properties.set('DELAY', String(delayLevel));

  if (dead) {
    properties.set(DLQ_ORIGIN_TOPIC, properties.get('RETRY_TOPIC') ?? record.topic);
    properties.set(DLQ_ORIGIN_MESSAGE_ID, messageId);
  }
  const origin = properties.get('ORIGIN_MESSAGE_ID');
  if (origin === undefined || origin.trim() === '') properties.set('ORIGIN_MESSAGE_ID', messageId);
  return {
    topic: dead ? dlqTopicOf(request.group) : retryTopicOf(request.group),
    queueCount: dead ? DLQ_QUEUE_COUNT : group.retryQueueNums,
    reconsumeTimes: record.reconsumeTimes + 1,
    properties,
    delayLevel,
    delayMs,
    dead,
  };
}
