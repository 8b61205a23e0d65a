import { RocketMQError } from '@rocketmq-ts/kernel';
import type { Clock, ClockTask, Logger } from '@rocketmq-ts/kernel';
import type { DataVersion, TopicConfig, TopicConfigWrapper } from '@rocketmq-ts/protocol';
import type { StoreQueue } from '@rocketmq-ts/storage';
import { initialVersion, nextVersion } from '../metadata/data-version.js';
import type { TopicTraffic } from '../stats/broker-stats.js';
import { isWritable } from './permission.js';
import { topicConfig } from './topic-creation.js';
import { isRetryTopic, LIGHT_QUEUE_PREFIX, mayBeSentTo, topicNameDefect } from './topic-name.js';

/** Saves the table; resolves when it is on stable storage. */
export type SaveTopics = (content: () => TopicConfigWrapper) => Promise<void>;

/** One topic, with what the hot paths need at hand. The object lives as long as the topic. */
export class TopicRecord {
  // What every message touches comes first: with thousands of topics it has to be fetched each time, and lies together.
  /** It is in the table no more: whoever kept it must look again. */
  removed = false;
  /** Whether producers may name it. */
  readonly sendable: boolean;
  /** Whether it is the retry topic of a group. */
  readonly retries: boolean;
  /** Of the settings: see `SendTopic`. */
  writable = false;
  ordered = false;
  queueCount = 0;
  multiTags = false;
  /** Whether each message must have a key: Apache's compacted topics keep the last one of each. */
  keyRequired = false;
  /** Queues of the store by queue id, filled when first used. */
  readonly queues: (StoreQueue | undefined)[] = [];
  /** Name as records store it. */
  readonly nameBytes: Buffer;
  /** Counters of the topic, filled when first used. */
  traffic: TopicTraffic | undefined = undefined;
  private settings!: TopicConfig;

  constructor(
    readonly name: string,
    config: TopicConfig,
  ) {
    this.nameBytes = Buffer.from(name);
    this.sendable = mayBeSentTo(name) && topicNameDefect(name) === undefined;
    this.retries = isRetryTopic(name);
    this.config = config;
  }

  get config(): TopicConfig {
    return this.settings;
  }

  set config(config: TopicConfig) {
    this.settings = config;
    this.writable = isWritable(config.perm);
    this.ordered = config.order;
    this.queueCount = queuesOf(config);
    this.multiTags = config.topicFilterType === 'MULTI_TAG';
    this.keyRequired = config.attributes.get('cleanup.policy') === 'COMPACTION';
  }
}

/** The broker holds as many topics or queues as it may. */
export class TopicLimitError extends RocketMQError {
  override readonly code = 'ROCKETMQ_TOPIC_LIMIT';
}

export interface TopicLimits {
  readonly topicCountMax: number;
  /** Sum over all topics of the greater of read and write queues. */
  readonly queueCountMax: number;
  /** Of one topic. */
  readonly queuesPerTopicMax: number;
}

/** Longest wait for listeners of a change. */
const ANNOUNCE_MS_MAX = 1_000;

/**
 * The topics of this broker.
 *
 * Invariants:
 *  I1  `find` gives a topic only after it was saved: a message can never be acknowledged into a topic that a crash
 *      would forget;
 *  I2  every change moves the data version on and reaches the listeners once it was saved;
 *  I3  the numbers of topics and queues stay within the limits.
 *
 * Source: rocketmq 5.x `TopicConfigManager`.
 */
export class TopicTable {
  private readonly byName = new Map<string, TopicRecord>();
  private readonly creating = new Map<string, Promise<TopicRecord>>();
  private readonly removing = new Map<string, Promise<void>>();
  /** Settings that are being saved and not yet in force. */
  private readonly staged = new Map<string, TopicConfig>();
  private lastChange: Promise<unknown> = Promise.resolve();
  private readonly listeners: (() => Promise<void>)[] = [];
  private version: DataVersion;
  private queueCount = 0;

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly limits: TopicLimits,
    private readonly save: SaveTopics,
    private readonly admitsLightQueue: (name: string) => boolean = () => false,
  ) {
    this.version = initialVersion(clock);
  }

  /** Fills the table at start: the pre-created topics first, what was saved on top of them. */
  restore(preCreated: readonly TopicConfig[], saved: TopicConfigWrapper | undefined): void {
    for (const config of preCreated) this.put(config);
    for (const [name, config] of saved?.topicConfigTable ?? []) {
      this.put({ ...config, topicName: name });
    }
    if (saved?.dataVersion) this.version = saved.dataVersion;
  }

  /**
   * Calls back after each saved change. Who waits for the change waits for the listener too, but not longer than
   * `ANNOUNCE_MS_MAX`: a client that created a topic finds it on the nameservers.
   */
  onChanged(listener: () => Promise<void>): void {
    this.listeners.push(listener);
  }

  find(name: string): TopicRecord | undefined {
    return this.byName.get(name) ?? this.lightQueue(name);
  }

  /**
   * A light queue is a topic with one queue that nobody creates.
   * Source: rocketmq 5.5.0 `LmqTopicConfigManager#selectTopicConfig`.
   */
  private lightQueue(name: string): TopicRecord | undefined {
    if (!name.startsWith(LIGHT_QUEUE_PREFIX) || !this.admitsLightQueue(name)) return undefined;
    return new TopicRecord(name, topicConfig(name, { readQueueNums: 1, writeQueueNums: 1 }));
  }

  get size(): number {
    return this.byName.size;
  }

  get dataVersion(): DataVersion {
    return this.version;
  }

  /** All topics, those that are being saved left out. */
  configs(): TopicConfig[] {
    return [...this.byName.values()].map((record) => record.config);
  }

  isOrdered(name: string): boolean {
    return this.byName.get(name)?.config.order ?? false;
  }

  /**
   * Makes a topic where there is none; calls for one name at a time share the outcome.
   * @throws {TopicLimitError} @throws system error: the table could not be saved, the topic does not exist.
   */
  createIfAbsent(config: TopicConfig): Promise<TopicRecord> {
    const name = config.topicName;
    const existing = this.byName.get(name);
    if (existing) return Promise.resolve(existing);
    const underway = this.creating.get(name);
    if (underway) return underway;
    const removal = this.removing.get(name);
    if (removal) return removal.then(() => this.createIfAbsent(config));
    // An operator sets it at this moment; his settings count.
    if (this.staged.has(name)) return this.lastChange.then(() => this.createIfAbsent(config));

    const created = this.store([config])
      .then(async () => {
        this.logger.info('topic created', { topic: name, queues: config.writeQueueNums });
        await this.announce();
        return this.byName.get(name)!;
      })
      .finally(() => this.creating.delete(name));
    this.creating.set(name, created);
    return created;
  }

  /**
   * Sets topics, new or not, all or none.
   * @throws {TopicLimitError} @throws system error: nothing was saved, the old state stays in force.
   */
  async update(configs: readonly TopicConfig[]): Promise<void> {
    await this.inTurn(async () => {
      for (const { topicName } of configs) {
        await this.creating.get(topicName)?.catch(() => undefined);
      }
      await this.store(configs);
    });
    await this.announce();
  }

  /**
   * Forgets a topic, then `clean`s up what else belongs to it; who wants to create it anew waits for that.
   * @returns false where there was none. @throws system error: the topic stays. @throws what `clean` throws
   */
  async remove(name: string, clean: () => Promise<void>): Promise<boolean> {
    const removed = await this.inTurn(async () => {
      await this.creating.get(name)?.catch(() => undefined);
      const record = this.byName.get(name);
      if (!record) return false;
      const removal = this.removeRecord(record, clean).finally(() => this.removing.delete(name));
      this.removing.set(
        name,
        removal.catch(() => undefined),
      );
      await removal;
      return true;
    });
    if (removed) await this.announce();
    return removed;
  }

  /**
   * Does `work` on what is left of a topic that is not there; who wants to create it waits for that.
   * @returns false where there is such a topic. @throws what `work` throws
   */
  async whileAbsent(name: string, work: () => Promise<void>): Promise<boolean> {
    return this.inTurn(async () => {
      await this.creating.get(name)?.catch(() => undefined);
      if (this.byName.has(name)) return false;
      const done = work().finally(() => this.removing.delete(name));
      this.removing.set(
        name,
        done.catch(() => undefined),
      );
      await done;
      return true;
    });
  }

  /**
   * A slave takes over its master's table in place of its own. @returns names of topics that are gone
   * @throws system error: nothing was saved, the old state stays in force.
   */
  async adopt({ dataVersion, topicConfigTable }: TopicConfigWrapper): Promise<string[]> {
    const gone = await this.inTurn(async () => {
      await this.save(() => ({ dataVersion, topicConfigTable }));
      const names = [...this.byName.keys()].filter((name) => !topicConfigTable.has(name));
      for (const name of names) this.drop(name);
      for (const [name, config] of topicConfigTable) this.put({ ...config, topicName: name });
      this.version = dataVersion;
      return names;
    });
    await this.announce();
    return gone;
  }

  private async removeRecord(record: TopicRecord, clean: () => Promise<void>): Promise<void> {
    const { name, config } = record;
    this.drop(name);
    this.touch();
    try {
      await this.save(() => this.content());
    } catch (error) {
      this.put(config);
      this.touch();
      throw error;
    }
    this.logger.info('topic deleted', { topic: name });
    await clean();
  }

  /** Puts settings in force once they are saved. */
  private async store(configs: readonly TopicConfig[]): Promise<void> {
    try {
      for (const config of configs) this.stage(config);
      await this.save(() => this.content());
      for (const config of configs) this.put(config);
      this.touch();
    } finally {
      for (const config of configs) this.unstage(config);
    }
  }

  /** Changes and removals one after the other; creations go beside them, many in one write. */
  private inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.lastChange.then(change);
    this.lastChange = result.catch(() => undefined);
    return result;
  }

  private content(): TopicConfigWrapper {
    const topicConfigTable = new Map<string, TopicConfig>();
    for (const [name, record] of this.byName) topicConfigTable.set(name, record.config);
    for (const [name, config] of this.staged) topicConfigTable.set(name, config);
    // In memory the version moves on when the change is in force: nameservers take one version for one content.
    const dataVersion = this.staged.size > 0 ? nextVersion(this.version, this.clock) : this.version;
    return { dataVersion, topicConfigTable };
  }

  private put(config: TopicConfig): TopicRecord {
    let record = this.byName.get(config.topicName);
    if (record) {
      this.queueCount += queuesOf(config) - queuesOf(record.config);
      record.config = config;
    } else {
      record = new TopicRecord(config.topicName, config);
      this.byName.set(config.topicName, record);
      this.queueCount += queuesOf(config);
    }
    return record;
  }

  private drop(name: string): void {
    const record = this.byName.get(name);
    if (!record) return;
    this.byName.delete(name);
    record.removed = true;
    this.queueCount -= queuesOf(record.config);
  }

  private touch(): void {
    this.version = nextVersion(this.version, this.clock);
  }

  private async announce(): Promise<void> {
    const told = Promise.all(this.listeners.map((listener) => listener()));
    let timer: ClockTask | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.clock.setTimer(ANNOUNCE_MS_MAX, resolve);
    });
    await Promise.race([told, late]);
    timer?.cancel();
  }

  /** @throws {TopicLimitError} */
  private stage(config: TopicConfig): void {
    const { topicCountMax, queueCountMax, queuesPerTopicMax } = this.limits;
    const name = config.topicName;
    if (queuesOf(config) > queuesPerTopicMax) {
      throw new TopicLimitError(
        `topic[${name}] asks for ${queuesOf(config)} queues, at most ${queuesPerTopicMax} are allowed`,
      );
    }
    let topicCount = this.byName.size;
    let queueCount = this.queueCount;
    for (const other of [...this.staged.values(), config]) {
      const old = this.byName.get(other.topicName)?.config;
      if (!old) topicCount++;
      queueCount += queuesOf(other) - (old ? queuesOf(old) : 0);
    }
    const old = this.byName.get(name)?.config;
    if (!old && topicCount > topicCountMax) {
      throw new TopicLimitError(`the broker holds topicCountMax=${topicCountMax} topics`);
    }
    const grows = queuesOf(config) > (old ? queuesOf(old) : 0);
    if (grows && queueCount > queueCountMax) {
      throw new TopicLimitError(
        `the broker holds ${this.queueCount} queues, more than queueCountMax=${queueCountMax} are not allowed`,
      );
    }
    this.staged.set(name, config);
  }

  private unstage(config: TopicConfig): void {
    if (this.staged.get(config.topicName) === config) this.staged.delete(config.topicName);
  }
}

const queuesOf = (config: TopicConfig): number =>
  Math.max(config.readQueueNums, config.writeQueueNums, 0);
