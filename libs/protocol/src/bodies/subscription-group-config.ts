import {
  bool,
  defaulted,
  int32,
  int64,
  list,
  mapOf,
  object,
  optional,
  remembered,
  text,
  word,
} from '../json/json-type.js';
import type { JsonOf } from '../json/json-type.js';
import { DataVersion } from './data-version.js';

/** Source: rocketmq 5.5.0 `SimpleSubscriptionData`. */
export const SimpleSubscriptionData = object({
  expression: optional(text),
  expressionType: optional(text),
  topic: text,
  version: defaulted(int64, () => 0),
});
export type SimpleSubscriptionData = JsonOf<typeof SimpleSubscriptionData>;

/** How long a failed message waits by 5.x's own choice; times in ms. Source: rocketmq 5.5.0 `GroupRetryPolicy`. */
export const GroupRetryPolicy = object({
  customizedRetryPolicy: optional(object({ next: list(int64) })),
  exponentialRetryPolicy: optional(object({ initial: int64, max: int64, multiplier: int64 })),
  type: defaulted(word('EXPONENTIAL', 'CUSTOMIZED'), () => 'CUSTOMIZED' as const),
});
export type GroupRetryPolicy = JsonOf<typeof GroupRetryPolicy>;

/** What a broker knows of a consumer group. Source: rocketmq 5.5.0 `SubscriptionGroupConfig`. */
export const SubscriptionGroupConfig = object({
  attributes: defaulted(mapOf(text), () => new Map<string, string>()),
  /** Broker id to read from; 0 is the master. */
  brokerId: defaulted(int64, () => 0),
  consumeBroadcastEnable: defaulted(bool, () => true),
  consumeEnable: defaulted(bool, () => true),
  consumeFromMinEnable: defaulted(bool, () => true),
  consumeMessageOrderly: defaulted(bool, () => false),
  /** Minutes. */
  consumeTimeoutMinute: defaulted(int32, () => 15),
  groupName: text,
  groupRetryPolicy: defaulted(GroupRetryPolicy, (): GroupRetryPolicy => ({ type: 'CUSTOMIZED' })),
  groupSysFlag: defaulted(int32, () => 0),
  notifyConsumerIdsChangedEnable: defaulted(bool, () => true),
  /** Deliveries after the first before a message goes to the dead-letter topic. */
  retryMaxTimes: defaulted(int32, () => 16),
  retryQueueNums: defaulted(int32, () => 1),
  subscriptionDataSet: optional(list(SimpleSubscriptionData)),
  /** Broker id that a slow consumer is sent to. */
  whichBrokerWhenConsumeSlowly: defaulted(int64, () => 1),
});
export type SubscriptionGroupConfig = JsonOf<typeof SubscriptionGroupConfig>;

/** A group with Apache's defaults. */
export const defaultSubscriptionGroup = (groupName: string): SubscriptionGroupConfig =>
  SubscriptionGroupConfig.read(new Map([['groupName', groupName]]), '');

/**
 * All groups of a broker; also the content of `subscriptionGroup.json`.
 * Source: rocketmq 5.5.0 `SubscriptionGroupWrapper`, `SubscriptionGroupManager`.
 */
export const SubscriptionGroupWrapper = object({
  dataVersion: DataVersion,
  /** Group → topic → bits that forbid. */
  forbiddenTable: defaulted(mapOf(mapOf(int32)), () => new Map<string, Map<string, number>>()),
  subscriptionGroupTable: defaulted(
    mapOf(remembered(SubscriptionGroupConfig)),
    () => new Map<string, SubscriptionGroupConfig>(),
  ),
});
export type SubscriptionGroupWrapper = JsonOf<typeof SubscriptionGroupWrapper>;

/** Source: rocketmq 5.5.0 `SubscriptionGroupList`. */
export const SubscriptionGroupList = object({ groupConfigList: list(SubscriptionGroupConfig) });
export type SubscriptionGroupList = JsonOf<typeof SubscriptionGroupList>;

/** Group names. Source: rocketmq 5.5.0 `GroupList`. */
export const GroupList = object({ groupList: defaulted(list(text), () => []) });
export type GroupList = JsonOf<typeof GroupList>;
