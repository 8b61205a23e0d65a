import { copiesWanted, PeerRule } from '@rocketmq-ts/config';
import type { BrokerConfig, BrokerRole, ReplicationConfig } from '@rocketmq-ts/config';
import type { Clock, Logger, Network, Random } from '@rocketmq-ts/kernel';
import { HaClientInfo, ResponseCode } from '@rocketmq-ts/protocol';
import type { HaRuntimeInfo } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { ReplicationAcceptor, ReplicationProgress, SyncPolicy } from '@rocketmq-ts/replication';
import type { ReplicaStatus, ReplicationOffer } from '@rocketmq-ts/replication';
import type { MessageStore } from '@rocketmq-ts/storage';
import type { BrokerIdentity } from '../broker-identity.js';
import type { MasterFigures } from './replication-metrics.js';
import type { Promotion, ReplicationSide, SlaveIntroduction } from './replication-side.js';

/** How long a stop waits for slaves to get the last bytes. */
const LAST_BYTES_MS = 500;
const LOOK_INTERVAL_MS = 10;

/** What a master's side of replication works with. */
export interface MasterReplicationParts {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly config: ReplicationConfig;
  readonly broker: BrokerConfig;
  readonly identity: BrokerIdentity;
  readonly store: MessageStore;
  /** Where slaves connect. */
  readonly listenAt: { readonly host: string; readonly port: number };
  /** How often the master of the group was switched before this one. */
  readonly epoch: number;
}

/** The master of a group: gives its log to slaves, and lets sends wait for them. */
export class MasterReplication implements ReplicationSide {
  readonly masterIsThere = true;
  private readonly acceptor: ReplicationAcceptor;
  private readonly policy: SyncPolicy;

  constructor(private readonly parts: MasterReplicationParts) {
    const { config, broker, store, listenAt } = parts;
    const { rawLog: log } = store;
    const progress = new ReplicationProgress();
    this.policy = new SyncPolicy(
      { ...parts, log, progress },
      {
        inSyncReplicas: copiesWanted(broker.brokerRole, config),
        minInSyncReplicas: this.mustCopy ? config.minInSyncReplicas : 1,
        autoInSyncReplicas: config.autoInSyncReplicas,
        gapMaxBytes: config.inSyncGapBytesMax,
      },
    );
    this.acceptor = new ReplicationAcceptor(
      { ...parts, log, progress },
      {
        ...listenAt,
        peers: new PeerRule(config.haPeers),
        connectionsMax: config.haConnectionCountMax,
        heartbeatMs: config.haHeartbeatIntervalMs,
        silenceMaxMs: config.haSilenceMsMax,
        slaveTimeoutMs: config.slaveTimeoutMs,
        gapMaxBytes: config.inSyncGapBytesMax,
      },
    );
  }

  get role(): BrokerRole {
    return this.parts.broker.brokerRole;
  }

  get epoch(): number {
    return this.parts.epoch;
  }

  get logBounds(): ReplicationSide['logBounds'] {
    const { minOffset, writtenOffset: maxOffset, segmentSizeBytes } = this.parts.store.rawLog;
    return { minOffset, maxOffset, segmentSizeBytes };
  }

  /** Opens the port for slaves; from now on sends wait for them where they are to. @throws system error */
  async start(): Promise<void> {
    const { logger, store, broker, config, identity } = this.parts;
    await this.acceptor.start();
    if (this.mustCopy) store.waitForCopies(this.policy);
    logger.info('log is served to slaves', {
      haAddress: identity.haAddress,
      role: broker.brokerRole,
      epoch: this.epoch,
      sends: this.promise,
      ...(config.autoInSyncReplicas ? { fewerCopiesIf: 'slaves are missing' } : {}),
    });
  }

  /** Gives slaves a moment to get what was written last, then closes. */
  async stop(): Promise<void> {
    const { clock, store } = this.parts;
    const deadlineMs = clock.monotonicMs() + LAST_BYTES_MS;
    const behind = ({ inSync, gapBytes }: ReplicaStatus): boolean => inSync && gapBytes > 0;
    while (this.acceptor.replicas.some(behind) && clock.monotonicMs() < deadlineMs)
      await new Promise<void>((resolve) => clock.setTimer(LOOK_INTERVAL_MS, resolve));
    store.waitForCopies(undefined);
    await this.acceptor.stop();
    this.policy.close();
  }

  status(): HaRuntimeInfo {
    const { replicas } = this.acceptor;
    return {
      haClientRuntimeInfo: HaClientInfo.read(new Map(), ''),
      haConnectionInfo: replicas.map((replica) => ({
        addr: `${replica.remoteAddress}:${replica.remotePort}`,
        diff: replica.gapBytes,
        inSync: replica.inSync,
        slaveAckOffset: replica.ackedOffset,
        transferFromWhere: replica.sentOffset,
        transferredByteInSecond: Math.round(replica.bytesPerSecond),
      })),
      inSyncSlaveNums: replicas.filter(({ inSync }) => inSync).length,
      master: true,
      masterCommitLogMaxOffset: this.parts.store.commitLogMaxOffset,
    };
  }

  admit({ clusterName, brokerName, brokerId, brokerAddr }: SlaveIntroduction): ReplicationOffer {
    const { identity, logger } = this.parts;
    if (clusterName !== identity.clusterName || brokerName !== identity.brokerName) {
      const remark = `this is the master of ${identity.brokerName} in ${identity.clusterName}, not of ${brokerName} in ${clusterName}`;
      throw new ResponseError(ResponseCode.INVALID_PARAMETER, remark);
    }
    logger.debug('slave is let in', { slave: brokerAddr, brokerId });
    const { minOffset, maxOffset: writtenOffset, segmentSizeBytes } = this.logBounds;
    return {
      ticket: this.acceptor.issueTicket({ brokerId, address: brokerAddr }),
      clusterName: identity.clusterName,
      brokerName: identity.brokerName,
      epoch: this.epoch,
      segmentSizeBytes,
      minOffset,
      writtenOffset,
    };
  }

  checksum(fromOffset: number, toOffset: number): Promise<number | undefined> {
    return this.parts.store.rawLog.checksum(fromOffset, toOffset);
  }

  promote(): Promise<Promotion> {
    throw new ResponseError(ResponseCode.SYSTEM_ERROR, 'this broker is the master of its group');
  }

  get figures(): MasterFigures {
    const { replicas, counters } = this.acceptor;
    return { epoch: this.epoch, copies: this.policy.status, replicas, counters };
  }

  /** Why sends are safer in the configuration than they are now; undefined: they are not. */
  get shortfall(): string | undefined {
    if (!this.mustCopy) return undefined;
    const { configuredCopies, wantedCopies, inSyncCopies, available } = this.policy.status;
    if (!available)
      return `${inSyncCopies} of ${wantedCopies} copies are in sync: sends are answered SLAVE_NOT_AVAILABLE`;
    return wantedCopies < configuredCopies
      ? `sends wait for ${wantedCopies} copies instead of ${configuredCopies}: slaves are missing`
      : undefined;
  }

  /** What a send waits for. */
  get promise(): string {
    const { broker, config } = this.parts;
    const copies = copiesWanted(broker.brokerRole, config);
    if (copies > 1)
      return `wait for ${copies} copies, the one here included, ${config.slaveTimeoutMs} ms at most`;
    return 'wait for no copy: with the disk of this broker what it acknowledged is lost';
  }

  private get mustCopy(): boolean {
    return this.role === 'SYNC_MASTER';
  }
}
