/** Who a slave is. */
export interface ReplicaIdentity {
  /** Broker id; undefined for an Apache slave, which does not say. */
  readonly brokerId: number | undefined;
  /** Where its clients reach it; undefined for an Apache slave. */
  readonly address: string | undefined;
}

/** One connected slave, as the master sees it. */
export interface ReplicaStatus extends ReplicaIdentity {
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** From where it is being sent. */
  readonly startOffset: number;
  /** The next byte to send. */
  readonly sentOffset: number;
  /** Up to where it has copied; −1 before it said so. */
  readonly ackedOffset: number;
  /** Bytes of the log that it has not acknowledged. */
  readonly gapBytes: number;
  /** For how long something has been unacknowledged at least, in ms; 0 where nothing is. */
  readonly lagMs: number;
  readonly inSync: boolean;
  readonly connectedAtMs: number;
  readonly bytesPerSecond: number;
}

/** What became of connections to the replication port, since the start. */
export interface AcceptorCounters {
  /** From addresses that may not, or too many. */
  refusedConnections: number;
  /** Closed for what they sent. */
  protocolErrors: number;
  /** Closed because nothing came for too long. */
  silentPeers: number;
  /** Slaves that came again while their old connection was still open. */
  replacedConnections: number;
  sentBytes: number;
}

/** Copies, as the sync policy counts them; this machine is one of them everywhere. */
export interface CopyStatus {
  /** What the configuration asks for. */
  readonly configuredCopies: number;
  /** What sends wait for now. Lower than configured: the policy has lowered it, as it may. */
  readonly wantedCopies: number;
  readonly inSyncCopies: number;
  /** False: sends are answered SLAVE_NOT_AVAILABLE. */
  readonly available: boolean;
  /** Why sends are refused; undefined: they are not. */
  readonly refusal: string | undefined;
}

/** What the slave's side of replication is doing. */
export type ReplicaState =
  | 'STOPPED'
  | 'NO_MASTER'
  | 'CHECKING'
  | 'CONNECTING'
  | 'STREAMING'
  | 'WAITING'
  | 'REFUSED'
  | 'REPAIR';

/** The slave's side, for readiness, metrics and `haStatus`. */
export interface ReplicaClientStatus {
  readonly state: ReplicaState;
  /** `host:port` of the master's replication port; undefined while none is known. */
  readonly master: string | undefined;
  /** Whether the master speaks our additions; undefined before it was asked. */
  readonly ownMaster: boolean | undefined;
  readonly masterEpoch: number | undefined;
  /** Where the next byte goes. */
  readonly endOffset: number;
  /** What the master was told last; −1 before. */
  readonly reportedOffset: number;
  /** The master's end as last heard of; −1 before. */
  readonly masterOffset: number;
  readonly lastReadAtMs: number;
  readonly lastWriteAtMs: number;
  readonly bytesPerSecond: number;
  readonly receivedBytes: number;
  readonly connects: number;
  readonly protocolErrors: number;
  /** Why it does not stream, in a sentence; undefined while it does. */
  readonly problem: string | undefined;
  /** The master was refused and nothing has changed since, also while it is asked again. */
  readonly refused: boolean;
  /** The store takes nothing for now, and why. */
  readonly heldBackBy: string | undefined;
}
