import {
  defaulted,
  float64,
  int32,
  int64,
  list,
  mapOf,
  numberMapOf,
  object,
  optional,
  roundedInt64,
  text,
} from '../json/json-type.js';
import type { JsonOf, JsonType } from '../json/json-type.js';
import { LanguageCode } from '../peer-version.js';
import { DataVersion } from './data-version.js';
import { MessageQueue, MessageQueueOffsets, messageQueueTable } from './message-queue.js';
import type { MessageQueueTable } from './message-queue.js';

/**
 * Committed offsets: `topic@group` → queue id → offset; also the core of `consumerOffset.json`.
 * Source: rocketmq 5.5.0 `ConsumerOffsetSerializeWrapper`.
 */
export const ConsumerOffsetWrapper = object({
  dataVersion: optional(DataVersion),
  offsetTable: defaulted(mapOf(numberMapOf(int64)), () => new Map<string, Map<number, number>>()),
});
export type ConsumerOffsetWrapper = JsonOf<typeof ConsumerOffsetWrapper>;

const noOffsets = (): Map<string, Map<number, number>> => new Map();

/**
 * Content of `consumerOffset.json`, written by `prettyJson` with bare numeric keys.
 * Source: rocketmq 5.5.0 `ConsumerOffsetManager`.
 */
export const ConsumerOffsetFile = object({
  dataVersion: optional(DataVersion),
  /** Group → topics; follows from the offsets and is not looked at when read. */
  groupTopicMap: optional(mapOf(list(text))),
  offsetTable: defaulted(mapOf(numberMapOf(int64)), noOffsets),
  /** As `offsetTable`, what was pulled but not committed (5.x). */
  pullOffsetTable: defaulted(mapOf(numberMapOf(int64)), noOffsets),
});
export type ConsumerOffsetFile = JsonOf<typeof ConsumerOffsetFile>;

/**
 * Progress of delay levels: level → queue offset; also the content of `delayOffset.json`.
 * Source: rocketmq 5.5.0 `DelayOffsetSerializeWrapper`.
 */
export const DelayOffsetWrapper = object({
  dataVersion: optional(DataVersion),
  offsetTable: defaulted(numberMapOf(int64), () => new Map<number, number>()),
});
export type DelayOffsetWrapper = JsonOf<typeof DelayOffsetWrapper>;

const Metric = object({ count: int64, timeStamp: int64 });

/**
 * Timed messages that wait, by topic; also the content of `timermetrics`.
 * Source: rocketmq 5.5.0 `TimerMetrics.TimerMetricsSerializeWrapper`.
 */
export const TimerMetricsWrapper = object({
  dataVersion: optional(DataVersion),
  timingCount: defaulted(mapOf(Metric), () => new Map<string, JsonOf<typeof Metric>>()),
});
export type TimerMetricsWrapper = JsonOf<typeof TimerMetricsWrapper>;

/** Offsets after a reset. Source: rocketmq 5.5.0 `ResetOffsetBody`. */
export const ResetOffsetBody = object({
  offsetTable: defaulted(MessageQueueOffsets, () => []),
});
export type ResetOffsetBody = JsonOf<typeof ResetOffsetBody>;

/** As above, as C++ clients read it. Source: rocketmq 5.5.0 `ResetOffsetBodyForC`. */
export const ListedResetOffsets = object({
  offsetTable: defaulted(
    list(object({ brokerName: text, offset: int64, queueId: int32, topic: text })),
    () => [],
  ),
});

/** Offsets that one client is to go to; C++ clients get them as a list. */
export interface ClientResetOffsets extends ResetOffsetBody {
  /** Of the client, see `LanguageCode`; it alone decides the form. */
  readonly languageCode?: number;
}

/** Either form is read. Source: rocketmq 5.5.0 `Broker2Client#resetOffset`. */
export const ClientResetOffsets: JsonType<ClientResetOffsets> = {
  read(value, path) {
    if (!(value instanceof Map) || !Array.isArray(value.get('offsetTable'))) {
      return ResetOffsetBody.read(value, path);
    }
    const { offsetTable } = ListedResetOffsets.read(value, path);
    return {
      offsetTable: offsetTable.map(({ offset, ...queue }): [MessageQueue, number] => [
        queue,
        offset,
      ]),
      languageCode: LanguageCode.CPP,
    };
  },
  write({ offsetTable, languageCode }, style) {
    if (languageCode !== LanguageCode.CPP) return ResetOffsetBody.write({ offsetTable }, style);
    const listed = offsetTable.map(([queue, offset]) => ({ ...queue, offset }));
    return ListedResetOffsets.write({ offsetTable: listed }, style);
  },
};

/** Offsets that clients stand at, by client id. Source: rocketmq 5.5.0 `GetConsumerStatusBody`. */
export const ConsumerStatusBody = object({
  consumerTable: optional(mapOf(MessageQueueOffsets)),
  messageQueueTable: optional(MessageQueueOffsets),
});
export type ConsumerStatusBody = JsonOf<typeof ConsumerStatusBody>;

/** One queue of a topic. Source: rocketmq 5.5.0 `TopicOffset`. */
export const TopicOffset = object({
  /** Wall-clock ms at which the newest message was stored; 0 without one. */
  lastUpdateTimestamp: defaulted(int64, () => 0),
  maxOffset: defaulted(int64, () => 0),
  minOffset: defaulted(int64, () => 0),
});
export type TopicOffset = JsonOf<typeof TopicOffset>;

/** Source: rocketmq 5.5.0 `TopicStatsTable`. */
export const TopicStatsTable = object({
  offsetTable: defaulted(messageQueueTable(TopicOffset), (): MessageQueueTable<TopicOffset> => []),
  topicPutTps: defaulted(float64, () => 0),
});
export type TopicStatsTable = JsonOf<typeof TopicStatsTable>;

/** How far a group is in one queue. Source: rocketmq 5.5.0 `OffsetWrapper`. */
export const OffsetWrapper = object({
  brokerOffset: defaulted(int64, () => 0),
  consumerOffset: defaulted(int64, () => 0),
  /** Wall-clock ms at which the newest consumed message was stored; 0 without one. */
  lastTimestamp: defaulted(int64, () => 0),
  pullOffset: defaulted(int64, () => 0),
});
export type OffsetWrapper = JsonOf<typeof OffsetWrapper>;

/** Source: rocketmq 5.5.0 `ConsumeStats`. */
export const ConsumeStats = object({
  consumeTps: defaulted(float64, () => 0),
  offsetTable: defaulted(
    messageQueueTable(OffsetWrapper),
    (): MessageQueueTable<OffsetWrapper> => [],
  ),
});
export type ConsumeStats = JsonOf<typeof ConsumeStats>;

/** All groups of a broker: each entry maps one group to its statistics. Source: rocketmq 5.5.0 `ConsumeStatsList`. */
export const ConsumeStatsList = object({
  brokerAddr: optional(text),
  consumeStatsList: defaulted(list(mapOf(list(ConsumeStats))), () => []),
  totalDiff: defaulted(int64, () => 0),
  totalInflightDiff: defaulted(int64, () => 0),
});
export type ConsumeStatsList = JsonOf<typeof ConsumeStatsList>;

/**
 * Times of one queue in wall-clock ms. Java writes three of them as text besides, which no reader looks at.
 * Source: rocketmq 5.5.0 `QueueTimeSpan`.
 */
export const QueueTimeSpan = object({
  consumeTimeStamp: int64,
  delayTime: int64,
  maxTimeStamp: int64,
  messageQueue: MessageQueue,
  minTimeStamp: int64,
});
export type QueueTimeSpan = JsonOf<typeof QueueTimeSpan>;

/** Source: rocketmq 5.5.0 `QueryConsumeTimeSpanBody`. */
export const ConsumeTimeSpanBody = object({
  consumeTimeSpanSet: defaulted(list(QueueTimeSpan), () => []),
});
export type ConsumeTimeSpanBody = JsonOf<typeof ConsumeTimeSpanBody>;

/** Java's `Long.MAX_VALUE`, which stands for "never" here: `Infinity` to us. */
const offsetOrNever: JsonType<number> = {
  read(value, path) {
    const offset = roundedInt64.read(value, path);
    return offset >= 2 ** 63 ? Infinity : offset;
  },
  write: (value) => (value === Infinity ? '9223372036854775807' : String(value)),
};

/** Offsets by queue id. Source: rocketmq 5.5.0 `QueryCorrectionOffsetBody`. */
export const CorrectionOffsetBody = object({
  correctionOffsets: defaulted(numberMapOf(offsetOrNever), () => new Map<number, number>()),
});
export type CorrectionOffsetBody = JsonOf<typeof CorrectionOffsetBody>;
