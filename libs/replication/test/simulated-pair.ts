import type { NetworkSocket } from '@rocketmq-ts/kernel';
import {
  RecordingLogger,
  SimulatedClock,
  SimulatedNetwork,
  SimulatedRandom,
} from '@rocketmq-ts/testing';
import {
  ReplicaClient,
  ReplicationAcceptor,
  ReplicationProgress,
  SyncPolicy,
  type MasterLink,
  type ReplicaClientOptions,
  type ReplicaRepair,
  type ReplicationAcceptorOptions,
  type ReplicationOffer,
  type SyncPolicyOptions,
} from '../src/index.js';
import type { CopiedLog, CopyPressure, SourceLog } from '../src/log-seams.js';
import type { MemoryLog } from './memory-log.js';

export const HA_PORT = 10_912;
export const GROUP = { clusterName: 'C', brokerName: 'a' };
/** The slave, as its master knows it. */
export const SLAVE = { brokerId: 1, address: 'slave:1' };

/** How a master of ours with this log answers OPEN_REPLICATION. */
export function offerOf(log: SourceLog, acceptor: ReplicationAcceptor): ReplicationOffer {
  const { segmentSizeBytes, minOffset, writtenOffset } = log;
  const ticket = acceptor.issueTicket(SLAVE);
  return { ...GROUP, ticket, epoch: 1, segmentSizeBytes, minOffset, writtenOffset };
}

/** A master's side and, where it is wanted, a slave's, on one simulated network. */
export class SimulatedPair<Master extends SourceLog = MemoryLog> {
  readonly network: SimulatedNetwork;
  readonly logger = new RecordingLogger();
  readonly repairs: ReplicaRepair[] = [];
  readonly progress = new ReplicationProgress();
  acceptor!: ReplicationAcceptor;
  policy!: SyncPolicy;
  client: ReplicaClient | undefined;
  /** What the master answers to OPEN_REPLICATION beyond the truth. */
  lie: Partial<ReplicationOffer> = {};
  knownEpoch = 0;
  /** How an Apache master answers. */
  apache: Pick<MasterLink, 'describe' | 'recordAt'> | undefined;

  constructor(
    readonly master: Master,
    readonly seed = 1,
    readonly clock = new SimulatedClock(),
  ) {
    this.network = new SimulatedNetwork(this.clock, new SimulatedRandom(seed));
  }

  async listen(
    options: Partial<ReplicationAcceptorOptions> = {},
    policy: Partial<SyncPolicyOptions> = {},
  ): Promise<void> {
    const { network, clock, logger, master: log, progress } = this;
    const random = new SimulatedRandom(this.seed + 1);
    this.policy = new SyncPolicy(
      { log, progress, clock, logger },
      { inSyncReplicas: 2, ...policy },
    );
    this.acceptor = new ReplicationAcceptor(
      { network, clock, logger, log, progress, random },
      { host: '0.0.0.0', port: HA_PORT, ...options },
    );
    await this.acceptor.start();
  }

  follow(
    slave: CopiedLog & CopyPressure & SourceLog,
    options: ReplicaClientOptions = {},
  ): ReplicaClient {
    return this.followWith({ log: slave, replica: slave, pressure: slave }, options);
  }

  followWith(
    parts: { log: SourceLog; replica: CopiedLog; pressure: CopyPressure },
    options: ReplicaClientOptions = {},
  ): ReplicaClient {
    const { network, clock, logger } = this;
    this.client = new ReplicaClient(
      {
        ...parts,
        network,
        clock,
        logger,
        link: this.link(),
        identity: { ...GROUP, ...SLAVE, epoch: () => this.knownEpoch },
        masterAddress: () => ({ host: 'master', port: HA_PORT }),
        onRepair: (repair) => void this.repairs.push(repair),
      },
      options,
    );
    this.client.start();
    return this.client;
  }

  link(): MasterLink {
    const { master } = this;
    const described = (): ReplicationOffer => ({ ...offerOf(master, this.acceptor), ...this.lie });
    return {
      openReplication: () => Promise.resolve(this.apache ? undefined : described()),
      checksum: (from, to) => master.checksum(from, to),
      describe: () => this.apache!.describe(),
      recordAt: (offset) => this.apache!.recordAt(offset),
    };
  }

  /** A peer whose bytes are the test's. */
  async rawPeer(from = '10.0.0.7'): Promise<RawHaPeer> {
    const peer = new RawHaPeer();
    await this.network.connect({ host: 'master', port: HA_PORT, from }, (socket) => {
      peer.socket = socket;
      return peer;
    });
    await this.clock.settle();
    return peer;
  }

  async stop(): Promise<void> {
    this.client?.stop();
    this.policy.close();
    await this.acceptor.stop();
    await this.clock.settle();
  }
}

/** One end of a replication connection that says whatever a test wants. */
export class RawHaPeer {
  socket!: NetworkSocket;
  closed = false;
  received = Buffer.alloc(0);

  onData(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
  }
  onDrain(): void {
    // Nothing waits.
  }
  onClose(): void {
    this.closed = true;
  }
  send(bytes: Buffer): void {
    this.socket.write(Buffer.from(bytes));
  }
}
