import type { MetricSink } from '../stats/broker-metrics.js';
import { isSystemTopic } from '../topic/topic-name.js';
import { LATENESS_BUCKETS_MS, TIMER_DISTANCES_SEC } from './timer-figures.js';
import type { TimerService } from './timer-service.js';

const STORAGE_LABELS = { storage_type: 'local', storage_medium: 'disk' } as const;
const STORAGE_LABEL_NAMES = Object.keys(STORAGE_LABELS);

/**
 * The timer's figures, those of RocketMQ 5 under its names. Lateness is ours: `le` classes of the time between due and stored.
 * Source: rocketmq 5.5.0 `DefaultStoreMetricsManager`.
 */
export function addTimerMetrics(
  sink: MetricSink,
  service: TimerService,
  nowMs: () => number,
): void {
  addProgress(sink, service);
  addWaiting(sink, service, nowMs);
  addOutcomes(sink, service);
  addLateness(sink, service);
}

function addProgress(sink: MetricSink, { running, figures }: TimerService): void {
  const labels = STORAGE_LABEL_NAMES;
  const one = (value: number) => [{ labels: STORAGE_LABELS, value }];
  sink.gauge(
    { name: 'rocketmq_timer_enqueue_lag', help: 'Timed messages not in the wheel yet.', labels },
    () => one(running?.scheduler.enqueueBehindCount ?? 0),
  );
  sink.gauge(
    {
      name: 'rocketmq_timer_dequeue_lag',
      help: 'Timed messages that wait, with those that are not due yet.',
      labels,
    },
    () => one(running?.timers.wheel.pendingCount ?? 0),
  );
  sink.gauge(
    {
      name: 'rocketmq_timer_dequeue_latency_milliseconds',
      help: 'How long ago the first slot that is not delivered was over.',
      labels,
    },
    () => one(running?.scheduler.dequeueBehindMs ?? 0),
  );
  sink.counter(
    { name: 'rocketmq_timer_enqueue_total', help: 'Timed messages put into the wheel.', labels },
    () => one(figures.enqueued),
  );
  sink.counter(
    { name: 'rocketmq_timer_dequeue_total', help: 'Timed messages delivered.', labels },
    () => one(figures.delivered),
  );
}

function addWaiting(
  sink: MetricSink,
  { running, figures }: TimerService,
  nowMs: () => number,
): void {
  sink.gauge(
    { name: 'rocketmq_timing_messages', help: 'Timed messages that wait.', labels: ['topic'] },
    () =>
      [...figures.pendingByTopic()]
        .filter(([topic]) => !isSystemTopic(topic))
        .map(([topic, { count }]) => ({ labels: { topic }, value: count })),
  );
  sink.gauge(
    {
      name: 'rocketmq_timer_message_snapshot',
      help: 'Timed messages due within a time.',
      labels: [...STORAGE_LABEL_NAMES, 'timer_bound_s'],
    },
    () =>
      TIMER_DISTANCES_SEC.map((bound) => ({
        labels: { ...STORAGE_LABELS, timer_bound_s: String(bound) },
        value: running?.timers.wheel.countBetween(nowMs(), nowMs() + bound * 1_000) ?? 0,
      })),
  );
}

function addOutcomes(sink: MetricSink, { figures }: TimerService): void {
  sink.counter(
    {
      name: 'rocketmq_broker_timer_outcomes_total',
      help: 'Timed messages that did not go straight to their topic, by what became of them.',
      labels: ['outcome'],
    },
    () =>
      (['recalled', 'rolled', 'missing', 'dropped', 'repeated'] as const).map((outcome) => ({
        labels: { outcome },
        value: figures[outcome],
      })),
  );
  sink.counter(
    {
      name: 'rocketmq_broker_timer_rebuilds_total',
      help: 'How often all timed messages were read again because timer files were damaged.',
    },
    () => figures.rebuilds,
  );
}

function addLateness(sink: MetricSink, { figures }: TimerService): void {
  sink.counter(
    {
      name: 'rocketmq_broker_timer_lateness_milliseconds_bucket',
      help: 'Deliveries by how long after their time they were stored, cumulative.',
      labels: ['le'],
    },
    () => {
      let count = 0;
      return figures.lateness.map((inBucket, i) => {
        count += inBucket;
        return { labels: { le: String(LATENESS_BUCKETS_MS[i] ?? '+Inf') }, value: count };
      });
    },
  );
  sink.counter(
    {
      name: 'rocketmq_broker_timer_lateness_milliseconds_sum',
      help: 'Sum of the lateness of all deliveries.',
    },
    () => figures.latenessSumMs,
  );
  sink.counter(
    {
      name: 'rocketmq_broker_timer_lateness_milliseconds_count',
      help: 'Deliveries whose lateness was measured.',
    },
    () => figures.delivered,
  );
}
