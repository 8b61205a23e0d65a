import type { BrokerRole } from '@rocketmq-ts/config';
import type { HaRuntimeInfo } from '@rocketmq-ts/protocol';
import type { ReplicationOffer } from '@rocketmq-ts/replication';

/** Token under which the broker's part in replication is injected. */
export const REPLICATION = Symbol('rocketmq.replication');

/** A slave that asks for the log, as it says who it is. */
export interface SlaveIntroduction {
  readonly clusterName: string;
  readonly brokerName: string;
  readonly brokerId: number;
  readonly brokerAddr: string;
  /** Commit-log offset at which its log ends. */
  readonly endOffset: number;
  readonly segmentSizeBytes: number;
}

/** How an operator wants a slave to become master. */
export interface PromotionWish {
  /** Also while the master lives. */
  readonly force: boolean;
  readonly role: string;
}

/** What began with a promotion. */
export interface Promotion {
  readonly epoch: number;
  /** Commit-log offset at which the epoch begins. */
  readonly fromOffset: number;
}

/** The part of a broker in the replication of its group, as its commands see it. */
export interface ReplicationSide {
  readonly role: BrokerRole;
  /** Of the group's master, as far as this broker knows. */
  readonly epoch: number;
  /** Of a slave: what its replication is doing. */
  readonly state?: string | undefined;
  /** Of a slave: the master that it copies. */
  readonly masterAddress?: string | undefined;
  /** Whether the master of the group is there: of a master, always. */
  readonly masterIsThere: boolean;
  readonly logBounds: {
    readonly minOffset: number;
    readonly maxOffset: number;
    readonly segmentSizeBytes: number;
  };
  status(): HaRuntimeInfo;
  /** Lets a slave in on the port for slaves. @throws {ResponseError} it is none of this group, or this is no master. */
  admit(slave: SlaveIntroduction): ReplicationOffer;
  /** CRC-32 of a part of the log; undefined where not all of it is there. @throws system error */
  checksum(fromOffset: number, toOffset: number): Promise<number | undefined>;
  /** @throws {ResponseError} it is no slave, or its master lives. */
  promote(wish: PromotionWish): Promise<Promotion>;
}
