import { ResponseCode } from '@rocketmq-ts/protocol';
import type { SubscriptionData, SubscriptionGroupConfig } from '@rocketmq-ts/protocol';
import { SEE_FAQ } from '../apache-texts.js';
import type { ConsumerGroup } from '../client-session/consumer-groups.js';
import type { ClientConnection } from '../client-session/client-member.js';
import {
  Forbidden,
  brokerRefusal,
  filterRefusal,
  groupRefusal,
  groupUnknown,
  subscriptionForbidden,
  topicRefusal,
  topicUnknown,
} from '../consume-refusals.js';
import type { ConsumeRefusal, ConsumeTarget } from '../consume-refusals.js';
import { RetryRecordFilter } from '../filter/retry-filter.js';
import { SQL92, isUnusable } from '../filter/subscription-filters.js';
import type { MessageFilter, SubscriptionFilters } from '../filter/subscription-filters.js';
import { RETRY_TOPIC_PREFIX } from '../topic/topic-name.js';
import type { TopicRecord } from '../topic/topic-table.js';

/** What a pull asks for, as far as the decision looks at it. */
export interface PullRequest extends ConsumeTarget {
  /** The expression in the request counts, not that of the heartbeat. */
  readonly carriesSubscription: boolean;
  readonly subscription: string | undefined;
  readonly expressionType: string | undefined;
  readonly subVersion: number;
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
  | { readonly granted: false; readonly refusal: ConsumeRefusal };

const refused = (refusal: ConsumeRefusal): PullDecision => ({ granted: false, refusal });

/**
 * Whether a pull is carried out, and with which filter. The order of the checks is Apache's, so that a request with
 * several faults gets the same answer.
 * Source: rocketmq 5.5.0 `PullMessageProcessor#processRequest`.
 */
export function decidePull(request: PullRequest, facts: PullFacts): PullDecision {
  const { group, topic, advertisedHost } = facts;
  const closed = brokerRefusal(facts.brokerPermission, advertisedHost, 'pulling');
  if (closed) return refused(closed);
  if (!group) return refused(groupUnknown(request.consumerGroup));
  const disabled = groupRefusal(request, group);
  if (disabled) return refused(disabled);
  if (!topic) return refused(topicUnknown(request.topic));
  const unreadable = topicRefusal(request, topic.config, 'pulling');
  if (unreadable) return refused(unreadable);
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
  if (isUnusable(filter)) return refused(filterRefusal(filter));
  return { granted: true, grant: { group, topic, filter } };
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
    return refused({ code: ResponseCode.SUBSCRIPTION_NOT_EXIST, remark });
  }
  if (!group.consumeBroadcastEnable && members.messageModel === 'BROADCASTING') {
    const remark = `the consumer group[${request.consumerGroup}] can not consume by broadcast way`;
    const forbiddenType = Forbidden.BROADCASTING;
    return refused({ code: ResponseCode.NO_PERMISSION, remark, forbiddenType });
  }
  if (facts.readForbidden) return refused(subscriptionForbidden(request));
  const subscription: SubscriptionData | undefined = members.subscriptions.get(request.topic);
  if (!subscription) {
    const remark = `the consumer's subscription not exist${SEE_FAQ}`;
    return refused({ code: ResponseCode.SUBSCRIPTION_NOT_EXIST, remark });
  }
  if (subscription.subVersion < request.subVersion) {
    const remark = "the consumer's subscription not latest";
    return refused({ code: ResponseCode.SUBSCRIPTION_NOT_LATEST, remark });
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
    if (filter.fault === 'type' || expressionType !== SQL92) return refused(filterRefusal(filter));
    const remark = `The broker's consumer filter data is not exist!Your expression may be wrong! ${filter.reason}`;
    return refused({ code: ResponseCode.FILTER_DATA_NOT_EXIST, remark });
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
