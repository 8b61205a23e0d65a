import {
  Perm,
  sameDataVersion,
  TopicSysFlag,
  type BrokerMemberGroup,
  type ClusterInfo,
  type DataVersion,
  type QueueData,
  type TopicList,
  type TopicRouteData,
} from '@rocketmq-ts/protocol';
import {
  brokerDataOf,
  BrokerGroups,
  MASTER_ID,
  minBrokerId,
  type BrokerGroup,
} from './broker-groups.js';
import { BrokerLiveness, type BrokerAddress, type LiveBroker } from './broker-liveness.js';
import {
  isRoutableName,
  type BrokerRegistration,
  type MinBrokerIdChange,
  type RegistrationOutcome,
} from './registration.js';
import { registrationRefusal } from './registration-refusal.js';
import type { RouteTableSettings } from './route-table-settings.js';
import { topicRoute, type RouteQuestion } from './topic-route.js';
import { TopicQueues, withoutWrite } from './topic-queues.js';

/** What left the table. */
export interface Unregistration {
  readonly brokerName: string;
  readonly brokerAddress: string;
  readonly minIdChange: MinBrokerIdChange | undefined;
}

/**
 * All a nameserver knows: which brokers there are and which topics they have. Pure state; `C` is whatever identifies a
 * connection, times are those of a clock that never goes back.
 *
 * Invariants — `verify()` checks them all:
 *  I1  a broker is alive exactly when it is a member of a group, under the same name, id and address;
 *  I2  every queue entry belongs to a group that exists;
 *  I3  brokers and queue entries never exceed their limits.
 */
export class RouteTable<C extends object> {
  private readonly topics = new TopicQueues();
  private readonly groups = new BrokerGroups();
  private readonly liveness = new BrokerLiveness<C>();

  constructor(private readonly settings: RouteTableSettings) {}

  get brokerCount(): number {
    return this.liveness.size;
  }

  get topicCount(): number {
    return this.topics.topicCount;
  }

  get topicEntryCount(): number {
    return this.topics.entryCount;
  }

  /** Source: rocketmq 5.x `RouteInfoManager#registerBroker`. */
  register(registration: BrokerRegistration<C>, nowMs: number): RegistrationOutcome {
    const { groups, liveness, topics, settings } = this;
    const refusal = registrationRefusal(
      registration,
      { groups, liveness, topics, settings },
      nowMs,
    );
    if (refusal) return { kind: 'refused', ...refusal };

    const { clusterName, brokerName, brokerId, brokerAddress } = registration;
    const before = this.groups.get(brokerName);
    const previousMin = before && minBrokerId(before);
    const isFirst = before?.members.get(brokerId) === undefined;
    this.forgetReplaced(registration, before);
    const group = this.groups.put(registration, {
      brokerId,
      address: brokerAddress,
      advertised: registration.advertised,
    });
    group.enableActingMaster = registration.enableActingMaster === true;
    group.zoneName = registration.zoneName;
    this.takeTopics(registration, group, isFirst);

    const isNew = this.liveness.find(registration) === undefined;
    this.liveness.put({
      clusterName,
      brokerName,
      brokerId,
      brokerAddress,
      dataVersion: registration.dataVersion,
      haServerAddress: registration.haServerAddress,
      expiryMs: registration.expiryMs ?? this.settings.brokerExpiryMs,
      connection: registration.connection,
      lastHeardMs: nowMs,
    });
    const master = brokerId === MASTER_ID ? undefined : this.masterOf(group);
    const minChanged = previousMin !== undefined && brokerId < previousMin;
    return {
      kind: 'registered',
      isNew,
      masterAddress: master?.brokerAddress,
      haServerAddress: master?.haServerAddress,
      minIdChange: minChanged
        ? minIdChange(group, undefined, registration.haServerAddress)
        : undefined,
    };
  }

  /**
   * A broker says goodbye, is forgotten, or is gone.
   * @returns undefined where no such broker is registered under that name.
   * Source: rocketmq 5.x `RouteInfoManager#unRegisterBroker`.
   */
  unregister(address: BrokerAddress & { readonly brokerName: string }): Unregistration | undefined {
    const { brokerName, brokerAddress } = address;
    const live = this.liveness.find(address);
    if (live?.brokerName !== brokerName) return undefined;
    this.liveness.remove(address);
    const group = this.groups.get(brokerName)!;
    const wasMin = minBrokerId(group) === live.brokerId;
    this.groups.remove(brokerName, brokerAddress);
    if (!this.groups.has(brokerName)) {
      this.topics.removeBrokers([brokerName]);
      return { brokerName, brokerAddress, minIdChange: undefined };
    }
    // Slaves cannot be written to, so the route must not offer it.
    if (group.enableActingMaster && !group.members.has(MASTER_ID))
      this.topics.changePerm(brokerName, withoutWrite);
    const change = wasMin && group.enableActingMaster;
    return {
      brokerName,
      brokerAddress,
      minIdChange: change ? minIdChange(group, brokerAddress, undefined) : undefined,
    };
  }

  /** Forgets what was registered through a connection that ended. */
  connectionClosed(connection: C): Unregistration[] {
    return this.liveness.of(connection).flatMap((live) => this.unregister(live) ?? []);
  }

  /** Forgets brokers that were silent for too long. @returns them with the connections to be closed. */
  expire(nowMs: number): { readonly broker: LiveBroker<C>; readonly gone: Unregistration }[] {
    return this.liveness.expired(nowMs).flatMap((broker) => {
      const gone = this.unregister(broker);
      return gone ? [{ broker, gone }] : [];
    });
  }

  /** Heard of a broker. @returns whether it is registered. */
  touch(address: BrokerAddress, nowMs: number): boolean {
    return this.liveness.touch(address, nowMs);
  }

  findBroker(address: BrokerAddress): LiveBroker<C> | undefined {
    return this.liveness.find(address);
  }

  route(question: RouteQuestion): TopicRouteData | undefined {
    return topicRoute(this.topics, this.groups, question);
  }

  clusterInfo(listenerName?: string): ClusterInfo {
    const brokerAddrTable = new Map(
      [...this.groups.all()].map((group) => [group.brokerName, brokerDataOf(group, listenerName)]),
    );
    const clusterAddrTable = new Map(
      [...this.groups.clusterNames()].map(([cluster, names]) => [cluster, [...names]]),
    );
    return { brokerAddrTable, clusterAddrTable };
  }

  /** Members of a group by id; none where the name is unknown. Brokers ask: they get the main addresses. */
  memberGroup(clusterName: string, brokerName: string): BrokerMemberGroup {
    const members = this.groups.get(brokerName)?.members ?? [];
    return { cluster: clusterName, brokerName, brokerAddrs: new Map(members) };
  }

  /**
   * Adds or replaces queues of one topic, all or none.
   * @returns the name of a broker that is not registered: nothing was changed then.
   * Source: rocketmq 5.x `RouteInfoManager#registerTopic`.
   */
  registerTopic(topic: string, queueDatas: readonly QueueData[]): string | undefined {
    const unknown = queueDatas.find(({ brokerName }) => !this.groups.has(brokerName));
    if (unknown) return unknown.brokerName;
    for (const queues of queueDatas) this.topics.put(topic, queues);
    return undefined;
  }

  /** Whether `registerTopic` with so many brokers would exceed the limit of entries, or the name cannot be routed. */
  canRegisterTopic(topic: string, queueDatas: readonly QueueData[]): boolean {
    const added = queueDatas.filter(({ brokerName }) => !this.topics.has(topic, brokerName)).length;
    return (
      isRoutableName(topic) && this.topics.entryCount + added <= this.settings.topicEntryCountMax
    );
  }

  /** Removes a topic everywhere, or in one cluster. */
  deleteTopic(topic: string, clusterName?: string): boolean {
    if (clusterName === undefined) return this.topics.remove(topic);
    return this.topics.remove(topic, this.groups.clusterNames().get(clusterName) ?? []);
  }

  /** Takes the right to write from all topics of a broker, until their versions change. @returns topics touched. */
  wipeWritePerm(brokerName: string): number {
    return this.topics.changePerm(brokerName, withoutWrite);
  }

  /** Gives all topics of a broker the rights to read and write. @returns topics touched. */
  addWritePerm(brokerName: string): number {
    return this.topics.changePerm(brokerName, () => Perm.READ | Perm.WRITE);
  }

  topicList(): TopicList {
    return listOf(this.topics.names());
  }

  /** Topics of a cluster; one that several of its brokers have appears once (Apache repeats it). */
  topicsOfCluster(clusterName: string): TopicList {
    const names = [...(this.groups.clusterNames().get(clusterName) ?? [])];
    const inCluster = function* (topics: TopicQueues): Generator<string> {
      for (const topic of topics.names())
        if (names.some((name) => topics.has(topic, name))) yield topic;
    };
    return listOf(inCluster(this.topics));
  }

  /** Names of clusters and brokers, which are topics too, and the address of any broker. */
  systemTopicList(): TopicList {
    const topicList = [...this.groups.clusterNames()].flatMap(([cluster, names]) => [
      cluster,
      ...names,
    ]);
    const [group] = this.groups.all();
    const [brokerAddr] = group?.members.values() ?? [];
    return { topicList, brokerAddr };
  }

  unitTopics(): TopicList {
    return listOf(this.topics.where(({ topicSysFlag }) => isUnit(topicSysFlag)));
  }

  unitSubTopics(): TopicList {
    return listOf(this.topics.where(({ topicSysFlag }) => isUnitSub(topicSysFlag)));
  }

  unitSubNotUnitTopics(): TopicList {
    return listOf(
      this.topics.where(({ topicSysFlag }) => isUnitSub(topicSysFlag) && !isUnit(topicSysFlag)),
    );
  }

  /** Brokers as they are now, for logs and metrics. */
  brokers(): IterableIterator<LiveBroker<C>> {
    return this.liveness.all();
  }

  /** Checks the invariants. @returns those that are broken; for tests. */
  verify(): string[] {
    const broken: string[] = [];
    const members = [...this.groups.all()].flatMap((group) =>
      [...group.members].map(([id, address]) => ({ group, id, address })),
    );
    if (members.length !== this.liveness.size) broken.push('I1: as many members as live brokers');
    for (const { group, id, address } of members) {
      const { clusterName, brokerName } = group;
      const live = this.liveness.find({ clusterName, brokerAddress: address });
      if (live?.brokerName !== brokerName || live.brokerId !== id)
        broken.push(`I1: ${brokerName} ${id} at ${address} is a member and not alive`);
    }
    let entries = 0;
    for (const topic of this.topics.names())
      for (const brokerName of this.topics.of(topic)!.keys()) {
        entries++;
        if (!this.groups.has(brokerName)) broken.push(`I2: ${topic} is on ${brokerName}`);
      }
    if (entries !== this.topics.entryCount) broken.push('I3: entries are counted');
    if (entries > this.settings.topicEntryCountMax || members.length > this.settings.brokerCountMax)
      broken.push('I3: limits');
    return broken;
  }

  /** Takes out of the table what this registration takes the place of. */
  private forgetReplaced(registration: BrokerRegistration<C>, group?: BrokerGroup): void {
    const { clusterName, brokerName, brokerId, brokerAddress } = registration;
    const sameAddress = this.liveness.find(registration);
    if (sameAddress && sameAddress.brokerName !== brokerName) this.unregister(sameAddress);
    const oldAddress = group?.members.get(brokerId);
    if (oldAddress !== undefined && oldAddress !== brokerAddress)
      this.liveness.remove({ clusterName, brokerAddress: oldAddress });
  }

  private takeTopics(
    registration: BrokerRegistration<C>,
    group: BrokerGroup,
    isFirst: boolean,
  ): void {
    const { brokerName, brokerId, topics, enableActingMaster } = registration;
    const isMaster = brokerId === MASTER_ID;
    const isPrimeSlave =
      enableActingMaster !== undefined && !isMaster && brokerId === minBrokerId(group);
    if (!isMaster && !isPrimeSlave) return;

    if (this.settings.deleteTopicWithBrokerRegistration)
      for (const topic of [...this.topics.topicsOf(brokerName)])
        if (!topics.has(topic)) this.topics.remove(topic, [brokerName]);

    const changed = isFirst || this.isDataVersionChanged(registration, registration.dataVersion);
    for (const [topic, config] of topics) {
      if (!isRoutableName(topic)) continue;
      // Also what is missing, whatever the version says: it may have been deleted here, or come in parts.
      if (!changed && this.topics.has(topic, brokerName)) continue;
      const perm =
        isPrimeSlave && group.enableActingMaster ? withoutWrite(config.perm) : config.perm;
      this.topics.putConfig(brokerName, { ...config, topicName: topic }, perm);
    }
  }

  /** Whether the topics of a broker are not those of its last registration; true for an unknown broker. */
  isDataVersionChanged(address: BrokerAddress, dataVersion: DataVersion): boolean {
    const known = this.liveness.find(address);
    return !known || !sameDataVersion(known.dataVersion, dataVersion);
  }

  private masterOf({ members, clusterName }: BrokerGroup): LiveBroker<C> | undefined {
    const brokerAddress = members.get(MASTER_ID);
    return brokerAddress === undefined
      ? undefined
      : this.liveness.find({ clusterName, brokerAddress });
  }
}

const isUnit = (sysFlag: number): boolean => (sysFlag & TopicSysFlag.UNIT) !== 0;
const isUnitSub = (sysFlag: number): boolean => (sysFlag & TopicSysFlag.UNIT_SUB) !== 0;

const listOf = (names: Iterable<string>): TopicList => ({
  topicList: [...names],
  brokerAddr: undefined,
});

/** Who is told: everybody who stays, or those who were there before a smaller id came. Source: `#chooseBrokerAddrsToNotify`. */
function minIdChange(
  group: BrokerGroup,
  offlineBrokerAddress: string | undefined,
  haBrokerAddress: string | undefined,
): MinBrokerIdChange | undefined {
  const id = minBrokerId(group);
  if (id === undefined) return undefined;
  const everybody = offlineBrokerAddress !== undefined || group.members.size === 1;
  const notify = [...group.members]
    .filter(([member]) => everybody || member !== id)
    .map(([, address]) => address);
  return {
    brokerName: group.brokerName,
    minBrokerId: id,
    minBrokerAddress: group.members.get(id)!,
    offlineBrokerAddress,
    haBrokerAddress,
    notify,
  };
}
