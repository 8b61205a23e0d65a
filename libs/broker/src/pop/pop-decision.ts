import { ResponseCode } from '@rocketmq-ts/protocol';
import type { SubscriptionGroupConfig } from '@rocketmq-ts/protocol';
import { SEE_FAQ } from '../apache-texts.js';
import { isReadable } from '../topic/permission.js';
import type { TopicRecord } from '../topic/topic-table.js';
import { CHECKPOINT_COUNT_MAX } from './checkpoint.js';

/** A request about popped messages that is not carried out. */
export interface PopRefusal {
  readonly code: number;
  readonly remark: string;
}

/** What such a request names. */
export interface PopTargetRequest {
  readonly consumerGroup: string;
  readonly topic: string;
  /** −1: all. */
  readonly queueId: number;
  /** Messages wanted; undefined where none are. */
  readonly maxMsgNums?: number;
  readonly remoteHostPort: string;
}

/** What the decision looks at. */
export interface PopFacts {
  readonly brokerPermission: number;
  readonly advertisedHost: string;
  readonly topic: TopicRecord | undefined;
  /** Asked for last: it may come into being by being asked for. */
  readonly group: () => SubscriptionGroupConfig | undefined;
  readonly readForbidden: boolean;
}

export interface PopGrant {
  readonly topic: TopicRecord;
  readonly group: SubscriptionGroupConfig;
}

export type PopDecision =
  | { readonly granted: true; readonly grant: PopGrant }
  | { readonly granted: false; readonly refusal: PopRefusal };

const refuse = (code: number, remark: string): PopDecision => ({
  granted: false,
  refusal: { code, remark },
});

/**
 * Whether a pop, peek or poll is carried out. The order of the checks and the texts are Apache's; that an operator has
 * forbidden the topic to the group is ours, as for pulls.
 * @param deed as Apache's remark for a broker without the right to read calls it
 * Source: rocketmq 5.5.0 `PopMessageProcessor#processRequest`, `PeekMessageProcessor`, `NotificationProcessor`.
 */
export function decidePop(
  request: PopTargetRequest,
  facts: PopFacts,
  deed: 'pop' | 'peeking',
): PopDecision {
  const broker = `the broker[${facts.advertisedHost}]`;
  if (!isReadable(facts.brokerPermission)) {
    return refuse(ResponseCode.NO_PERMISSION, `${broker} ${deed} message is forbidden`);
  }
  if ((request.maxMsgNums ?? 0) > CHECKPOINT_COUNT_MAX) {
    const remark = `${broker} ${deed} message's num is greater than ${CHECKPOINT_COUNT_MAX}`;
    return refuse(ResponseCode.INVALID_PARAMETER, remark);
  }
  const { topic } = facts;
  if (!topic) return refuse(ResponseCode.TOPIC_NOT_EXIST, topicUnknown(request.topic));
  if (!isReadable(topic.config.perm)) {
    const remark = `the topic[${request.topic}] peeking message is forbidden`;
    return refuse(ResponseCode.NO_PERMISSION, remark);
  }
  if (request.queueId >= topic.config.readQueueNums) {
    return refuse(
      ResponseCode.INVALID_PARAMETER,
      queueIllegal(request, topic.config.readQueueNums),
    );
  }
  const group = facts.group();
  if (!group) {
    return refuse(
      ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
      `subscription group [${request.consumerGroup}] does not exist, ${SEE_FAQ}`,
    );
  }
  if (!group.consumeEnable) {
    const remark = `subscription group no permission, ${request.consumerGroup}`;
    return refuse(ResponseCode.NO_PERMISSION, remark);
  }
  if (facts.readForbidden) {
    const remark = `the consumer group[${request.consumerGroup}] is forbidden for topic[${request.topic}]`;
    return refuse(ResponseCode.NO_PERMISSION, remark);
  }
  return { granted: true, grant: { topic, group } };
}

/** Remark of answers about an unknown topic. */
export const topicUnknown = (topic: string): string =>
  `topic[${topic}] not exist, apply first please! ${SEE_FAQ}`;

/** Remark of answers about a queue that a topic does not have. */
export const queueIllegal = (request: PopTargetRequest, readQueueNums: number): string =>
  `queueId[${request.queueId}] is illegal, topic:[${request.topic}] ` +
  `topicConfig.readQueueNums:[${readQueueNums}] consumer:[${request.remoteHostPort}]`;

/** Slack of clocks and networks within which a pop is not too old. Source: rocketmq 5.5.0 `PopMessageRequestHeader`. */
const TOO_OLD_MS = 500;
/** Time before the end of a wait at which it ends, so that the answer is there in time. Source: rocketmq 5.5.0 `PopRequest`. */
const EARLY_MS = 50;

/** Whether a pop came so late that its client has given it up. Source: rocketmq 5.5.0 `isTimeoutTooMuch`. */
export const isTooOld = (bornTimeMs: number, pollTimeMs: number, nowMs: number): boolean =>
  bornTimeMs > 0 && nowMs - bornTimeMs - pollTimeMs > TOO_OLD_MS;

/**
 * How long a pop may wait from now on, ms; 0: not at all. Counted from when the client asked, as Apache does, but never
 * longer than it asked for: the clocks of clients are not always right.
 * @param holdMaxMs longest wait of all
 */
export function pollWaitMs(
  bornTimeMs: number,
  pollTimeMs: number,
  nowMs: number,
  holdMaxMs: number,
): number {
  if (pollTimeMs <= 0) return 0;
  const untilMs = (bornTimeMs > 0 ? bornTimeMs : nowMs) + pollTimeMs;
  return Math.max(Math.min(untilMs - nowMs, pollTimeMs, holdMaxMs) - EARLY_MS, 0);
}
