import type { MetricSink } from '../stats/broker-metrics.js';
import { isSystemTopic } from '../topic/topic-name.js';
import type { PopCapability } from './pop-capability.js';

/**
 * The figures of pop consumption, those of RocketMQ 5 under its names.
 * Source: rocketmq 5.5.0 `PopMetricsManager`, `ConsumerLagCalculator`.
 */
export function addPopMetrics(sink: MetricSink, pop: PopCapability): void {
  addBuffer(sink, pop);
  addRevive(sink, pop);
  sink.gauge(
    { name: 'rocketmq_broker_held_pops', help: 'Pops and notifications that wait for messages.' },
    () => pop.pops.heldCount + pop.notifications.heldCount,
  );
  const { counts } = pop.acknowledgements;
  sink.counter(
    {
      name: 'rocketmq_broker_pop_acks_total',
      help: 'Popped messages acknowledged, by where that was noted.',
      labels: ['noted'],
    },
    () => [
      { labels: { noted: 'memory' }, value: counts.inMemory },
      { labels: { noted: 'log' }, value: counts.inLog },
      { labels: { noted: 'order' }, value: counts.ordered },
    ],
  );
}

function addBuffer(sink: MetricSink, { buffer, table }: PopCapability): void {
  sink.gauge(
    { name: 'rocketmq_pop_checkpoint_buffer_size', help: 'Checkpoints in memory.' },
    () => buffer.openCount,
  );
  sink.gauge(
    {
      name: 'rocketmq_pop_offset_buffer_size',
      help: 'Pops that committed offsets have not passed.',
    },
    () => [...table.queues()].reduce((sum, { entryCount }) => sum + entryCount, 0),
  );
  const labels = ['topic', 'consumer_group', 'is_system'];
  sink.gauge(
    {
      name: 'rocketmq_broker_pop_inflight_messages',
      help: 'Messages popped and neither acknowledged nor revived, as far as memory knows.',
      labels,
    },
    () =>
      [...table.topics()].map((popped) => ({
        labels: {
          topic: popped.topic,
          consumer_group: popped.group,
          is_system: String(isSystemTopic(popped.topic)),
        },
        value: [...popped.all()].reduce((sum, { inFlightCount }) => sum + inFlightCount, 0),
      })),
  );
}

function addRevive(sink: MetricSink, { log, reviver, revival }: PopCapability): void {
  sink.counter(
    {
      name: 'rocketmq_pop_revive_in_message_total',
      help: 'Records written to the revive log.',
      labels: ['revive_message_type'],
    },
    () =>
      [...log.written].map(([type, value]) => ({ labels: { revive_message_type: type }, value })),
  );
  sink.counter(
    {
      name: 'rocketmq_pop_revive_out_message_total',
      help: 'Records read from the revive log.',
    },
    () => reviver.readCount,
  );
  sink.counter(
    {
      name: 'rocketmq_pop_revive_retry_messages_total',
      help: 'Messages that came again since they were not acknowledged in time, by what became of them.',
      labels: ['outcome'],
    },
    () =>
      Object.entries(revival.counts).map(([outcome, value]) => ({ labels: { outcome }, value })),
  );
  const perQueue = ['queue_id'];
  sink.gauge(
    {
      name: 'rocketmq_pop_revive_lag',
      help: 'Records of the revive log that were not looked at.',
      labels: perQueue,
    },
    () =>
      reviver.lags().map(({ queueId, behindCount: value }) => ({
        labels: { queue_id: String(queueId) },
        value,
      })),
  );
  sink.gauge(
    {
      name: 'rocketmq_pop_revive_latency',
      help: 'How long ago the oldest checkpoint of the revive log was due, ms.',
      labels: perQueue,
    },
    () =>
      reviver.lags().map(({ queueId, lateMs: value }) => ({
        labels: { queue_id: String(queueId) },
        value,
      })),
  );
  sink.gauge(
    {
      name: 'rocketmq_broker_pop_revive_outstanding',
      help: 'Checkpoints of the revive log that memory holds.',
    },
    () => reviver.outstandingCount,
  );
}
