import {
  bool,
  defaulted,
  int32,
  list,
  object,
  optional,
  ordinalWord,
  roundedInt64,
  text,
} from '../json/json-type.js';
import type { JsonOf } from '../json/json-type.js';

/** Who fetches: the program itself, the client library, or POP. Source: rocketmq 5.5.0 `ConsumeType`. */
export const ConsumeType = ordinalWord('CONSUME_ACTIVELY', 'CONSUME_PASSIVELY', 'CONSUME_POP');
export type ConsumeType = JsonOf<typeof ConsumeType>;

/** Source: rocketmq 5.5.0 `MessageModel`. */
export const MessageModel = ordinalWord('BROADCASTING', 'CLUSTERING');
export type MessageModel = JsonOf<typeof MessageModel>;

/** Where a group without an offset starts. Source: rocketmq 5.5.0 `ConsumeFromWhere`. */
export const ConsumeFromWhere = ordinalWord(
  'CONSUME_FROM_LAST_OFFSET',
  'CONSUME_FROM_LAST_OFFSET_AND_FROM_MIN_WHEN_BOOT_FIRST',
  'CONSUME_FROM_MIN_OFFSET',
  'CONSUME_FROM_MAX_OFFSET',
  'CONSUME_FROM_FIRST_OFFSET',
  'CONSUME_FROM_TIMESTAMP',
);
export type ConsumeFromWhere = JsonOf<typeof ConsumeFromWhere>;

/** What a consumer wants of a topic. Source: rocketmq 5.5.0 `SubscriptionData`. */
export const SubscriptionData = object({
  classFilterMode: defaulted(bool, () => false),
  /** Java hashes of the tags. */
  codeSet: defaulted(list(int32), () => []),
  /** `TAG` or `SQL92`. */
  expressionType: defaulted(text, () => 'TAG'),
  subString: defaulted(text, () => '*'),
  /** Grows when the subscription changes; ms of the client's clock, with the Go client ns. */
  subVersion: defaulted(roundedInt64, () => 0),
  tagsSet: defaulted(list(text), () => []),
  topic: text,
});
export type SubscriptionData = JsonOf<typeof SubscriptionData>;

/** One consumer group of a client. Source: rocketmq 5.5.0 `ConsumerData`. */
export const ConsumerData = object({
  consumeFromWhere: defaulted(ConsumeFromWhere, () => 'CONSUME_FROM_LAST_OFFSET' as const),
  consumeType: defaulted(ConsumeType, () => 'CONSUME_PASSIVELY' as const),
  groupName: text,
  messageModel: defaulted(MessageModel, () => 'CLUSTERING' as const),
  subscriptionDataSet: defaulted(list(SubscriptionData), () => []),
  unitMode: defaulted(bool, () => false),
});
export type ConsumerData = JsonOf<typeof ConsumerData>;

/** All that a client does on a broker, sent every 30 s. Source: rocketmq 5.5.0 `HeartbeatData`. */
export const HeartbeatData = object({
  clientID: text,
  consumerDataSet: defaulted(list(ConsumerData), () => []),
  /** 0: the client sends whole heartbeats only. */
  heartbeatFingerprint: defaulted(int32, () => 0),
  producerDataSet: defaulted(list(object({ groupName: text })), () => []),
  /** The subscriptions are those of the last heartbeat with this fingerprint. */
  withoutSub: defaulted(bool, () => false),
});
export type HeartbeatData = JsonOf<typeof HeartbeatData>;

/** Body of CHECK_CLIENT_CONFIG. Source: rocketmq 5.5.0 `CheckClientRequestBody`. */
export const CheckClientRequest = object({
  clientId: optional(text),
  group: text,
  namespace: optional(text),
  subscriptionData: SubscriptionData,
});
export type CheckClientRequest = JsonOf<typeof CheckClientRequest>;
