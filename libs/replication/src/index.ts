export { ReplicationAcceptor } from './ha-acceptor.js';
export type { ReplicationAcceptorOptions, ReplicationAcceptorParts } from './ha-acceptor.js';
export type { CopiedLog, CopyPressure, LogBytes, SourceLog } from './log-seams.js';
export type { SlaveIdentity } from './master-agreement.js';
export type * from './master-link.js';
export { ReplicaClient } from './replica-client.js';
export type {
  DivergedSlavePolicy,
  ReplicaClientOptions,
  ReplicaClientParts,
  ReplicaRepair,
} from './replica-client.js';
export type * from './replica-status.js';
export type { SlaveAck } from './replica-stream.js';
export * from './replication-errors.js';
export { ReplicationProgress } from './replication-progress.js';
export { decideCopies, SyncPolicy } from './sync-policy.js';
export type { CopyDecision, SyncPolicyOptions } from './sync-policy.js';
