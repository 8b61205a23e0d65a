import { ResponseCode } from '@rocketmq-ts/protocol';
import type { SubscriptionData, SubscriptionGroupConfig } from '@rocketmq-ts/protocol';
import { SEE_FAQ } from '../apache-texts.js';
import type { ConsumerGroup } from '../client-session/consumer-groups.js';
import type { ClientConnection } from '../client-session/client-member.js';
import { RetryRecordFilter } from '../filter/retry-filter.js';
import { SQL92, isUnusable } from '../filter/subscription-filters.js';
import type { MessageFilter, SubscriptionFilters } from '../filter/subscription-filters.js';
import { isReadable } from '../topic/permission.js';
import { RETRY_TOPIC_PREFIX } from '../topic/topic-name.js';
import type { TopicRecord } from '../topic/topic-table.js';

/** Who forbids a pull. Source: rocketmq 5.x `ForbiddenType`. */
export const Forbidden = {
  BROKER: 1,
  GROUP: 2,
  TOPIC: 3,
  BROADCASTING: 4,
  SUBSCRIPTION: 5,
} as const;

/** A pull that is not carried out. */
export interface PullRefusal {
  readonly code: number;
  readonly remark: string;
  readonly forbiddenType?: number;
}

/** What a pull asks for, as far as the decision looks at it. */
export interface PullRequest {
  readonly consumerGroup: string;
  readonly topic: string;
  readonly queueId: number;
  /** The expression in the request counts, not that of the heartbeat. */
  readonly carriesSubscription: boolean;
  readonly subscription: string | undefined;
  readonly expressionType: string | undefined;
  readonly subVersion: number;
  readonly remoteHostPort: string;
}

/** The state of the broker that the decision looks at. */
export interface PullFacts {
  readonly brokerPermission: number;
  readonly advertisedHost: string;
  readonly group: SubscriptionGroupConfig | undefined;
  readonly topic: TopicRecord | undefined;
  readonly members: ConsumerGroup<ClientConnection> | undefined;
  readonly readForbidden: boolean;
  readonly filters: SubscriptionFilters;
  /** Whether retried messages are judged by what the group wants of the topic they came from. */
  readonly retryFilter: boolean;
}

/** A pull that is carried out. */
export interface PullGrant {
  readonly group: SubscriptionGroupConfig;
  readonly topic: TopicRecord;
  readonly filter: MessageFilter;
}

export type PullDecision =
  | { readonly granted: true; readonly grant: PullGrant }
  | { readonly granted: false; readonly refusal: PullRefusal };

const refuse = (code: number, remark: string, forbiddenType?: number): PullDecision => ({
  granted: false,
  refusal: { code, remark, ...(forbiddenType === undefined ? {} : { forbiddenType }) },
});

/**
 * Whether a pull is carried out, and with which filter. The order of the checks is Apache's, so that a request with
 * several faults gets the same answer.
 * Source: rocketmq 5.5.0 `PullMessageProcessor#processRequest`.
 */
export function decidePull(request: PullRequest, facts: PullFacts): PullDecision {
  if (!isReadable(facts.brokerPermission)) {
    const remark = `the broker[${facts.advertisedHost}] pulling message is forbidden`;
    return refuse(ResponseCode.NO_PERMISSION, remark, Forbidden.BROKER);
  }
  const { group, topic } = facts;
  if (!group) {
    return refuse(
      ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
      `subscription group [${request.consumerGroup}] does not exist, ${SEE_FAQ}`,
    );
  }
  if (!group.consumeEnable) {
    const remark = `subscription group no permission, ${request.consumerGroup}`;
    return refuse(ResponseCode.NO_PERMISSION, remark, Forbidden.GROUP);
  }
  if (!topic) {
    return refuse(
      ResponseCode.TOPIC_NOT_EXIST,
      `topic[${request.topic}] not exist, apply first please! ${SEE_FAQ}`,
    );
  }
  if (!isReadable(topic.config.perm)) {
    const remark = `the topic[${request.topic}] pulling message is forbidden`;
    return refuse(ResponseCode.NO_PERMISSION, remark, Forbidden.TOPIC);
  }
  if (request.queueId < 0 || request.queueId >= topic.config.readQueueNums) {
    return refuse(
      ResponseCode.INVALID_PARAMETER,
      `queueId[${request.queueId}] is illegal, topic:[${request.topic}] ` +
        `topicConfig.readQueueNums:[${topic.config.readQueueNums}] consumer:[${request.remoteHostPort}]`,
    );
  }
  return request.carriesSubscription
    ? decideByRequest(request, facts, group, topic)
    : decideByHeartbeat(request, facts, group, topic);
}

function decideByRequest(
  request: PullRequest,
  facts: PullFacts,
  group: SubscriptionGroupConfig,
  topic: TopicRecord,
): PullDecision {
  const { expressionType, subscription } = request;
  const filter = facts.filters.get(expressionType, subscription);
  if (!isUnusable(filter)) return { granted: true, grant: { group, topic, filter } };
  // Apache gives every message to a pull whose expression it cannot compile.
  return filter.fault === 'type' ? refuse(ResponseCode.SYSTEM_ERROR, filter.reason) : PARSE_FAILED;
}

function decideByHeartbeat(
  request: PullRequest,
  facts: PullFacts,
  group: SubscriptionGroupConfig,
  topic: TopicRecord,
): PullDecision {
  const { members } = facts;
  if (!members) {
    const remark = `the consumer's group info not exist${SEE_FAQ}`;
    return refuse(ResponseCode.SUBSCRIPTION_NOT_EXIST, remark);
  }
  if (!group.consumeBroadcastEnable && members.messageModel === 'BROADCASTING') {
    const remark = `the consumer group[${request.consumerGroup}] can not consume by broadcast way`;
    return refuse(ResponseCode.NO_PERMISSION, remark, Forbidden.BROADCASTING);
  }
  if (facts.readForbidden) {
    const remark = `the consumer group[${request.consumerGroup}] is forbidden for topic[${request.topic}]`;
    return refuse(ResponseCode.NO_PERMISSION, remark, Forbidden.SUBSCRIPTION);
  }
  const subscription: SubscriptionData | undefined = members.subscriptions.get(request.topic);
  if (!subscription) {
    const remark = `the consumer's subscription not exist${SEE_FAQ}`;
    return refuse(ResponseCode.SUBSCRIPTION_NOT_EXIST, remark);
  }
  if (subscription.subVersion < request.subVersion) {
    const remark = "the consumer's subscription not latest";
    return refuse(ResponseCode.SUBSCRIPTION_NOT_LATEST, remark);
  }
  // With a filter class on the client's side the broker sends everything.
  if (subscription.classFilterMode) {
    return { granted: true, grant: { group, topic, filter: {} } };
  }
  return decideBySubscription(subscription, members, facts, group, topic);
}

function decideBySubscription(
  { topic: name, expressionType, subString }: SubscriptionData,
  members: ConsumerGroup<ClientConnection>,
  { filters, retryFilter }: PullFacts,
  group: SubscriptionGroupConfig,
  topic: TopicRecord,
): PullDecision {
  const filter = filters.get(expressionType, subString);
  if (isUnusable(filter)) {
    if (filter.fault === 'type') return refuse(ResponseCode.SYSTEM_ERROR, filter.reason);
    if (expressionType !== SQL92) return PARSE_FAILED;
    const remark = `The broker's consumer filter data is not exist!Your expression may be wrong! ${filter.reason}`;
    return refuse(ResponseCode.FILTER_DATA_NOT_EXIST, remark);
  }
  if (!retryFilter || !filter.records || !name.startsWith(RETRY_TOPIC_PREFIX)) {
    return { granted: true, grant: { group, topic, filter } };
  }
  const records = new RetryRecordFilter((origin) => {
    const original = members.subscriptions.get(origin);
    if (original?.expressionType !== SQL92) return undefined;
    const wanted = filters.get(SQL92, original.subString);
    return isUnusable(wanted) ? undefined : wanted.records;
  });
  return { granted: true, grant: { group, topic, filter: { records } } };
}

const PARSE_FAILED: PullDecision = refuse(
  ResponseCode.SUBSCRIPTION_PARSE_FAILED,
  "parse the consumer's subscription failed",
);
