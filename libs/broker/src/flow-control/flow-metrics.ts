import type { MetricSink, Sample } from '../stats/broker-metrics.js';
import { FLOW_CAUSES } from './flow-control.js';
import type { FlowControl, SlowableClient } from './flow-control.js';
import type { ColdReads } from './cold-reads.js';

/** How often whom flow control kept waiting or refused, and who reads the disk. */
export function addFlowMetrics<C extends SlowableClient>(
  sink: MetricSink,
  flow: FlowControl<C>,
  cold: ColdReads,
): void {
  const causes = (counts: ReadonlyMap<string, number>): Sample[] =>
    FLOW_CAUSES.map((cause) => ({ labels: { cause }, value: counts.get(cause) ?? 0 }));
  sink.counter(
    {
      name: 'rocketmq_broker_flow_control_slowed_total',
      help: 'Requests that were slowed down, by the setting that asked for it.',
      labels: ['cause'],
    },
    () => causes(flow.slowed),
  );
  sink.counter(
    {
      name: 'rocketmq_broker_flow_control_refused_total',
      help: 'Requests that were refused, by the setting that asked for it.',
      labels: ['cause'],
    },
    () => causes(flow.refused),
  );
  sink.counter(
    {
      name: 'rocketmq_broker_cold_read_bytes_total',
      help: 'Bytes given to consumers that had to be read from files.',
    },
    () => cold.totalBytes,
  );
  sink.gauge(
    {
      name: 'rocketmq_broker_cold_readers',
      help: 'Consumer groups that read cold data in the last minute.',
    },
    () => cold.groups.length,
  );
}
