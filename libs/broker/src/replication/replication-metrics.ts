import type {
  AcceptorCounters,
  CopyStatus,
  ReplicaClientStatus,
  ReplicaStatus,
} from '@rocketmq-ts/replication';
import type { MetricSink, Sample } from '../stats/broker-metrics.js';

/** What a master's figures are read from. */
export interface MasterFigures {
  readonly epoch: number;
  readonly copies: CopyStatus;
  readonly replicas: readonly ReplicaStatus[];
  readonly counters: AcceptorCounters;
}

/** What a slave's figures are read from. */
export interface SlaveFigures {
  readonly epoch: number;
  readonly client: ReplicaClientStatus;
  /** Bytes that the master has and this slave has not; undefined while nobody knows. */
  readonly lagBytes: number | undefined;
  readonly lagMs: number | undefined;
  /** Age of the tables that were copied from the master, ms; undefined before the first time. */
  readonly tablesAgeMs: number | undefined;
}

/** Slaves that a master shows; there are few, and a peer cannot make more. */
const REPLICA_LABELS = ['replica', 'replica_id'];

const replicaSamples = (
  replicas: readonly ReplicaStatus[],
  valueOf: (replica: ReplicaStatus) => number,
): Sample[] =>
  replicas.map((replica) => ({
    labels: {
      replica: replica.address ?? `${replica.remoteAddress}:${replica.remotePort}`,
      replica_id: String(replica.brokerId ?? ''),
    },
    value: valueOf(replica),
  }));

/** What a master counts of its slaves. Apache's brokers have no such figures. */
export function addMasterReplicationMetrics(sink: MetricSink, figures: () => MasterFigures): void {
  const perReplica = (
    name: string,
    help: string,
    valueOf: (replica: ReplicaStatus) => number,
  ): void =>
    sink.gauge({ name: `rocketmq_broker_replica_${name}`, help, labels: REPLICA_LABELS }, () =>
      replicaSamples(figures().replicas, valueOf),
    );
  perReplica('lag_bytes', 'Bytes that a slave has not acknowledged.', (r) => r.gapBytes);
  perReplica(
    'lag_milliseconds',
    'For how long something has been unacknowledged by a slave.',
    (r) => r.lagMs,
  );
  perReplica('in_sync', 'Whether sends count on a slave.', (r) => Number(r.inSync));
  sink.gauge(
    {
      name: 'rocketmq_broker_copies',
      help: 'Copies, the master’s own included: configured, wanted by sends now, in sync.',
      labels: ['kind'],
    },
    () => {
      const { configuredCopies, wantedCopies, inSyncCopies } = figures().copies;
      return Object.entries({
        configured: configuredCopies,
        wanted: wantedCopies,
        in_sync: inSyncCopies,
      }).map(([kind, value]) => ({ labels: { kind }, value }));
    },
  );
  sink.counter(
    { name: 'rocketmq_broker_replication_sent_bytes_total', help: 'Bytes sent to slaves.' },
    () => figures().counters.sentBytes,
  );
  sink.counter(
    {
      name: 'rocketmq_broker_replication_closed_total',
      help: 'Connections of slaves that were refused or closed, by reason.',
      labels: ['reason'],
    },
    () => {
      const { refusedConnections, protocolErrors, silentPeers, replacedConnections } =
        figures().counters;
      return Object.entries({
        refused: refusedConnections,
        protocol: protocolErrors,
        silent: silentPeers,
        replaced: replacedConnections,
      }).map(([reason, value]) => ({ labels: { reason }, value }));
    },
  );
  addEpoch(sink, () => figures().epoch);
}

/** What a slave counts of its copying. Apache's brokers have no such figures. */
export function addSlaveReplicationMetrics(sink: MetricSink, figures: () => SlaveFigures): void {
  const known = (value: number | undefined): Sample[] =>
    value === undefined ? [] : [{ labels: {}, value }];
  sink.gauge(
    {
      name: 'rocketmq_broker_replication_state',
      help: '1 for what the copying of the log is doing: STREAMING when all is well.',
      labels: ['state'],
    },
    () => [{ labels: { state: figures().client.state }, value: 1 }],
  );
  sink.gauge(
    {
      name: 'rocketmq_broker_replication_lag_bytes',
      help: 'Bytes that the master has and this slave has not.',
    },
    () => known(figures().lagBytes),
  );
  sink.gauge(
    {
      name: 'rocketmq_broker_replication_lag_milliseconds',
      help: 'For how long this slave has been behind its master.',
    },
    () => known(figures().lagMs),
  );
  sink.gauge(
    {
      name: 'rocketmq_broker_replication_tables_age_milliseconds',
      help: 'Age of the tables that were copied from the master.',
    },
    () => known(figures().tablesAgeMs),
  );
  sink.counter(
    { name: 'rocketmq_broker_replication_received_bytes_total', help: 'Bytes of the log copied.' },
    () => figures().client.receivedBytes,
  );
  sink.counter(
    { name: 'rocketmq_broker_replication_connects_total', help: 'Connections to the master.' },
    () => figures().client.connects,
  );
  sink.counter(
    {
      name: 'rocketmq_broker_replication_protocol_errors_total',
      help: 'Connections closed for what the master sent.',
    },
    () => figures().client.protocolErrors,
  );
  addEpoch(sink, () => figures().epoch);
}

const addEpoch = (sink: MetricSink, epoch: () => number): void =>
  sink.gauge(
    {
      name: 'rocketmq_broker_master_epoch',
      help: 'How often the master of this group was switched, as far as this broker knows.',
    },
    epoch,
  );
