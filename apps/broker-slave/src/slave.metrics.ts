import {
  addSlaveReplicationMetrics,
  type RunningBroker,
  serviceMetrics,
  type SlaveReplication,
} from '@rocketmq-ts/broker';
import type { LoadedConfig } from '@rocketmq-ts/config';
import type { Clock } from '@rocketmq-ts/kernel';
import type { Metrics } from '@rocketmq-ts/nest-service';

/** Everything a slave counts. */
export function slaveMetrics(
  running: RunningBroker,
  replication: SlaveReplication,
  config: LoadedConfig,
  clock: Clock,
): Metrics {
  const metrics = serviceMetrics(running, config, clock);
  addSlaveReplicationMetrics(metrics, () => replication.figures);
  return metrics;
}
