import { ResponseCode } from '@rocketmq-ts/protocol';
import type { SubscriptionGroupConfig, TopicConfig } from '@rocketmq-ts/protocol';
import { SEE_FAQ } from './apache-texts.js';
import type { UnusableFilter } from './filter/subscription-filters.js';
import { isReadable } from './topic/permission.js';

/** Who forbids a pull. Source: rocketmq 5.x `ForbiddenType`. */
export const Forbidden = {
  BROKER: 1,
  GROUP: 2,
  TOPIC: 3,
  BROADCASTING: 4,
  SUBSCRIPTION: 5,
} as const;

/** Why a request for messages is not carried out. Only answers to pulls tell `forbiddenType`. */
export interface ConsumeRefusal {
  readonly code: number;
  readonly remark: string;
  readonly forbiddenType?: number;
}

/** What a request for messages names, pull or pop. */
export interface ConsumeTarget {
  readonly consumerGroup: string;
  readonly topic: string;
  readonly queueId: number;
  readonly remoteHostPort: string;
}

/** What Apache's remarks call the request; it calls a pop's look at the topic "peeking", too. */
export type ConsumeDeed = 'pulling' | 'pop' | 'peeking';

/*
 * The checks that pulls and pops share, each with Apache's text. They differ in their order, which each decision states.
 * Source: rocketmq 5.5.0 `PullMessageProcessor#processRequest`, `PopMessageProcessor#processRequest`.
 */

/** The broker may not be read from. */
export const brokerRefusal = (
  permission: number,
  advertisedHost: string,
  deed: ConsumeDeed,
): ConsumeRefusal | undefined =>
  isReadable(permission)
    ? undefined
    : {
        code: ResponseCode.NO_PERMISSION,
        remark: `the broker[${advertisedHost}] ${deed} message is forbidden`,
        forbiddenType: Forbidden.BROKER,
      };

export const groupUnknown = (consumerGroup: string): ConsumeRefusal => ({
  code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
  remark: `subscription group [${consumerGroup}] does not exist, ${SEE_FAQ}`,
});

/** The group may not consume. */
export const groupRefusal = (
  { consumerGroup }: ConsumeTarget,
  group: SubscriptionGroupConfig,
): ConsumeRefusal | undefined =>
  group.consumeEnable
    ? undefined
    : {
        code: ResponseCode.NO_PERMISSION,
        remark: `subscription group no permission, ${consumerGroup}`,
        forbiddenType: Forbidden.GROUP,
      };

export const topicUnknown = (topic: string): ConsumeRefusal => ({
  code: ResponseCode.TOPIC_NOT_EXIST,
  remark: `topic[${topic}] not exist, apply first please! ${SEE_FAQ}`,
});

/** The topic may not be read, or has no such queue. */
export function topicRefusal(
  target: ConsumeTarget,
  { perm, readQueueNums }: TopicConfig,
  deed: Exclude<ConsumeDeed, 'pop'>,
): ConsumeRefusal | undefined {
  if (!isReadable(perm)) {
    return {
      code: ResponseCode.NO_PERMISSION,
      remark: `the topic[${target.topic}] ${deed} message is forbidden`,
      forbiddenType: Forbidden.TOPIC,
    };
  }
  // Pops and peeks name all queues with a negative number.
  const negativeIsLegal = deed !== 'pulling';
  const { queueId } = target;
  if (queueId < readQueueNums && (queueId >= 0 || negativeIsLegal)) return undefined;
  return queueIllegal(target, readQueueNums);
}

/** @param code what acknowledgements answer differs from what pulls and pops do */
export const queueIllegal = (
  { topic, queueId, remoteHostPort }: Omit<ConsumeTarget, 'consumerGroup'>,
  readQueueNums: number,
  code: number = ResponseCode.INVALID_PARAMETER,
): ConsumeRefusal => ({
  code,
  remark:
    `queueId[${queueId}] is illegal, topic:[${topic}] ` +
    `topicConfig.readQueueNums:[${readQueueNums}] consumer:[${remoteHostPort}]`,
});

/** An operator has forbidden the topic to the group. */
export const subscriptionForbidden = ({ consumerGroup, topic }: ConsumeTarget): ConsumeRefusal => ({
  code: ResponseCode.NO_PERMISSION,
  remark: `the consumer group[${consumerGroup}] is forbidden for topic[${topic}]`,
  forbiddenType: Forbidden.SUBSCRIPTION,
});

/** The expression of the request cannot be served. Apache gives every message to a pull with such an SQL92 expression. */
export const filterRefusal = ({ fault, reason }: UnusableFilter): ConsumeRefusal =>
  fault === 'type'
    ? { code: ResponseCode.SYSTEM_ERROR, remark: reason }
    : {
        code: ResponseCode.SUBSCRIPTION_PARSE_FAILED,
        remark: "parse the consumer's subscription failed",
      };
