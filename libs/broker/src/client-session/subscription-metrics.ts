import type { MetricSink } from '../stats/broker-metrics.js';
import type { SubscriptionGuard } from './subscription-guard.js';

/** Groups that are named; more only count. */
const NAMED_COUNT_MAX = 100;

/** Shows groups whose members subscribe to different things. Ours: Apache's broker does not notice. */
export function addSubscriptionMetrics(sink: MetricSink, guard: SubscriptionGuard): void {
  sink.gauge(
    {
      name: 'rocketmq_broker_inconsistent_subscription_groups',
      help: 'Consumer groups whose members subscribe to different things: messages will be missed.',
    },
    () => guard.conflictCount,
  );
  sink.gauge(
    {
      name: 'rocketmq_broker_subscription_variants',
      help: 'Into how many parties the members of such a group fall.',
      labels: ['consumer_group'],
    },
    () => {
      const samples: { labels: { consumer_group: string }; value: number }[] = [];
      for (const { group, variantCount } of guard.conflicts()) {
        if (samples.length >= NAMED_COUNT_MAX) break;
        samples.push({ labels: { consumer_group: group }, value: variantCount });
      }
      return samples;
    },
  );
}
