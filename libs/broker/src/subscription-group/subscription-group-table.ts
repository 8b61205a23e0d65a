import { RocketMQError, describeError } from '@rocketmq-ts/kernel';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { defaultSubscriptionGroup } from '@rocketmq-ts/protocol';
import type {
  DataVersion,
  SubscriptionGroupConfig,
  SubscriptionGroupWrapper,
} from '@rocketmq-ts/protocol';
import { initialVersion, nextVersion } from '../metadata/data-version.js';
import { groupNameDefect, LIGHT_QUEUE_PREFIX } from '../topic/topic-name.js';

/** Saves the table; resolves when it is on stable storage. */
export type SaveGroups = (content: () => SubscriptionGroupWrapper) => Promise<void>;

/** The broker holds as many groups as it may. */
export class GroupLimitError extends RocketMQError {
  override readonly code = 'ROCKETMQ_GROUP_LIMIT';

  constructor(groupCountMax: number) {
    super(`the broker holds groupCountMax=${groupCountMax} consumer groups`);
  }
}

export interface GroupSettings {
  /** Whether a group that nobody declared comes into being when it is first used. */
  readonly autoCreate: boolean;
  readonly groupCountMax: number;
  /** Whether there are light queues. */
  readonly lightQueues?: boolean;
}

/** Bit of `forbiddenTable`: the group may not read the topic. Source: rocketmq 5.x `PermName#INDEX_PERM_READ`. */
const READ_FORBIDDEN = 1 << 2;

/** Pause before groups that came into being by themselves are saved, so that many share one write. */
const BACKGROUND_SAVE_MS = 100;

/**
 * The consumer groups of this broker and their settings.
 *
 * Invariants:
 *  I1  every change moves the data version on;
 *  I2  what an operator changes is saved before he is answered; a group that came into being by its first use is saved
 *      soon after, since forgetting it loses nothing: it would come into being again.
 *
 * Source: rocketmq 5.x `SubscriptionGroupManager`.
 */
export class SubscriptionGroupTable {
  private readonly byName = new Map<string, SubscriptionGroupConfig>();
  private readonly forbidden = new Map<string, Map<string, number>>();
  private version: DataVersion;
  private savePending = false;

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly settings: () => GroupSettings,
    private readonly save: SaveGroups,
  ) {
    this.version = initialVersion(clock);
  }

  /** Fills the table at start: the pre-created groups first, what was saved on top of them. */
  restore(
    preCreated: readonly SubscriptionGroupConfig[],
    saved: SubscriptionGroupWrapper | undefined,
  ): void {
    for (const config of preCreated) this.byName.set(config.groupName, config);
    for (const [groupName, config] of saved?.subscriptionGroupTable ?? []) {
      this.byName.set(groupName, { ...config, groupName });
    }
    for (const [group, topics] of saved?.forbiddenTable ?? []) {
      this.forbidden.set(group, new Map(topics));
    }
    if (saved?.dataVersion) this.version = saved.dataVersion;
  }

  /**
   * The settings of a group; one that is used for the first time comes into being where that is allowed.
   * Source: rocketmq 5.x `SubscriptionGroupManager#findSubscriptionGroupConfig`.
   */
  findOrCreate(group: string): SubscriptionGroupConfig | undefined {
    const known = this.byName.get(group);
    if (known) return known;
    if (this.isOfLightQueues(group)) return defaultSubscriptionGroup(group);
    const { autoCreate, groupCountMax } = this.settings();
    if (!autoCreate || groupNameDefect(group) !== undefined || this.byName.size >= groupCountMax) {
      return undefined;
    }
    const config = defaultSubscriptionGroup(group);
    this.byName.set(group, config);
    this.touch();
    this.logger.info('consumer group created by its first use', { group });
    this.saveSoon();
    return config;
  }

  find(group: string): SubscriptionGroupConfig | undefined {
    return this.byName.get(group);
  }

  has(group: string): boolean {
    return this.byName.has(group) || this.isOfLightQueues(group);
  }

  /** Groups of light queues have no settings of their own. Source: rocketmq 5.5.0 `LmqSubscriptionGroupManager`. */
  private isOfLightQueues(group: string): boolean {
    return group.startsWith(LIGHT_QUEUE_PREFIX) && this.settings().lightQueues === true;
  }

  all(): SubscriptionGroupConfig[] {
    return [...this.byName.values()];
  }

  get size(): number {
    return this.byName.size;
  }

  get dataVersion(): DataVersion {
    return this.version;
  }

  /** Everything, as the config file and Apache's slaves have it. */
  content(): SubscriptionGroupWrapper {
    return {
      dataVersion: this.version,
      forbiddenTable: this.forbidden,
      subscriptionGroupTable: this.byName,
    };
  }

  /** Whether an operator has forbidden the group to read the topic. */
  isReadForbidden(group: string, topic: string): boolean {
    return ((this.forbidden.get(group)?.get(topic) ?? 0) & READ_FORBIDDEN) !== 0;
  }

  /** Forbids a group to read a topic, or allows it again. @throws system error: the old state stays in force. */
  async setReadForbidden(group: string, topic: string, forbidden: boolean): Promise<void> {
    const before = this.forbidden.get(group)?.get(topic) ?? 0;
    const after = forbidden ? before | READ_FORBIDDEN : before & ~READ_FORBIDDEN;
    if (after === before) return;
    this.setForbiddenBits(group, topic, after);
    this.touch();
    try {
      await this.save(() => this.content());
    } catch (error) {
      this.setForbiddenBits(group, topic, before);
      throw error;
    }
    this.logger.info('reading a topic was forbidden or allowed', { group, topic, forbidden });
  }

  /** Sets groups, new or not. @throws {GroupLimitError} @throws system error: the old state stays in force. */
  async update(configs: readonly SubscriptionGroupConfig[]): Promise<void> {
    const before = configs.map((config) => this.byName.get(config.groupName));
    const { groupCountMax } = this.settings();
    const added = before.filter((config) => config === undefined).length;
    if (this.byName.size + added > groupCountMax) throw new GroupLimitError(groupCountMax);
    for (const config of configs) this.byName.set(config.groupName, config);
    this.touch();
    try {
      await this.save(() => this.content());
    } catch (error) {
      configs.forEach(({ groupName }, i) => {
        const old = before[i];
        if (old) this.byName.set(groupName, old);
        else this.byName.delete(groupName);
      });
      throw error;
    }
    this.logger.info('consumer groups set', { groups: configs.map((c) => c.groupName).join() });
  }

  /** Forgets a group. @returns false where there was none. @throws system error: the group stays. */
  async remove(group: string): Promise<boolean> {
    const old = this.byName.get(group);
    const oldForbidden = this.forbidden.get(group);
    if (!old) return false;
    this.byName.delete(group);
    this.forbidden.delete(group);
    this.touch();
    try {
      await this.save(() => this.content());
    } catch (error) {
      this.byName.set(group, old);
      if (oldForbidden) this.forbidden.set(group, oldForbidden);
      throw error;
    }
    this.logger.info('consumer group deleted', { group });
    return true;
  }

  /**
   * A slave takes over its master's table in place of its own.
   * @throws system error: nothing was saved, the old state stays in force.
   */
  async adopt(table: SubscriptionGroupWrapper): Promise<void> {
    await this.save(() => table);
    this.byName.clear();
    this.forbidden.clear();
    this.restore([], table);
  }

  private setForbiddenBits(group: string, topic: string, bits: number): void {
    const topics = this.forbidden.get(group) ?? new Map<string, number>();
    if (bits === 0) topics.delete(topic);
    else topics.set(topic, bits);
    if (topics.size === 0) this.forbidden.delete(group);
    else this.forbidden.set(group, topics);
  }

  private touch(): void {
    this.version = nextVersion(this.version, this.clock);
  }

  private saveSoon(): void {
    if (this.savePending) return;
    this.savePending = true;
    this.clock.setTimer(BACKGROUND_SAVE_MS, () => {
      this.savePending = false;
      this.save(() => this.content()).catch((error: unknown) => {
        this.logger.error('consumer groups could not be saved', { reason: describeError(error) });
      });
    });
  }
}
