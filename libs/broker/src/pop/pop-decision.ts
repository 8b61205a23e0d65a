import { ResponseCode } from '@rocketmq-ts/protocol';
import type { SubscriptionGroupConfig } from '@rocketmq-ts/protocol';
import {
  brokerRefusal,
  groupRefusal,
  groupUnknown,
  subscriptionForbidden,
  topicRefusal,
  topicUnknown,
} from '../consume-refusals.js';
import type { ConsumeRefusal, ConsumeTarget } from '../consume-refusals.js';
import type { TopicRecord } from '../topic/topic-table.js';
import { CHECKPOINT_COUNT_MAX } from './checkpoint.js';

/** What a request about popped messages names; queue −1: all. */
export interface PopTargetRequest extends ConsumeTarget {
  /** Messages wanted; undefined where none are. */
  readonly maxMsgNums?: number;
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
  | { readonly granted: false; readonly refusal: ConsumeRefusal };

const refused = (refusal: ConsumeRefusal): PopDecision => ({ granted: false, refusal });

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
  const closed = brokerRefusal(facts.brokerPermission, facts.advertisedHost, deed);
  if (closed) return refused(closed);
  if ((request.maxMsgNums ?? 0) > CHECKPOINT_COUNT_MAX) {
    const remark = `the broker[${facts.advertisedHost}] ${deed} message's num is greater than ${CHECKPOINT_COUNT_MAX}`;
    return refused({ code: ResponseCode.INVALID_PARAMETER, remark });
  }
  const { topic } = facts;
  if (!topic) return refused(topicUnknown(request.topic));
  const unreadable = topicRefusal(request, topic.config, 'peeking');
  if (unreadable) return refused(unreadable);
  const group = facts.group();
  if (!group) return refused(groupUnknown(request.consumerGroup));
  const disabled = groupRefusal(request, group);
  if (disabled) return refused(disabled);
  if (facts.readForbidden) return refused(subscriptionForbidden(request));
  return { granted: true, grant: { topic, group } };
}

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
