/** What a slave says of itself when it asks to be replicated to. */
export interface ReplicationRequest {
  readonly brokerId: number;
  /** Where its clients reach it. */
  readonly address: string;
  readonly endOffset: number;
  readonly segmentSizeBytes: number;
}

/** What a master of ours answers. */
export interface ReplicationOffer {
  /** To be presented on the replication port, once and soon: a negative number that nobody can guess. */
  readonly ticket: number;
  readonly clusterName: string;
  readonly brokerName: string;
  /** Counts the changes of masters of this group. */
  readonly epoch: number;
  readonly segmentSizeBytes: number;
  readonly minOffset: number;
  readonly writtenOffset: number;
}

/** What an Apache master says through GET_BROKER_CONFIG and GET_BROKER_RUNTIME_INFO. */
export interface MasterLogDescription {
  readonly segmentSizeBytes: number;
  readonly minOffset: number;
  readonly writtenOffset: number;
}

/**
 * How a slave asks its master beside the replication port: over the master's ordinary port. Each call may reject with a
 * transport's error; then the slave tries again later.
 */
export interface MasterLink {
  /** OPEN_REPLICATION. Undefined: the master does not know that command, it is Apache's. */
  openReplication(request: ReplicationRequest): Promise<ReplicationOffer | undefined>;
  /** LOG_CHECKSUM: CRC-32 of [fromOffset, toOffset) of the master's log; undefined where it does not have all of it. */
  checksum(fromOffset: number, toOffset: number): Promise<number | undefined>;
  /** For an Apache master. */
  describe(): Promise<MasterLogDescription>;
  /** VIEW_MESSAGE_BY_ID: the record that begins at this commit-log offset, as stored; undefined where none does. */
  recordAt(commitLogOffset: number): Promise<Buffer | undefined>;
}
