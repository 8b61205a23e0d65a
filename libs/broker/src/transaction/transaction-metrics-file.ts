import { DataVersion, json } from '@rocketmq-ts/protocol';
import type { JsonOf } from '@rocketmq-ts/protocol';

const HalfCountOfTopic = json.object({
  count: json.defaulted(json.int64, () => 0),
  /** Wall-clock ms of the last change. */
  timeStamp: json.defaulted(json.int64, () => 0),
});

/**
 * Content of `transactionMetrics` in the config folder: open transactions by topic.
 * Source: rocketmq 5.5.0 `TransactionMetrics.TransactionMetricsSerializeWrapper`.
 */
export const TransactionMetricsFile = json.object({
  dataVersion: json.optional(DataVersion),
  transactionCount: json.defaulted(
    json.mapOf(HalfCountOfTopic),
    () => new Map<string, JsonOf<typeof HalfCountOfTopic>>(),
  ),
});
export type TransactionMetricsFile = JsonOf<typeof TransactionMetricsFile>;
