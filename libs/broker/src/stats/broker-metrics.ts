import type { BrokerStore } from '../broker-context.js';
import { isRetryOrDlqTopic, isSystemTopic } from '../topic/topic-name.js';
import type { TopicTable } from '../topic/topic-table.js';
import type { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import type { BrokerStats } from './broker-stats.js';
import { isSystemGroup } from './peer-names.js';
import { REQUEST_TIME_BOUNDS_MS } from './request-times.js';
import { MESSAGE_SIZE_BOUNDS, MESSAGE_TYPES } from './traffic.js';
import type { MessageType, TypeTraffic } from './traffic.js';

/** A value with its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
type Reader = () => number | Iterable<Sample> | AsyncIterable<Sample>;
interface HistogramSample {
  readonly labels: Readonly<Record<string, string>>;
  /** One count per bound and one for what is above; not summed up. */
  readonly counts: readonly number[];
  readonly sum: number;
}
interface Declaration {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** Where metrics are declared; everything is read when somebody asks. */
export interface MetricSink {
  gauge(declaration: Declaration, read: Reader): void;
  counter(declaration: Declaration, read: Reader): void;
  histogram(
    declaration: Declaration & { readonly bounds: readonly number[] },
    read: () => Iterable<HistogramSample>,
  ): void;
}

/** What the metrics are read from. */
export interface MetricSources {
  readonly stats: BrokerStats;
  readonly store: BrokerStore;
  readonly topics: TopicTable;
  readonly groups: SubscriptionGroupTable;
  readonly brokerPermission: () => number;
  readonly heldPullCount: () => number;
  readonly requestsInWork: () => number;
  readonly nowMs: () => number;
  readonly registration: () => { readonly configured: number; readonly registered: number };
}

const STORAGE_LABELS = { storage_type: 'local', storage_medium: 'disk' } as const;
const STORAGE_LABEL_NAMES = Object.keys(STORAGE_LABELS);

/**
 * The broker's figures under the names of RocketMQ 5, so that its dashboards work; figures that it does not have start
 * with `rocketmq_broker_`.
 * Source: rocketmq 5.5.0 `BrokerMetricsManager`, `DefaultStoreMetricsManager`.
 */
export function addBrokerMetrics(sink: MetricSink, sources: MetricSources): void {
  addTraffic(sink, sources.stats);
  addRequests(sink, sources);
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
    () => samplesIn(stats, 'messages'),
  );
  sink.counter(
    {
      name: 'rocketmq_throughput_in_total',
      help: 'Bytes stored from producers.',
      labels: inLabels,
    },
    () => samplesIn(stats, 'bytes'),
  );
  sink.histogram(
    {
      name: 'rocketmq_message_size',
      help: 'Bytes of stored messages; of a batch, their mean.',
      labels: inLabels,
      bounds: MESSAGE_SIZE_BOUNDS,
    },
    () => sizes(stats),
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
function* types(
  stats: BrokerStats,
): Iterable<{ labels: Record<string, string>; traffic: TypeTraffic }> {
  for (const [topic, whole] of stats.topics()) {
    if (isRetryOrDlqTopic(topic)) continue;
    const is_system = String(whole.system);
    for (const [type, message_type] of MESSAGE_TYPES.entries()) {
      const traffic = whole.type(type as MessageType);
      if (traffic) yield { labels: { topic, message_type, is_system }, traffic };
    }
  }
}

function* samplesIn(stats: BrokerStats, field: 'messages' | 'bytes'): Iterable<Sample> {
  for (const { labels, traffic } of types(stats)) yield { labels, value: traffic[field] };
}

function* sizes(stats: BrokerStats): Iterable<HistogramSample> {
  for (const { labels, traffic } of types(stats)) {
    yield { labels, counts: traffic.sizes, sum: traffic.sizeSum };
  }
}

/** A group of the software's own makes a series one of the system, as its topic does. */
function* samplesOut(stats: BrokerStats, field: 'messagesOut' | 'bytesOut'): Iterable<Sample> {
  for (const traffic of stats.pairs()) {
    const { topic, group } = traffic;
    if (isRetryOrDlqTopic(topic)) continue;
    const isSystem = traffic.system || isSystemGroup(group);
    const labels = { topic, consumer_group: group, is_system: String(isSystem) };
    yield { labels, value: traffic[field] };
  }
}

/** Work that Apache's broker has a pool of threads for. Source: rocketmq 5.5.0 `BrokerMetricsManager#initStatsMetrics`. */
const PROCESSORS = [
  'send',
  'async_put',
  'pull',
  'ack',
  'query_message',
  'client_manager',
  'heartbeat',
  'lite_pull',
  'transaction',
  'consumer_manager',
  'admin',
  'reply',
];

function addRequests(sink: MetricSink, { stats, requestsInWork }: MetricSources): void {
  sink.gauge(
    {
      name: 'rocketmq_processor_watermark',
      help: 'Requests that wait for a thread. There are no pools here: send has all requests in work.',
      labels: ['processor'],
    },
    () =>
      PROCESSORS.map((processor) => ({
        labels: { processor },
        value: processor === 'send' ? requestsInWork() : 0,
      })),
  );
  sink.histogram(
    {
      name: 'rocketmq_rpc_latency_milliseconds',
      help: 'Time from a request to its answer.',
      labels: ['protocol_type', 'request_code', 'response_code', 'is_long_polling', 'result'],
      bounds: REQUEST_TIME_BOUNDS_MS,
    },
    () => stats.requestTimes.samples(),
  );
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
      name: 'rocketmq_storage_size_bytes',
      help: 'Used bytes of the filesystem that holds the log.',
      labels: STORAGE_LABEL_NAMES,
    },
    () => one(store.diskUsedBytes),
  );
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
