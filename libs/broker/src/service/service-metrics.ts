import { BrokerConfig, type LoadedConfig } from '@rocketmq-ts/config';
import type { Clock } from '@rocketmq-ts/kernel';
import { addRemotingMetrics, Metrics } from '@rocketmq-ts/nest-service';
import { ConsumerGroups } from '../client-session/consumer-groups.js';
import { ProducerGroups } from '../client-session/producer-groups.js';
import { SubscriptionGuard } from '../client-session/subscription-guard.js';
import { addSubscriptionMetrics } from '../client-session/subscription-metrics.js';
import { ColdReads } from '../flow-control/cold-reads.js';
import { FlowControl } from '../flow-control/flow-control.js';
import { addFlowMetrics } from '../flow-control/flow-metrics.js';
import { PullFrameHandler } from '../pull/pull-frame.handler.js';
import { NameserverRegistration } from '../registration/nameserver-registration.js';
import { addBrokerMetrics } from '../stats/broker-metrics.js';
import { BrokerStats } from '../stats/broker-stats.js';
import { addClientMetrics } from '../stats/client-metrics.js';
import { ConsumerLags } from '../stats/consumer-lag.js';
import { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { TopicTable } from '../topic/topic-table.js';
import type { RunningBroker } from './broker-service.js';

/** What masters and slaves count alike, with the labels that RocketMQ 5 puts on every series. */
export function serviceMetrics(
  { app, server, store }: RunningBroker,
  config: LoadedConfig,
  clock: Clock,
): Metrics {
  const broker = config.get(BrokerConfig);
  const labels = {
    cluster: broker.clusterName,
    node_type: 'broker',
    node_id: broker.brokerName,
  };
  const metrics = new Metrics(labels, () => broker.metricSampleCountMax);
  addRemotingMetrics(metrics, server);
  addSubscriptionMetrics(metrics, app.get(SubscriptionGuard));
  addBrokerMetrics(metrics, {
    stats: app.get(BrokerStats),
    store,
    topics: app.get(TopicTable),
    groups: app.get(SubscriptionGroupTable),
    brokerPermission: () => broker.brokerPermission,
    heldPullCount: () => app.get(PullFrameHandler).heldCount,
    requestsInWork: () => server.stats.inFlightNow,
    nowMs: () => clock.nowMs(),
    registration: () => app.get(NameserverRegistration).counts,
  });
  addClientMetrics(metrics, {
    producers: app.get(ProducerGroups),
    consumers: app.get(ConsumerGroups),
    lags: app.get(ConsumerLags),
  });
  addFlowMetrics(metrics, app.get(FlowControl), app.get(ColdReads));
  return metrics;
}
