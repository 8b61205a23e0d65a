import type { MetricSink } from '../stats/broker-metrics.js';
import { isSystemTopic } from '../topic/topic-name.js';
import type { DecidedCounts, TransactionCounts } from './transaction-counts.js';

/**
 * Figures about transactions; Apache's names where it has them.
 * Source: rocketmq 5.5.0 `BrokerMetricsConstant`, `BrokerMetricsManager`.
 */
export function addTransactionMetrics(
  sink: MetricSink,
  counts: TransactionCounts,
  waitingCount: () => number,
): void {
  sink.gauge(
    {
      name: 'rocketmq_half_messages',
      help: 'Open transactions.',
      labels: ['topic'],
    },
    () => [...counts.openHalves()].map(([topic, value]) => ({ labels: { topic }, value })),
  );
  const decided = (name: string, help: string, read: (counts: DecidedCounts) => number): void =>
    sink.counter({ name, help, labels: ['topic', 'is_system'] }, () =>
      [...counts.decisions()].map(([topic, of]) => ({
        labels: { topic, is_system: String(isSystemTopic(topic)) },
        value: read(of),
      })),
    );
  decided('rocketmq_commit_messages_total', 'Transactions committed.', (of) => of.committed);
  decided('rocketmq_rollback_messages_total', 'Transactions rolled back.', (of) => of.rolledBack);
  decided(
    'rocketmq_broker_transaction_commit_seconds_total',
    'Time from half messages to their commits, summed.',
    (of) => of.commitLatencyMsTotal / 1_000,
  );
  const total = (name: string, help: string, read: () => number): void =>
    sink.counter({ name: `rocketmq_broker_transaction_${name}_total`, help }, read);
  total('checks', 'Producers asked about open transactions.', () => counts.checksSent);
  total(
    'checks_without_producer',
    'Checks put off because no producer of the group was connected.',
    () => counts.checksWithoutProducer,
  );
  total('parked', 'Transactions parked undecided.', () => counts.parked);
  total('late_decisions', 'Decisions after another one.', () => counts.lateDecisions);
  total(
    'found_committed',
    'Open half messages whose message was found in its topic.',
    () => counts.foundCommitted,
  );
  total('lost', 'Half messages deleted undecided.', () => counts.lost);
  sink.gauge(
    {
      name: 'rocketmq_broker_transactions_waiting',
      help: 'Open transactions that wait for a check.',
    },
    waitingCount,
  );
}
