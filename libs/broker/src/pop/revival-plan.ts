import type { MessageRecord, SubscriptionGroupConfig } from '@rocketmq-ts/protocol';
import { propertiesOf } from '../send/broker-message.js';
import { dlqTopicOf } from '../topic/topic-name.js';
import { DLQ_QUEUE_COUNT } from '../retry/send-back-plan.js';
import { POP_RETRY_QUEUE_COUNT, normalTopicOf, popRetryTopic } from './pop-topic-name.js';

/** Why and from where a message is stored again. */
export interface RevivalReason {
  /** The topic it was popped from, which may be a pop retry topic already. */
  readonly topic: string;
  readonly group: string;
  /** Wall-clock ms of the pop that ended without an acknowledgement. */
  readonly popTimeMs: number;
  /** The consumer gave it back on purpose: this was no failed try. */
  readonly suspended: boolean;
}

/** Where a message goes whose invisible time is up. */
export interface RevivalPlan {
  readonly topic: string;
  readonly queueCount: number;
  readonly reconsumeTimes: number;
  readonly properties: Map<string, string>;
  /** The group has had all its tries. */
  readonly dead: boolean;
}

/**
 * Decides what becomes of a message that was popped and not acknowledged in time. Apache's broker leaves dead letters to
 * its proxy and lets them come for ever elsewhere; here they go to the group's dead-letter topic, by the rule of send-backs.
 * @param messageId id of the message, for the dead-letter topic
 * Source: rocketmq 5.5.0 `PopReviveService#reviveRetry`.
 */
export function planRevival(
  record: MessageRecord,
  messageId: string,
  reason: RevivalReason,
  group: SubscriptionGroupConfig,
  retryTopicV2: boolean,
): RevivalPlan {
  const properties = propertiesOf(record);
  if (record.reconsumeTimes === 0 || !properties.has('1ST_POP_TIME')) {
    properties.set('1ST_POP_TIME', String(reason.popTimeMs));
  }
  properties.set('ORIGIN_GROUP', reason.group);
  const origin = normalTopicOf(reason.topic, reason.group);
  const dead = !reason.suspended && record.reconsumeTimes >= group.retryMaxTimes;
  if (dead) {
    const first = properties.get('ORIGIN_MESSAGE_ID') ?? messageId;
    properties.set('RETRY_TOPIC', origin);
    properties.set('ORIGIN_MESSAGE_ID', first);
    properties.set('DLQ_ORIGIN_TOPIC', origin);
    properties.set('DLQ_ORIGIN_MESSAGE_ID', first);
  }
  // A message that is popped from a pop retry topic stays in that one, whatever form new ones have.
  const retryTopic =
    origin === reason.topic ? popRetryTopic(origin, reason.group, retryTopicV2) : reason.topic;
  return {
    topic: dead ? dlqTopicOf(reason.group) : retryTopic,
    queueCount: dead ? DLQ_QUEUE_COUNT : POP_RETRY_QUEUE_COUNT,
    reconsumeTimes: reason.suspended ? record.reconsumeTimes : record.reconsumeTimes + 1,
    properties,
    dead,
  };
}
