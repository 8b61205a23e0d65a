import {
  bool,
  defaulted,
  float64,
  int32,
  int64,
  list,
  mapOf,
  object,
  optional,
  text,
} from '../json/json-type.js';
import type { JsonOf } from '../json/json-type.js';
import { SubscriptionData } from './heartbeat-data.js';

/** Names and values. Source: rocketmq 5.5.0 `KVTable`. */
export const KvTable = object({
  table: defaulted(mapOf(text), () => new Map<string, string>()),
});
export type KvTable = JsonOf<typeof KvTable>;

/** Content of a nameserver's `kvConfig.json`: namespace → key → value. Source: rocketmq 5.5.0 `KVConfigSerializeWrapper`. */
export const KvConfigFile = object({
  configTable: defaulted(mapOf(mapOf(text)), () => new Map<string, Map<string, string>>()),
});
export type KvConfigFile = JsonOf<typeof KvConfigFile>;

/** Source: rocketmq 5.5.0 `BrokerStatsItem`. */
export const BrokerStatsItem = object({
  /** Mean of one event. */
  avgpt: defaulted(float64, () => 0),
  sum: defaulted(int64, () => 0),
  /** Per second. */
  tps: defaulted(float64, () => 0),
});
export type BrokerStatsItem = JsonOf<typeof BrokerStatsItem>;

/** Source: rocketmq 5.5.0 `BrokerStatsData`. */
export const BrokerStatsData = object({
  statsDay: BrokerStatsItem,
  statsHour: BrokerStatsItem,
  statsMinute: BrokerStatsItem,
});
export type BrokerStatsData = JsonOf<typeof BrokerStatsData>;

/** One entry of a consume queue. Source: rocketmq 5.5.0 `ConsumeQueueData`. */
export const ConsumeQueueData = object({
  bitMap: optional(text),
  /** Whether the group's filter takes it. */
  eval: defaulted(bool, () => false),
  extendDataJson: optional(text),
  /** Why the entry could not be judged. */
  msg: optional(text),
  /** Commit-log offset. */
  physicOffset: int64,
  /** Bytes. */
  physicSize: int32,
  tagsCode: int64,
});
export type ConsumeQueueData = JsonOf<typeof ConsumeQueueData>;

/** Source: rocketmq 5.5.0 `QueryConsumeQueueResponseBody`. */
export const QueryConsumeQueueResponse = object({
  filterData: optional(text),
  maxQueueIndex: int64,
  minQueueIndex: int64,
  queueData: defaulted(list(ConsumeQueueData), () => []),
  subscriptionData: optional(SubscriptionData),
});
export type QueryConsumeQueueResponse = JsonOf<typeof QueryConsumeQueueResponse>;
