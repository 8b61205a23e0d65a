import type { BrokerData } from '@rocketmq-ts/protocol';

/** The id of a master. */
export const MASTER_ID = 0;

/** Brokers that share a name: one master and its slaves. */
export interface BrokerGroup {
  readonly clusterName: string;
  readonly brokerName: string;
  enableActingMaster: boolean;
  zoneName: string | undefined;
  /** Id → main address. */
  readonly members: Map<number, string>;
  /** Main address → further addresses by listener name. */
  readonly advertised: Map<string, ReadonlyMap<string, string>>;
}

/** The smallest id in a group, undefined where it is empty. */
export function minBrokerId({ members }: Pick<BrokerGroup, 'members'>): number | undefined {
  let min: number | undefined;
  for (const id of members.keys()) if (min === undefined || id < min) min = id;
  return min;
}

/**
 * A group as clients are told, with the addresses that belong to the listener the question came in on.
 * @returns a copy: callers may change it.
 */
export function brokerDataOf(group: BrokerGroup, listenerName: string | undefined): BrokerData {
  const brokerAddrs = new Map<number, string>();
  for (const [id, address] of group.members) {
    const told =
      listenerName === undefined ? undefined : group.advertised.get(address)?.get(listenerName);
    brokerAddrs.set(id, told ?? address);
  }
  return {
    brokerAddrs,
    brokerName: group.brokerName,
    cluster: group.clusterName,
    enableActingMaster: group.enableActingMaster,
    zoneName: group.zoneName,
  };
}

/**
 * All groups by name, and which names a cluster has.
 *
 * Invariants:
 *  I1  a broker name belongs to one cluster; a group without members does not stay;
 *  I2  a cluster is there as long as one of its groups is;
 *  I3  an address is in a group under one id at most.
 */
export class BrokerGroups {
  private readonly groups = new Map<string, BrokerGroup>();
  private readonly clusters = new Map<string, Set<string>>();

  get(brokerName: string): BrokerGroup | undefined {
    return this.groups.get(brokerName);
  }

  has(brokerName: string): boolean {
    return this.groups.has(brokerName);
  }

  all(): IterableIterator<BrokerGroup> {
    return this.groups.values();
  }

  /** Cluster → names of its brokers. */
  clusterNames(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.clusters;
  }

  /** Adds a member or moves it to this id; the caller has made sure that I1 holds. */
  put(
    at: { readonly clusterName: string; readonly brokerName: string },
    member: {
      readonly brokerId: number;
      readonly address: string;
      readonly advertised: ReadonlyMap<string, string>;
    },
  ): BrokerGroup {
    let group = this.groups.get(at.brokerName);
    if (!group) {
      group = {
        ...at,
        enableActingMaster: false,
        zoneName: undefined,
        members: new Map(),
        advertised: new Map(),
      };
      this.groups.set(at.brokerName, group);
      const names = this.clusters.get(at.clusterName);
      if (names) names.add(at.brokerName);
      else this.clusters.set(at.clusterName, new Set([at.brokerName]));
    }
    // A slave that became master keeps its address and leaves its old id.
    for (const [id, address] of group.members)
      if (address === member.address && id !== member.brokerId) group.members.delete(id);
    const replaced = group.members.get(member.brokerId);
    if (replaced !== undefined && replaced !== member.address) group.advertised.delete(replaced);
    group.members.set(member.brokerId, member.address);
    if (member.advertised.size > 0) group.advertised.set(member.address, member.advertised);
    else group.advertised.delete(member.address);
    return group;
  }

  /** Removes an address from its group, and the group and its cluster when they become empty. @returns whether it was there. */
  remove(brokerName: string, address: string): boolean {
    const group = this.groups.get(brokerName);
    if (!group) return false;
    const id = [...group.members].find(([, member]) => member === address)?.[0];
    if (id === undefined) return false;
    group.members.delete(id);
    group.advertised.delete(address);
    if (group.members.size === 0) this.drop(group);
    return true;
  }

  private drop({ brokerName, clusterName }: BrokerGroup): void {
    this.groups.delete(brokerName);
    const names = this.clusters.get(clusterName);
    names?.delete(brokerName);
    if (names?.size === 0) this.clusters.delete(clusterName);
  }
}
