import type { INestMicroservice } from '@nestjs/common';
import {
  addBrokerMetrics,
  addClientMetrics,
  addFlowMetrics,
  addPopMetrics,
  addSubscriptionMetrics,
  addTimerMetrics,
  addTransactionMetrics,
  BrokerStats,
  ColdReads,
  ConsumerGroups,
  ConsumerLags,
  FlowControl,
  NameserverRegistration,
  PopCapability,
  ProducerGroups,
  PullFrameHandler,
  SubscriptionGroupTable,
  SubscriptionGuard,
  TimerService,
  TopicTable,
  TransactionCounts,
  Transactions,
} from '@rocketmq-ts/broker';
import { BrokerConfig, type LoadedConfig } from '@rocketmq-ts/config';
import type { Clock } from '@rocketmq-ts/kernel';
import { addRemotingMetrics, Metrics } from '@rocketmq-ts/nest-service';
import type { RunningBroker } from './broker.lifecycle.js';

/** Everything a broker counts, with the labels that RocketMQ 5 puts on every series. */
export function brokerMetrics(
  app: INestMicroservice,
  { server, store }: Pick<RunningBroker, 'server' | 'store'>,
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
  addTimerMetrics(metrics, app.get(TimerService), () => clock.nowMs());
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
  addPopMetrics(metrics, app.get(PopCapability));
  addFlowMetrics(metrics, app.get(FlowControl), app.get(ColdReads));
  const transactions = app.get(Transactions);
  addTransactionMetrics(metrics, app.get(TransactionCounts), () => transactions.waitingCount);
  return metrics;
}
