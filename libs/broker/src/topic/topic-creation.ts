import type { TopicConfig } from '@rocketmq-ts/protocol';
import { Perm, TopicSysFlag } from '@rocketmq-ts/protocol';
import { isInherited } from './permission.js';
import { isRetryTopic } from './topic-name.js';

/** Queues of a topic when nobody says how many. Source: rocketmq 5.x `TopicConfig`. */
const DEFAULT_QUEUE_COUNT = 16;

/** A topic with Apache's defaults where nothing else is given. */
export const topicConfig = (
  topicName: string,
  given: Partial<Omit<TopicConfig, 'topicName'>> = {},
): TopicConfig => ({
  topicName,
  readQueueNums: DEFAULT_QUEUE_COUNT,
  writeQueueNums: DEFAULT_QUEUE_COUNT,
  perm: Perm.READ | Perm.WRITE,
  topicFilterType: 'SINGLE_TAG',
  topicSysFlag: 0,
  order: false,
  attributes: new Map(),
  ...given,
});

/**
 * The topic that a first send makes, after the pattern of a template; undefined where the template is absent or does
 * not let itself be copied.
 * @param clientQueueCount queues the producer asks for; the template's number is the upper bound
 * Source: rocketmq 5.x `TopicConfigManager#createTopicInSendMessageMethod`.
 */
export function topicAfterTemplate(
  topicName: string,
  template: TopicConfig | undefined,
  clientQueueCount: number,
  topicSysFlag: number,
): TopicConfig | undefined {
  if (!template || !isInherited(template.perm)) return undefined;
  // Java lets a producer make a topic without queues, to which nothing can ever be sent; one queue is the least here.
  const queueCount = Math.max(Math.min(clientQueueCount, template.writeQueueNums), 1);
  return topicConfig(topicName, {
    readQueueNums: queueCount,
    writeQueueNums: queueCount,
    perm: template.perm & ~Perm.INHERIT,
    topicFilterType: template.topicFilterType,
    topicSysFlag,
  });
}

/**
 * A `%RETRY%` or `%DLQ%` topic, made by the broker itself.
 * Source: rocketmq 5.x `TopicConfigManager#createTopicInSendMessageBackMethod`.
 */
export const groupTopic = (
  topicName: string,
  given: { queueCount: number; order?: boolean; topicSysFlag?: number },
): TopicConfig =>
  topicConfig(topicName, {
    readQueueNums: given.queueCount,
    writeQueueNums: given.queueCount,
    order: given.order ?? false,
    topicSysFlag: given.topicSysFlag ?? 0,
  });

/** Sys flag of a topic made by a send. Source: rocketmq 5.x `AbstractSendMessageProcessor#msgCheck`. */
export function sysFlagOfNewTopic(topicName: string, unitMode: boolean): number {
  if (!unitMode) return 0;
  return isRetryTopic(topicName) ? TopicSysFlag.UNIT_SUB : TopicSysFlag.UNIT;
}
