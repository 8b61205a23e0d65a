import { RETRY_TOPIC_PREFIX } from '../topic/topic-name.js';

const SEPARATOR_V1 = '_';
const SEPARATOR_V2 = '+';

/** Queue of the revive log that stands in handles of ordered pops, which use none. Source: rocketmq 5.5.0 `KeyBuilder`. */
export const ORDER_REVIVE_QUEUE = 999;
/** Group under which the progress in the revive log is kept. Source: rocketmq 5.5.0 `PopAckConstants`. */
export const REVIVE_GROUP = 'CID_RMQ_SYS_REVIVE_GROUP';
/** Queues of a pop retry topic. Source: rocketmq 5.5.0 `PopAckConstants#retryQueueNum`. */
export const POP_RETRY_QUEUE_COUNT = 1;

/** The topic in which checkpoints and acknowledgements are kept. Source: rocketmq 5.5.0 `PopAckConstants`. */
export const reviveTopicOf = (clusterName: string): string => `rmq_sys_REVIVE_LOG_${clusterName}`;

/** Where a group gets messages again that it popped and did not acknowledge. Source: rocketmq 5.5.0 `KeyBuilder`. */
export const popRetryTopicV1 = (topic: string, group: string): string =>
  RETRY_TOPIC_PREFIX + group + SEPARATOR_V1 + topic;
/** The second form, whose parts can be told apart. */
export const popRetryTopicV2 = (topic: string, group: string): string =>
  RETRY_TOPIC_PREFIX + group + SEPARATOR_V2 + topic;
export const popRetryTopic = (topic: string, group: string, v2: boolean): string =>
  v2 ? popRetryTopicV2(topic, group) : popRetryTopicV1(topic, group);

/** What handles and answers say of a topic: itself, or a pop retry topic of the first or second form. */
export type RetryMark = '0' | '1' | '2';

/** Source: rocketmq 5.5.0 `ExtraInfoUtil#getRetry`. */
export function retryMarkOf(topic: string): RetryMark {
  if (!topic.startsWith(RETRY_TOPIC_PREFIX)) return '0';
  return topic.includes(SEPARATOR_V2) ? '2' : '1';
}

/** The topic that a mark stands for; undefined where the mark means nothing. Source: rocketmq 5.5.0 `ExtraInfoUtil#getRealTopic`. */
export function markedTopic(topic: string, group: string, mark: string): string | undefined {
  if (mark === '0') return topic;
  if (mark === '1') return popRetryTopicV1(topic, group);
  return mark === '2' ? popRetryTopicV2(topic, group) : undefined;
}

/** The topic behind a pop retry topic of the group; any other topic as it is. Source: rocketmq 5.5.0 `KeyBuilder#parseNormalTopic`. */
export function normalTopicOf(topic: string, group: string): string {
  const prefix = RETRY_TOPIC_PREFIX + group;
  if (!topic.startsWith(prefix)) return topic;
  const separator = topic.charAt(prefix.length);
  return separator === SEPARATOR_V1 || separator === SEPARATOR_V2
    ? topic.slice(prefix.length + 1)
    : topic;
}
