import { parseHostPort } from '@rocketmq-ts/config';
import type { ReplicationConfig, RoleMarkerFile } from '@rocketmq-ts/config';
import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, Logger, Network } from '@rocketmq-ts/kernel';
import { ResponseCode } from '@rocketmq-ts/protocol';
import type { HaRuntimeInfo } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { RemotingClient } from '@rocketmq-ts/remoting';
import { ReplicaClient } from '@rocketmq-ts/replication';
import type { ReplicaRepair, ReplicationOffer } from '@rocketmq-ts/replication';
import type { MessageStore } from '@rocketmq-ts/storage';
import type { BrokerIdentity } from '../broker-identity.js';
import type { LogBounds } from './master-facts.js';
import { livingMasters } from './group-members.js';
import type { BrokerGroup } from './group-members.js';
import type { MasterWhereabouts } from './master-whereabouts.js';
import { SlavePromotion } from './promotion.js';
import { RemotingMasterLink } from './remoting-master-link.js';
import type { SlaveFigures } from './replication-metrics.js';
import type { Promotion, PromotionWish, ReplicationSide } from './replication-side.js';

/** Bytes that a record has beside its body and properties, generously. */
const RECORD_FRAME_BYTES = 64 * 1_024;
const FLUSH_LOOK_MS = 20;
/** How long a promotion waits for the log to reach the disk. */
const FLUSH_MS_MAX = 10_000;

/** What a slave's side of replication works with. */
export interface SlaveReplicationParts {
  readonly network: Network;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: ReplicationConfig;
  readonly identity: BrokerIdentity;
  readonly store: MessageStore;
  readonly client: RemotingClient;
  readonly whereabouts: MasterWhereabouts;
  readonly nameservers: readonly string[];
  readonly marker: RoleMarkerFile;
  /** Epoch that the marker names. */
  readonly epoch: number;
  readonly messageBytesMax: number;
  /** Bounds of the master's log and age of the tables, as the copying of tables knows them. */
  readonly tables: () => {
    readonly masterLog: LogBounds | undefined;
    readonly ageMs: number | undefined;
  };
  /** The master is another one, or back. */
  readonly onMaster: () => void;
  readonly becomeMaster: () => void;
  /** The log has to be cut or emptied, which needs a store that is closed. */
  readonly onRepair: (repair: ReplicaRepair) => void;
}

/** A slave of a group: copies its master's log. */
export class SlaveReplication implements ReplicationSide {
  readonly role = 'SLAVE';
  private readonly replica: ReplicaClient;
  private readonly promotion: SlavePromotion;
  private knownEpoch: number;
  /** Monotonic ms since which the log has been behind the master's. */
  private behindSinceMs: number | undefined;

  constructor(private readonly parts: SlaveReplicationParts) {
    const { config, store, whereabouts, identity, client, clock } = parts;
    this.knownEpoch = parts.epoch;
    this.replica = new ReplicaClient(
      {
        ...parts,
        log: store.rawLog,
        replica: store.replicaLog,
        pressure: store,
        link: new RemotingMasterLink(client, whereabouts, identity),
        identity: {
          clusterName: identity.clusterName,
          brokerName: identity.brokerName,
          brokerId: identity.brokerId,
          address: identity.address,
          epoch: () => this.knownEpoch,
        },
        masterAddress: () => {
          const { haAddress } = whereabouts;
          return haAddress === undefined ? undefined : parseHostPort(haAddress);
        },
        onMasterEpoch: (epoch) => this.noteEpoch(epoch),
      },
      {
        ack: config.haSlaveAck,
        diverged: config.haDivergedSlave,
        heartbeatMs: config.haHeartbeatIntervalMs,
        silenceMaxMs: config.haSilenceMsMax,
        recordBytesMax: parts.messageBytesMax + RECORD_FRAME_BYTES,
      },
    );
    this.promotion = new SlavePromotion({
      ...parts,
      epoch: () => this.knownEpoch,
      livingMasters: () => livingMasters(client, this.group, [whereabouts.address]),
      endCopying: () => this.endCopying(),
      goOn: () => this.replica.start(),
    });
    whereabouts.onChanged(() => {
      this.replica.reconnect();
      parts.onMaster();
    });
    this.behindSinceMs = clock.monotonicMs();
  }

  get epoch(): number {
    return this.knownEpoch;
  }

  get state(): string {
    const { state, problem } = this.replica.status;
    return problem === undefined ? state : `${state}: ${problem}`;
  }

  get masterAddress(): string | undefined {
    return this.parts.whereabouts.address;
  }

  get masterIsThere(): boolean {
    return this.replica.status.state === 'STREAMING';
  }

  get logBounds(): ReplicationSide['logBounds'] {
    const { minOffset, writtenOffset: maxOffset, segmentSizeBytes } = this.parts.store.rawLog;
    return { minOffset, maxOffset, segmentSizeBytes };
  }

  /** Why consumers should not come here; undefined: it copies its master, or serves what it has while there is none. */
  get trouble(): string | undefined {
    const { state, problem, refused, heldBackBy } = this.replica.status;
    if (refused || state === 'REPAIR') return problem;
    return heldBackBy === undefined || heldBackBy === 'BUSY'
      ? undefined
      : `the store takes nothing: ${heldBackBy}`;
  }

  /** What operators want to know of a slave that serves. */
  get note(): string {
    const { lagBytes } = this.figures;
    return lagBytes === undefined ? this.state : `${this.state}, ${lagBytes} bytes behind`;
  }

  start(): void {
    this.replica.start();
  }

  stop(): void {
    this.replica.stop();
  }

  get figures(): SlaveFigures {
    const { store, tables, clock } = this.parts;
    const { masterLog, ageMs: tablesAgeMs } = tables();
    const client = this.replica.status;
    const masterEnd = Math.max(client.masterOffset, masterLog?.maxOffset ?? -1);
    const lagBytes =
      masterEnd < 0 ? undefined : Math.max(0, masterEnd - store.replicaLog.writtenOffset);
    if (lagBytes === 0) this.behindSinceMs = undefined;
    else this.behindSinceMs ??= clock.monotonicMs();
    const lagMs = this.behindSinceMs === undefined ? 0 : clock.monotonicMs() - this.behindSinceMs;
    return { epoch: this.epoch, client, lagBytes, lagMs, tablesAgeMs };
  }

  status(): HaRuntimeInfo {
    const { client } = this.figures;
    return {
      haClientRuntimeInfo: {
        activated: client.state === 'STREAMING',
        lastReadTimestamp: client.lastReadAtMs,
        lastWriteTimestamp: client.lastWriteAtMs,
        ...(client.master === undefined ? {} : { masterAddr: client.master }),
        masterFlushOffset: 0,
        maxOffset: client.endOffset,
        transferredByteInSecond: Math.round(client.bytesPerSecond),
      },
      haConnectionInfo: [],
      inSyncSlaveNums: 0,
      master: false,
      masterCommitLogMaxOffset: Math.max(client.masterOffset, 0),
    };
  }

  admit(): ReplicationOffer {
    const remark = 'this broker is a slave itself; slaves copy the master of the group';
    throw new ResponseError(ResponseCode.INVALID_PARAMETER, remark);
  }

  checksum(fromOffset: number, toOffset: number): Promise<number | undefined> {
    return this.parts.store.rawLog.checksum(fromOffset, toOffset);
  }

  promote(wish: PromotionWish): Promise<Promotion> {
    return this.promotion.promote(wish);
  }

  private get group(): BrokerGroup {
    const { identity, nameservers } = this.parts;
    const { clusterName, brokerName, address: ownAddress } = identity;
    return { clusterName, brokerName, ownAddress, nameservers };
  }

  /** What comes after this switch must count on. */
  private noteEpoch(epoch: number): void {
    if (epoch <= this.knownEpoch) return;
    this.knownEpoch = epoch;
    const { marker, clock, store, logger } = this.parts;
    const fromOffset = store.rawLog.writtenOffset;
    marker.save({ epoch, sinceMs: clock.nowMs(), fromOffset }).catch((error: unknown) => {
      logger.error('the epoch of the master could not be saved', { reason: describeError(error) });
    });
  }

  private async endCopying(): Promise<number> {
    const { store, clock } = this.parts;
    this.replica.stop();
    const { replicaLog } = store;
    const deadlineMs = clock.monotonicMs() + FLUSH_MS_MAX;
    while (replicaLog.flushedOffset < replicaLog.endOffset) {
      if (clock.monotonicMs() >= deadlineMs) {
        const remark = `the log is on stable storage up to ${replicaLog.flushedOffset}, not ${replicaLog.endOffset}: the disk is in trouble`;
        throw new ResponseError(ResponseCode.SYSTEM_ERROR, remark);
      }
      await new Promise<void>((resolve) => clock.setTimer(FLUSH_LOOK_MS, resolve));
    }
    return replicaLog.endOffset;
  }
}
