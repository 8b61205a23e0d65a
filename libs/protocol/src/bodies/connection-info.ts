import { defaulted, int32, int64, list, mapOf, object, optional, text } from '../json/json-type.js';
import type { JsonOf } from '../json/json-type.js';
import { ConsumeFromWhere, ConsumeType, MessageModel, SubscriptionData } from './heartbeat-data.js';

/** One client of a group. Source: rocketmq 5.5.0 `Connection`. */
export const ConnectionInfo = object({
  /** `ip:port` as the broker sees it. */
  clientAddr: text,
  clientId: text,
  /** Name as in `LanguageCode`. */
  language: text,
  /** See `PeerVersion`. */
  version: int32,
});
export type ConnectionInfo = JsonOf<typeof ConnectionInfo>;

/** The members of a consumer group and what they want. Source: rocketmq 5.5.0 `ConsumerConnection`. */
export const ConsumerConnection = object({
  connectionSet: defaulted(list(ConnectionInfo), () => []),
  consumeFromWhere: optional(ConsumeFromWhere),
  consumeType: optional(ConsumeType),
  /**
   * Where members subscribe to different things: who to what. Ours; Apache's tools ignore properties that they do not
   * know.
   */
  inconsistentSubscriptions: optional(
    list(object({ clientIds: list(text), subscriptions: list(text) })),
  ),
  messageModel: optional(MessageModel),
  subscriptionTable: defaulted(mapOf(SubscriptionData), () => new Map<string, SubscriptionData>()),
});
export type ConsumerConnection = JsonOf<typeof ConsumerConnection>;

/** The members of a producer group. Source: rocketmq 5.5.0 `ProducerConnection`. */
export const ProducerConnection = object({
  connectionSet: defaulted(list(ConnectionInfo), () => []),
});
export type ProducerConnection = JsonOf<typeof ProducerConnection>;

/** Source: rocketmq 5.5.0 `ProducerInfo`. */
export const ProducerInfo = object({
  clientId: text,
  language: text,
  /** Wall-clock ms of the last heartbeat. */
  lastUpdateTimestamp: int64,
  remoteIP: text,
  version: int32,
});
export type ProducerInfo = JsonOf<typeof ProducerInfo>;

/** All producers by group. Source: rocketmq 5.5.0 `ProducerTableInfo`. */
export const ProducerTableInfo = object({
  data: defaulted(mapOf(list(ProducerInfo)), () => new Map<string, ProducerInfo[]>()),
});
export type ProducerTableInfo = JsonOf<typeof ProducerTableInfo>;

/** Client ids of a group. Source: rocketmq 5.5.0 `GetConsumerListByGroupResponseBody`. */
export const ConsumerList = object({ consumerIdList: defaulted(list(text), () => []) });
export type ConsumerList = JsonOf<typeof ConsumerList>;

/** What a group wants of a topic. Source: rocketmq 5.5.0 `QuerySubscriptionResponseBody`. */
export const QuerySubscriptionResponse = object({
  group: text,
  subscriptionData: optional(SubscriptionData),
  topic: optional(text),
});
export type QuerySubscriptionResponse = JsonOf<typeof QuerySubscriptionResponse>;
