import { Perm, type QueueData, type TopicConfig } from '@rocketmq-ts/protocol';

/**
 * Queues of every topic on every broker.
 *
 * Invariants:
 *  I1  no topic without a broker stays in the table;
 *  I2  `entryCount` is the number of (topic, broker) pairs.
 */
export class TopicQueues {
  private readonly topics = new Map<string, Map<string, QueueData>>();
  private entries = 0;

  get entryCount(): number {
    return this.entries;
  }

  get topicCount(): number {
    return this.topics.size;
  }

  names(): IterableIterator<string> {
    return this.topics.keys();
  }

  /** Queues of a topic by broker name. */
  of(topic: string): ReadonlyMap<string, QueueData> | undefined {
    return this.topics.get(topic);
  }

  has(topic: string, brokerName: string): boolean {
    return this.topics.get(topic)?.has(brokerName) === true;
  }

  /** Names of the topics that a broker has queues of. */
  *topicsOf(brokerName: string): Generator<string> {
    for (const [topic, queues] of this.topics) if (queues.has(brokerName)) yield topic;
  }

  /** Names of topics of which `matches` holds for the queues on the broker that registered first. */
  *where(matches: (queues: QueueData) => boolean): Generator<string> {
    for (const [topic, queues] of this.topics) {
      const [first] = queues.values();
      if (first && matches(first)) yield topic;
    }
  }

  put(topic: string, queues: QueueData): void {
    const byBroker = this.topics.get(topic) ?? new Map<string, QueueData>();
    this.topics.set(topic, byBroker);
    if (!byBroker.has(queues.brokerName)) this.entries++;
    byBroker.set(queues.brokerName, queues);
  }

  /** Takes over what a broker says of a topic. Source: rocketmq 5.x `RouteInfoManager#createAndUpdateQueueData`. */
  putConfig(brokerName: string, config: TopicConfig, perm: number): void {
    const { topicName, readQueueNums, writeQueueNums, topicSysFlag } = config;
    const known = this.topics.get(topicName)?.get(brokerName);
    const same =
      known?.readQueueNums === readQueueNums &&
      known.writeQueueNums === writeQueueNums &&
      known.perm === perm &&
      known.topicSysFlag === topicSysFlag;
    if (!same)
      this.put(topicName, { brokerName, perm, readQueueNums, topicSysFlag, writeQueueNums });
  }

  /** Removes a topic, everywhere or on the brokers named. @returns whether anything was there. */
  remove(topic: string, brokerNames?: Iterable<string>): boolean {
    const byBroker = this.topics.get(topic);
    if (!byBroker) return false;
    const before = byBroker.size;
    if (brokerNames) for (const brokerName of brokerNames) byBroker.delete(brokerName);
    else byBroker.clear();
    this.entries -= before - byBroker.size;
    if (byBroker.size === 0) this.topics.delete(topic);
    return byBroker.size < before;
  }

  /** Removes everything of the brokers named. */
  removeBrokers(brokerNames: readonly string[]): void {
    if (brokerNames.length === 0) return;
    for (const topic of this.topics.keys()) this.remove(topic, brokerNames);
  }

  /** Replaces the permission of every topic of a broker. @returns how many topics there are. */
  changePerm(brokerName: string, change: (perm: number) => number): number {
    let count = 0;
    for (const byBroker of this.topics.values()) {
      const queues = byBroker.get(brokerName);
      if (!queues) continue;
      byBroker.set(brokerName, { ...queues, perm: change(queues.perm) });
      count++;
    }
    return count;
  }
}

/** The permission without the right to write. */
export const withoutWrite = (perm: number): number => perm & ~Perm.WRITE;
