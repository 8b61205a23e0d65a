import type { TopicConfig } from '@rocketmq-ts/protocol';
import { Perm } from '@rocketmq-ts/protocol';
import { topicConfig } from './topic-creation.js';
import {
  AUTO_CREATE_TOPIC,
  BENCHMARK_TOPIC,
  OFFSET_MOVED_TOPIC,
  ROCKSDB_HALF_TOPIC,
  ROCKSDB_OP_TOPIC,
  SCHEDULE_TOPIC,
  SELF_TEST_TOPIC,
  TIMER_TOPIC,
  TRANSACTION_HALF_TOPIC,
  TRANSACTION_OP_TOPIC,
} from './topic-name.js';

/** What decides which topics a broker is born with. */
export interface SystemTopicSettings {
  readonly clusterName: string;
  readonly brokerName: string;
  readonly autoCreateTopicEnable: boolean;
  /** Queues of the template of auto-created topics. */
  readonly defaultTopicQueueNums: number;
  readonly clusterTopicEnable: boolean;
  readonly brokerTopicEnable: boolean;
  readonly traceTopicEnable: boolean;
  readonly msgTraceTopicName: string;
  readonly timerWheelEnable: boolean;
  /** Queues of the topic in which pop acknowledgements are kept. */
  readonly reviveQueueNum: number;
}

const SCHEDULE_QUEUE_COUNT = 18;
const BENCHMARK_QUEUE_COUNT = 1024;
const READ_WRITE = Perm.READ | Perm.WRITE;

const oneQueue = (name: string, perm?: number): TopicConfig =>
  topicConfig(name, {
    readQueueNums: 1,
    writeQueueNums: 1,
    ...(perm === undefined ? {} : { perm }),
  });

const withQueues = (name: string, queueCount: number, perm: number = READ_WRITE): TopicConfig =>
  topicConfig(name, { readQueueNums: queueCount, writeQueueNums: queueCount, perm });

/**
 * The topics that Apache's broker makes at its first start, in its order.
 * Source: rocketmq 5.5.0 `TopicConfigManager#init`.
 */
export function systemTopics(settings: SystemTopicSettings): TopicConfig[] {
  const { clusterName, brokerName } = settings;
  const inherited = (enabled: boolean): number => Perm.INHERIT | (enabled ? READ_WRITE : 0);
  const topics = [oneQueue(SELF_TEST_TOPIC)];
  if (settings.autoCreateTopicEnable) {
    topics.push(withQueues(AUTO_CREATE_TOPIC, settings.defaultTopicQueueNums, inherited(true)));
  }
  topics.push(
    withQueues(BENCHMARK_TOPIC, BENCHMARK_QUEUE_COUNT),
    topicConfig(clusterName, { perm: inherited(settings.clusterTopicEnable) }),
    oneQueue(brokerName, inherited(settings.brokerTopicEnable)),
    oneQueue(OFFSET_MOVED_TOPIC),
    withQueues(SCHEDULE_TOPIC, SCHEDULE_QUEUE_COUNT),
  );
  if (settings.traceTopicEnable) topics.push(oneQueue(settings.msgTraceTopicName));
  topics.push(
    oneQueue(`${clusterName}_REPLY_TOPIC`),
    withQueues(`rmq_sys_REVIVE_LOG_${clusterName}`, settings.reviveQueueNum),
    oneQueue(`rmq_sys_SYNC_BROKER_MEMBER_${brokerName}`, Perm.INHERIT),
    oneQueue(TRANSACTION_HALF_TOPIC),
    oneQueue(TRANSACTION_OP_TOPIC),
    oneQueue(ROCKSDB_HALF_TOPIC),
    oneQueue(ROCKSDB_OP_TOPIC),
  );
  if (settings.timerWheelEnable) topics.push(oneQueue(TIMER_TOPIC));
  return topics;
}
