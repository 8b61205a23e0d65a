import {
  addMasterReplicationMetrics,
  addPopMetrics,
  addTimerMetrics,
  addTransactionMetrics,
  type MasterReplication,
  PopCapability,
  type RunningBroker,
  serviceMetrics,
  TimerService,
  TransactionCounts,
  Transactions,
} from '@rocketmq-ts/broker';
import type { LoadedConfig } from '@rocketmq-ts/config';
import type { Clock } from '@rocketmq-ts/kernel';
import type { Metrics } from '@rocketmq-ts/nest-service';

/** Everything a master counts. */
export function brokerMetrics(
  running: RunningBroker,
  replication: MasterReplication,
  config: LoadedConfig,
  clock: Clock,
): Metrics {
  const { app } = running;
  const metrics = serviceMetrics(running, config, clock);
  addMasterReplicationMetrics(metrics, () => replication.figures);
  addTimerMetrics(metrics, app.get(TimerService), () => clock.nowMs());
  addPopMetrics(metrics, app.get(PopCapability));
  const transactions = app.get(Transactions);
  addTransactionMetrics(metrics, app.get(TransactionCounts), () => transactions.waitingCount);
  return metrics;
}
