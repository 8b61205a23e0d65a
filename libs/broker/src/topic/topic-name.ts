/** Prefix of the topic from which a consumer group gets its failed messages again. */
export const RETRY_TOPIC_PREFIX = '%RETRY%';
/** Prefix of the topic that holds what a consumer group could not consume at all. */
export const DLQ_TOPIC_PREFIX = '%DLQ%';
/** Prefix of light queues, which are topics without settings of their own. */
export const LIGHT_QUEUE_PREFIX = '%LMQ%';
/** Prefix of topics that Apache's own services use. */
const SYSTEM_TOPIC_PREFIX = 'rmq_sys_';

/** Template of topics that are created by the first send. */
export const AUTO_CREATE_TOPIC = 'TBW102';
/** Where delayed messages wait; queue N holds delay level N + 1. */
export const SCHEDULE_TOPIC = 'SCHEDULE_TOPIC_XXXX';
export const SELF_TEST_TOPIC = 'SELF_TEST_TOPIC';
export const BENCHMARK_TOPIC = 'BenchmarkTest';
export const OFFSET_MOVED_TOPIC = 'OFFSET_MOVED_EVENT';
export const TRACE_TOPIC = 'RMQ_SYS_TRACE_TOPIC';
export const TRANSACTION_HALF_TOPIC = 'RMQ_SYS_TRANS_HALF_TOPIC';
export const TRANSACTION_OP_TOPIC = 'RMQ_SYS_TRANS_OP_HALF_TOPIC';
export const ROCKSDB_HALF_TOPIC = 'RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC';
export const ROCKSDB_OP_TOPIC = 'RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC';
export const TRANSACTION_CHECK_MAX_TOPIC = 'TRANS_CHECK_MAX_TIME_TOPIC';
export const ROCKSDB_OFFSET_TOPIC = 'CHECKPOINT_TOPIC';
export const TIMER_TOPIC = 'rmq_sys_wheel_timer';

/** Longest name of an ordinary topic, of a `%RETRY%` or `%DLQ%` topic, and of a group, in characters. */
export const TOPIC_NAME_LENGTH_MAX = 127;
const RETRY_OR_DLQ_NAME_LENGTH_MAX = 255;
const GROUP_NAME_LENGTH_MAX = 120;

const FORBIDDEN_FOR_CLIENTS: ReadonlySet<string> = new Set([
  SCHEDULE_TOPIC,
  TRANSACTION_HALF_TOPIC,
  TRANSACTION_OP_TOPIC,
  TRANSACTION_CHECK_MAX_TOPIC,
  SELF_TEST_TOPIC,
  OFFSET_MOVED_TOPIC,
  ROCKSDB_HALF_TOPIC,
  ROCKSDB_OP_TOPIC,
]);

/** Names that are taken on every broker. */
export const SYSTEM_TOPICS: ReadonlySet<string> = new Set([
  AUTO_CREATE_TOPIC,
  SCHEDULE_TOPIC,
  BENCHMARK_TOPIC,
  TRANSACTION_HALF_TOPIC,
  TRACE_TOPIC,
  TRANSACTION_OP_TOPIC,
  TRANSACTION_CHECK_MAX_TOPIC,
  SELF_TEST_TOPIC,
  OFFSET_MOVED_TOPIC,
  ROCKSDB_OFFSET_TOPIC,
  ROCKSDB_HALF_TOPIC,
  ROCKSDB_OP_TOPIC,
]);

const LEGAL_NAME = /^[%|a-zA-Z0-9_-]+$/;

export const retryTopicOf = (group: string): string => RETRY_TOPIC_PREFIX + group;
export const dlqTopicOf = (group: string): string => DLQ_TOPIC_PREFIX + group;
export const isRetryTopic = (topic: string): boolean => topic.startsWith(RETRY_TOPIC_PREFIX);
export const isRetryOrDlqTopic = (topic: string): boolean =>
  topic.startsWith(RETRY_TOPIC_PREFIX) || topic.startsWith(DLQ_TOPIC_PREFIX);

/**
 * The group behind a `%RETRY%` topic, also in the second form of pop retry topics (`%RETRY%group+topic`).
 * Source: rocketmq 5.x `KeyBuilder#parseGroup`.
 */
export function groupOfRetryTopic(retryTopic: string): string {
  const rest = retryTopic.slice(RETRY_TOPIC_PREFIX.length);
  const separator = rest.indexOf('+');
  return separator > 0 ? rest.slice(0, separator) : rest;
}

/** Whether a producer may name this topic in a send. Source: rocketmq 5.5.0 `TopicValidator#isNotAllowedSendTopic`. */
export const mayBeSentTo = (topic: string): boolean => !FORBIDDEN_FOR_CLIENTS.has(topic);

/** Whether the topic belongs to the software, not to a user. Source: rocketmq 5.5.0 `TopicValidator#isSystemTopic`. */
export const isSystemTopic = (topic: string): boolean =>
  SYSTEM_TOPICS.has(topic) || topic.startsWith(SYSTEM_TOPIC_PREFIX);

/**
 * Why `topic` cannot be a topic's name, in Apache's words; undefined when it can.
 * Source: rocketmq 5.5.0 `TopicValidator#validateTopic`.
 */
export function topicNameDefect(topic: string): string | undefined {
  if (topic.trim() === '') return 'The specified topic is blank.';
  if (!LEGAL_NAME.test(topic)) {
    return `The specified topic: ${topic}, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$`;
  }
  if (isRetryOrDlqTopic(topic)) {
    return topic.length > RETRY_OR_DLQ_NAME_LENGTH_MAX
      ? `The specified topic is DLQ or Retry topic: ${topic}, and it's longer than topic max length: ${RETRY_OR_DLQ_NAME_LENGTH_MAX}`
      : undefined;
  }
  return topic.length > TOPIC_NAME_LENGTH_MAX
    ? `The specified topic: ${topic}, is longer than topic max length: ${TOPIC_NAME_LENGTH_MAX}`
    : undefined;
}

/**
 * Why `group` cannot be a group's name, in Apache's words; undefined when it can.
 * Source: rocketmq 5.5.0 `TopicValidator#validateGroup`.
 */
export function groupNameDefect(group: string): string | undefined {
  if (group.trim() === '') return 'The specified group is blank.';
  if (!LEGAL_NAME.test(group)) {
    return `The specified group: ${group}, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$`;
  }
  return group.length > GROUP_NAME_LENGTH_MAX
    ? `The specified group: ${group}, is longer than group max length: ${GROUP_NAME_LENGTH_MAX}`
    : undefined;
}
