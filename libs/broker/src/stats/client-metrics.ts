import { languageName } from '@rocketmq-ts/protocol';
import type { ClientConnection, ClientMember } from '../client-session/client-member.js';
import type { ConsumerGroups } from '../client-session/consumer-groups.js';
import type { ProducerGroups } from '../client-session/producer-groups.js';
import { isSystemTopic } from '../topic/topic-name.js';
import type { MetricSink, Sample } from './broker-metrics.js';
import type { ConsumerLags, TopicLag } from './consumer-lag.js';
import { consumeModeLabel, isSystemGroup, versionLabel } from './peer-names.js';

/** What the metrics of clients are read from. */
export interface ClientMetricSources {
  readonly producers: Pick<ProducerGroups<ClientConnection>, 'groups' | 'members'>;
  readonly consumers: Pick<ConsumerGroups<ClientConnection>, 'all'>;
  readonly lags: ConsumerLags;
}

/**
 * Connected clients, and how far their groups are behind. Languages and releases are taken from lists, so that a peer
 * cannot invent labels; groups and topics are bounded by their tables.
 * Source: rocketmq 5.5.0 `BrokerMetricsManager#initConnectionMetrics`, `#initLagAndDlqMetrics`.
 */
export function addClientMetrics(sink: MetricSink, sources: ClientMetricSources): void {
  sink.gauge(
    {
      name: 'rocketmq_producer_connections',
      help: 'Connections of producers, once per group.',
      labels: ['language', 'version', 'protocol_type'],
    },
    () => producerConnections(sources.producers),
  );
  sink.gauge(
    {
      name: 'rocketmq_consumer_connections',
      help: 'Connections of consumers, once per group.',
      labels: [
        'consumer_group',
        'language',
        'version',
        'consume_mode',
        'protocol_type',
        'is_system',
      ],
    },
    () => consumerConnections(sources.consumers),
  );
  addLag(sink, sources.lags);
}

function addLag(sink: MetricSink, lags: ConsumerLags): void {
  const labels = ['consumer_group', 'topic', 'is_retry', 'is_system'];
  const gauge = (name: string, help: string, read: (lag: TopicLag) => number): void =>
    sink.gauge({ name, help, labels }, async function* () {
      for (const lag of await lags.all()) yield { labels: lagLabels(lag), value: read(lag) };
    });
  gauge(
    'rocketmq_consumer_lag_messages',
    'Messages that the group has not acknowledged.',
    (lag) => lag.lagMessages,
  );
  gauge(
    'rocketmq_consumer_lag_latency_milliseconds',
    'Age of the oldest message that the group has not acknowledged.',
    (lag) => lag.lagMs,
  );
  gauge(
    'rocketmq_consumer_inflight_messages',
    'Messages that the group was given and has not acknowledged.',
    (lag) => lag.inFlightMessages,
  );
  gauge(
    'rocketmq_consumer_queueing_latency_milliseconds',
    'Age of the oldest message that the group was not given yet.',
    (lag) => lag.queueingMs,
  );
  gauge(
    'rocketmq_consumer_ready_messages',
    'Messages that the group was not given yet.',
    (lag) => lag.readyMessages,
  );
}

const lagLabels = ({ group, topic }: TopicLag): Record<string, string> => ({
  consumer_group: group,
  topic,
  is_retry: 'false',
  is_system: String(isSystemTopic(topic) || isSystemGroup(group)),
});

function producerConnections(producers: ClientMetricSources['producers']): Sample[] {
  const counts = new Counts();
  for (const group of producers.groups()) {
    for (const member of producers.members(group)) counts.add(clientLabels(member));
  }
  return counts.samples();
}

function consumerConnections(consumers: ClientMetricSources['consumers']): Sample[] {
  const counts = new Counts();
  for (const { group, consumeType, members } of consumers.all()) {
    for (const member of members.values()) {
      counts.add({
        consumer_group: group,
        ...clientLabels(member),
        consume_mode: consumeModeLabel(consumeType),
        is_system: String(isSystemGroup(group)),
      });
    }
  }
  return counts.samples();
}

const clientLabels = ({ languageCode, version }: ClientMember<ClientConnection>) => ({
  language: languageName(languageCode).toLowerCase(),
  version: versionLabel(version),
  protocol_type: 'remoting',
});

/** Counts by sets of labels. */
class Counts {
  private readonly byKey = new Map<string, { labels: Record<string, string>; value: number }>();

  add(labels: Record<string, string>): void {
    const key = Object.values(labels).join('\n');
    const known = this.byKey.get(key);
    if (known) known.value++;
    else this.byKey.set(key, { labels, value: 1 });
  }

  samples(): Sample[] {
    return [...this.byKey.values()];
  }
}
