import type { BrokerStore } from '../broker-context.js';
import { isRetryOrDlqTopic, isSystemTopic } from '../topic/topic-name.js';
import type { TopicTable } from '../topic/topic-table.js';
import type { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import type { BrokerStats } from './broker-stats.js';

/** A value with its labels. */
interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
type Reader = () => number | Iterable<Sample>;
interface Declaration {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** Where metrics are declared; everything is read when somebody asks. */
export interface MetricSink {
  gauge(declaration: Declaration, read: Reader): void;
  counter(declaration: Declaration, read: Reader): void;
}

/** What the metrics are read from. */
export interface MetricSources {
  readonly stats: BrokerStats;
  readonly store: BrokerStore;
  readonly topics: TopicTable;
  readonly groups: SubscriptionGroupTable;
  readonly brokerPermission: () => number;
  readonly heldPullCount: () => number;
  readonly nowMs: () => number;
  readonly registration: () => { readonly configured: number; readonly registered: number };
}

/** Message types are not told apart yet. */
const MESSAGE_TYPE = 'normal';
const STORAGE_LABELS = { storage_type: 'local', storage_medium: 'disk' } as const;
const STORAGE_LABEL_NAMES = Object.keys(STORAGE_LABELS);

/**
 * The broker's figures under the names of RocketMQ 5, so that its dashboards work; figures that it does not have start
 * with `rocketmq_broker_`.
 * Source: rocketmq 5.5.0 `BrokerMetricsManager`, `DefaultStoreMetricsManager`.
 */
export function addBrokerMetrics(sink: MetricSink, sources: MetricSources): void {
  addTraffic(sink, sources.stats);
  addTables(sink, sources);
  addStorage(sink, sources);
}

function addTraffic(sink: MetricSink, stats: BrokerStats): void {
  const inLabels = ['topic', 'message_type', 'is_system'];
  const outLabels = ['topic', 'consumer_group', 'is_system'];
  sink.counter(
    {
      name: 'rocketmq_messages_in_total',
      help: 'Messages stored from producers.',
      labels: inLabels,
    },
    () => samplesIn(stats, 'messagesIn'),
  );
  sink.counter(
    {
      name: 'rocketmq_throughput_in_total',
      help: 'Bytes stored from producers.',
      labels: inLabels,
    },
    () => samplesIn(stats, 'bytesIn'),
  );
  sink.counter(
    {
      name: 'rocketmq_messages_out_total',
      help: 'Messages given to consumers.',
      labels: outLabels,
    },
    () => samplesOut(stats, 'messagesOut'),
  );
  sink.counter(
    { name: 'rocketmq_throughput_out_total', help: 'Bytes given to consumers.', labels: outLabels },
    () => samplesOut(stats, 'bytesOut'),
  );
  sink.counter(
    {
      name: 'rocketmq_send_to_dlq_messages_total',
      help: 'Messages moved to dead-letter topics.',
      labels: ['consumer_group', 'topic', 'is_system'],
    },
    () =>
      [...stats.deadLetters()].map(({ group, topic, messages }) => ({
        labels: { consumer_group: group, topic, is_system: String(isSystemTopic(topic)) },
        value: messages,
      })),
  );
  sink.counter(
    { name: 'rocketmq_broker_send_failures_total', help: 'Sends that were refused.' },
    () => stats.sendFailures,
  );
}

/** Retry and dead-letter topics are left out, as Apache does: their messages were counted once already. */
function* samplesIn(stats: BrokerStats, field: 'messagesIn' | 'bytesIn'): Iterable<Sample> {
  for (const [topic, traffic] of stats.topics()) {
    if (isRetryOrDlqTopic(topic)) continue;
    const labels = { topic, message_type: MESSAGE_TYPE, is_system: String(isSystemTopic(topic)) };
    yield { labels, value: traffic[field] };
  }
}

function* samplesOut(stats: BrokerStats, field: 'messagesOut' | 'bytesOut'): Iterable<Sample> {
  for (const traffic of stats.pairs()) {
    const { topic, group } = traffic;
    if (isRetryOrDlqTopic(topic)) continue;
    const labels = { topic, consumer_group: group, is_system: String(isSystemTopic(topic)) };
    yield { labels, value: traffic[field] };
  }
}

function addTables(sink: MetricSink, sources: MetricSources): void {
  const { topics, groups, brokerPermission, heldPullCount, registration } = sources;
  sink.gauge(
    { name: 'rocketmq_broker_permission', help: 'What clients may do: 4 read, 2 write.' },
    () => brokerPermission(),
  );
  sink.gauge({ name: 'rocketmq_topic_number', help: 'Topics.' }, () => topics.size);
  sink.gauge(
    { name: 'rocketmq_consumer_group_number', help: 'Consumer groups.' },
    () => groups.size,
  );
  sink.gauge({ name: 'rocketmq_broker_held_pulls', help: 'Pulls that wait for messages.' }, () =>
    heldPullCount(),
  );
  sink.gauge(
    { name: 'rocketmq_broker_nameservers_registered', help: 'Nameservers that know this broker.' },
    () => registration().registered,
  );
}

function addStorage(sink: MetricSink, { stats, store, nowMs }: MetricSources): void {
  const one = (value: number): Sample[] => [{ labels: STORAGE_LABELS, value }];
  sink.gauge(
    {
      name: 'rocketmq_storage_flush_behind_bytes',
      help: 'Bytes of the log that are not synced yet.',
      labels: STORAGE_LABEL_NAMES,
    },
    () => one(store.stats.unflushedBytes),
  );
  sink.gauge(
    {
      name: 'rocketmq_storage_dispatch_behind_bytes',
      help: 'Bytes of the log that queues do not show yet.',
      labels: STORAGE_LABEL_NAMES,
    },
    () => one(store.dispatchBehindBytes),
  );
  sink.gauge(
    {
      name: 'rocketmq_storage_message_reserve_time_milliseconds',
      help: 'Age of the oldest message.',
      labels: STORAGE_LABEL_NAMES,
    },
    () => {
      const { oldestMessageTimestampMs: oldestMs } = stats;
      return one(oldestMs === undefined ? 0 : nowMs() - oldestMs);
    },
  );
  sink.gauge(
    { name: 'rocketmq_broker_disk_used_ratio', help: 'Used share of the disk that holds the log.' },
    () => store.diskUsedRatio,
  );
  sink.counter(
    { name: 'rocketmq_broker_log_syncs_total', help: 'Syncs of the log.' },
    () => store.stats.logSyncs,
  );
  sink.counter(
    { name: 'rocketmq_broker_damaged_records_total', help: 'Records that failed their check.' },
    () => store.stats.damagedRecords,
  );
}
