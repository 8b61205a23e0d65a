import { RocketMQError } from '@rocketmq-ts/kernel';

/** Root of what replication refuses. Each ends a connection or an attempt; none of them ever reaches a log. */
export abstract class ReplicationError extends RocketMQError {}

/** A replication peer sent what its end of the protocol does not allow: the connection is closed, nothing of it counts. */
export class HaProtocolError extends ReplicationError {
  override readonly code = 'ROCKETMQ_HA_PROTOCOL';
  override readonly retriable = true;
}

/** A replication peer was silent, or not ready, for longer than it may be. */
export class HaTimeoutError extends ReplicationError {
  override readonly code = 'ROCKETMQ_HA_TIMEOUT';
  override readonly retriable = true;
}

/** The slave's log is not a beginning of the master's: it was written under another master, or the master lost its end. */
export class DivergedLogError extends ReplicationError {
  override readonly code = 'ROCKETMQ_HA_DIVERGED';

  constructor(
    readonly ownEndOffset: number,
    readonly masterEndOffset: number,
    /** Up to here both logs are equal, at the end of a record; undefined where nothing is. */
    readonly commonOffset: number | undefined,
  ) {
    super(
      `the log ends at ${ownEndOffset}, the master's at ${masterEndOffset}, and they are equal ` +
        (commonOffset === undefined ? 'nowhere' : `up to ${commonOffset}`) +
        '; haDivergedSlave=truncate cuts the rest off (a copy is kept), haDivergedSlave=reseed copies the whole log anew',
    );
  }
}

/** The slave's log ends before the master's begins: what lies between is gone there. */
export class ReplicaTooOldError extends ReplicationError {
  override readonly code = 'ROCKETMQ_HA_TOO_OLD';

  constructor(
    readonly ownEndOffset: number,
    readonly masterMinOffset: number,
  ) {
    super(
      `the log ends at ${ownEndOffset}, the master's begins at ${masterMinOffset}; ` +
        'empty the store directory, or set haDivergedSlave=reseed, to copy the whole log anew',
    );
  }
}

/** The master belongs to another cluster or group, has files of another size, or was replaced by a newer master. */
export class ForeignMasterError extends ReplicationError {
  override readonly code = 'ROCKETMQ_HA_FOREIGN_MASTER';
}
