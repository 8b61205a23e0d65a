import {
  defaulted,
  int32,
  int64,
  list,
  mapOf,
  numberMapOf,
  object,
  optional,
  text,
} from '../json/json-type.js';
import type { JsonOf } from '../json/json-type.js';

/**
 * What an ordered pop took out of one queue and has not been told about yet. Times in wall-clock ms.
 * Source: rocketmq 5.5.0 `QueueLevelConsumerManager.OrderInfo`.
 */
export const OrderInfoRecord = object({
  /** Names the attempt: the same client asking again may have the same messages again. */
  a: optional(text),
  /** Bit per entry of `o`: acknowledged. */
  cm: defaulted(int64, () => 0),
  /** Invisible time. */
  i: optional(int64),
  /** When the queue was popped last. */
  l: defaulted(int64, () => 0),
  /** First the queue offset of the first message, then the distances of the others from it. */
  o: defaulted(list(int64), () => []),
  /** Queue offset → how often it was given out before. */
  oc: optional(numberMapOf(int32)),
  /** Queue offset → when it may be given out again, where that was changed. */
  ot: optional(numberMapOf(int64)),
  popTime: defaulted(int64, () => 0),
});
export type OrderInfoRecord = JsonOf<typeof OrderInfoRecord>;

const noOrders = (): Map<string, Map<number, OrderInfoRecord>> => new Map();

/** Content of `consumerOrderInfo.json`: `topic@group` → queue id. Source: rocketmq 5.5.0 `QueueLevelConsumerManager`. */
export const ConsumerOrderInfoFile = object({
  table: defaulted(mapOf(numberMapOf(OrderInfoRecord)), noOrders),
});
export type ConsumerOrderInfoFile = JsonOf<typeof ConsumerOrderInfoFile>;
