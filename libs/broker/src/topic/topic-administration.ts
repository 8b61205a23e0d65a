import { describeError } from '@rocketmq-ts/kernel';
import { ResponseCode } from '@rocketmq-ts/protocol';
import type { TopicConfig } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { AttributeError, alterAttributes } from '../metadata/attributes.js';
import type { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { popRetryTopicV1, popRetryTopicV2 } from '../pop/pop-topic-name.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import type { StoreAdministration } from '../store-access.js';
import { isValidPermission } from './permission.js';
import { TOPIC_ATTRIBUTES } from './topic-attributes.js';
import { SYSTEM_TOPICS, isSystemTopic, topicNameDefect } from './topic-name.js';
import { TopicLimitError } from './topic-table.js';
import type { TopicTable } from './topic-table.js';

/**
 * What operators may do to topics.
 * Source: rocketmq 5.5.0 `AdminBrokerProcessor#updateAndCreateTopic`, `#deleteTopic`.
 */
export class TopicAdministration {
  private readonly ownNames: ReadonlySet<string>;

  /** @param preCreated the topics this broker was born with */
  constructor(
    private readonly topics: TopicTable,
    private readonly offsets: ConsumerOffsetTable,
    private readonly stats: BrokerStats,
    private readonly store: StoreAdministration,
    preCreated: readonly TopicConfig[],
  ) {
    this.ownNames = new Set(preCreated.map((config) => config.topicName));
  }

  /** Names that no user's topic can have. */
  systemTopicNames(): string[] {
    return [...new Set([...SYSTEM_TOPICS, ...this.ownNames])];
  }

  /** Turns what is wrong with a change of attributes into an answer. @throws {ResponseError} */
  readChange<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw answerTo(error);
    }
  }

  /**
   * Creates topics or changes their settings; all or none. `attributes` of a config are changes (`+key`, `-key`).
   * @throws {ResponseError}
   */
  async set(configs: readonly TopicConfig[]): Promise<void> {
    const wanted = configs.map((config) => this.checked(config));
    const changed = wanted.filter((config) => !this.isInForce(config));
    if (changed.length === 0) return;
    await this.topics.update(changed).catch((error: unknown) => {
      throw answerTo(error);
    });
  }

  /**
   * Deletes a topic with the offsets of its consumers, and what those who pop it have given back. One that is not there
   * is no error. @throws {ResponseError}
   */
  async remove(topic: string): Promise<void> {
    if (topic.trim() === '') throw invalid('The specified topic is blank.');
    this.refuseSystemTopic(topic);
    for (const name of [topic, ...this.popRetryTopicsOf(topic)]) {
      await this.topics
        .remove(name, () => this.clean(name))
        .catch((error: unknown) => {
          throw answerTo(error);
        });
    }
  }

  /** The older name of such a topic may be that of another group's retry topic, which stays; Apache deletes it too. */
  private popRetryTopicsOf(topic: string): string[] {
    return this.offsets
      .groupsOf(topic)
      .flatMap((group) => [
        popRetryTopicV2(topic, group),
        ...(this.offsets.topicsOf(`${group}_${topic}`).length > 0
          ? []
          : [popRetryTopicV1(topic, group)]),
      ])
      .filter((retryTopic) => this.topics.find(retryTopic));
  }

  private async clean(topic: string): Promise<void> {
    this.offsets.removeTopic(topic);
    this.stats.forgetTopic(topic);
    await this.store.deleteTopic(topic).catch((error: unknown) => {
      const remark = `the topic is deleted, but not all of its files: ${describeError(error)}`;
      throw new ResponseError(ResponseCode.SYSTEM_ERROR, remark);
    });
  }

  private checked(config: TopicConfig): TopicConfig {
    const { topicName, readQueueNums, writeQueueNums, perm } = config;
    const defect = topicNameDefect(topicName);
    if (defect !== undefined) throw invalid(defect);
    this.refuseSystemTopic(topicName);
    if (readQueueNums < 0 || writeQueueNums < 0) {
      throw invalid(`readQueueNums and writeQueueNums of topic[${topicName}] must not be negative`);
    }
    if (!isValidPermission(perm)) {
      throw invalid(`perm[${perm}] of topic[${topicName}] is illegal, it must lie in 0 … 7`);
    }
    const current = this.topics.find(topicName)?.config.attributes;
    const attributes = this.readChange(() =>
      alterAttributes(TOPIC_ATTRIBUTES, current, config.attributes),
    );
    return { ...config, attributes };
  }

  private refuseSystemTopic(topic: string): void {
    if (!isSystemTopic(topic) && !this.ownNames.has(topic)) return;
    throw invalid(`The topic[${topic}] is conflict with system topic.`);
  }

  private isInForce(config: TopicConfig): boolean {
    const current = this.topics.find(config.topicName)?.config;
    return (
      current !== undefined &&
      current.readQueueNums === config.readQueueNums &&
      current.writeQueueNums === config.writeQueueNums &&
      current.perm === config.perm &&
      current.topicFilterType === config.topicFilterType &&
      current.topicSysFlag === config.topicSysFlag &&
      current.order === config.order &&
      sameEntries(current.attributes, config.attributes)
    );
  }
}

const invalid = (remark: string): ResponseError =>
  new ResponseError(ResponseCode.INVALID_PARAMETER, remark);

function answerTo(error: unknown): ResponseError {
  if (error instanceof ResponseError) return error;
  if (error instanceof TopicLimitError || error instanceof AttributeError) {
    return new ResponseError(ResponseCode.INVALID_PARAMETER, error.message);
  }
  return new ResponseError(
    ResponseCode.SYSTEM_ERROR,
    `topics.json could not be saved, nothing was changed: ${describeError(error)}`,
  );
}

const sameEntries = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
