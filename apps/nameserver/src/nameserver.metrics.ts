import { addRemotingMetrics, Metrics } from '@rocketmq-ts/nest-service';
import type { RemotingServer } from '@rocketmq-ts/remoting';
import type { KvConfig } from '@rocketmq-ts/routing';
import type { RegistrationCounts } from './registration-counts.js';
import type { Routes } from './routes.js';

/** What a nameserver counts. Apache's has no metrics; the names follow its broker's. */
export function nameserverMetrics(parts: {
  readonly server: RemotingServer;
  readonly routes: Routes;
  readonly kvConfig: KvConfig;
  readonly registrations: RegistrationCounts;
}): Metrics {
  const { server, routes, kvConfig, registrations } = parts;
  const metrics = new Metrics({ node_type: 'nameserver' });
  addRemotingMetrics(metrics, server);
  const gauge = (name: string, help: string, read: () => number): void =>
    metrics.gauge({ name: `rocketmq_nameserver_${name}`, help }, read);
  gauge('brokers', 'Registered brokers, slaves included.', () => routes.brokerCount);
  gauge('topics', 'Topics in routes.', () => routes.topicCount);
  gauge('topic_entries', 'Topics times brokers that have them.', () => routes.topicEntryCount);
  gauge('kv_entries', 'Key-value entries.', () => kvConfig.entryCount);
  metrics.counter(
    {
      name: 'rocketmq_nameserver_registrations_total',
      help: 'Registrations by outcome.',
      labels: ['outcome'],
    },
    () => registrations.samples(),
  );
  return metrics;
}
