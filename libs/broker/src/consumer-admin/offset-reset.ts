import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { PeerVersion, ResetConsumerClientOffset, ResponseCode } from '@rocketmq-ts/protocol';
import type { MessageQueue, MessageQueueOffsets, TopicConfig } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { BrokerIdentity } from '../broker-identity.js';
import type { ConsumerGroups } from '../client-session/consumer-groups.js';
import { FairTurns } from '../fair-turns.js';
import type { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import type { MessageLookup } from '../store-access.js';
import type { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import type { TopicTable } from '../topic/topic-table.js';

/** What `OffsetReset` works with. */
export interface OffsetResetParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly identity: Pick<BrokerIdentity, 'brokerName'>;
  readonly store: Pick<MessageLookup, 'findQueue' | 'offsetByTime'>;
  readonly topics: TopicTable;
  readonly groups: SubscriptionGroupTable;
  readonly offsets: ConsumerOffsetTable;
  readonly consumers: ConsumerGroups<ServerConnection>;
  /** Brings the offsets to stable storage. */
  readonly save: () => Promise<void>;
}

/** Where an operator wants a group to be. */
export interface ResetWish {
  readonly topic: string;
  readonly group: string;
  /** Below 0: all queues. */
  readonly queueId: number;
  /** Counts for a single queue; undefined and −1 leave it to the time. */
  readonly queueOffset: number | undefined;
  /** Store time; below 0: behind the newest message. */
  readonly timestampMs: number;
  /** Also forward, where clients are told; the broker's own reset goes either way. */
  readonly force: boolean;
}

/**
 * Moves groups to other places of their queues.
 * Source: rocketmq 5.5.0 `AdminBrokerProcessor#resetOffset`, `Broker2Client#resetOffset`.
 */
export class OffsetReset {
  constructor(private readonly parts: OffsetResetParts) {}

  /**
   * The broker moves the group, online or not; it is on stable storage afterwards.
   * @returns the new offsets @throws {ResponseError}
   */
  async onBroker(wish: ResetWish): Promise<MessageQueueOffsets> {
    const { topics, groups, offsets, logger } = this.parts;
    const { topic, group } = wish;
    const config = topics.find(topic)?.config;
    if (!config) {
      throw new ResponseError(ResponseCode.TOPIC_NOT_EXIST, `Topic ${topic} does not exist`);
    }
    if (!groups.has(group)) {
      const remark = `Group ${group} does not exist`;
      throw new ResponseError(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark);
    }
    const table = await this.targets(wish, config);
    if (table.length === 0) throw systemError('No queues to reset.');
    for (const [{ queueId }, queueOffset] of table) {
      if (offsets.reset(group, topic, queueId, queueOffset) !== 'committed') {
        throw systemError('the broker keeps as many consumer offsets as it may');
      }
    }
    logger.info('offsets of a group were reset', { group, topic, queues: shown(table) });
    await this.parts.save().catch((error: unknown) => {
      const remark = `the offsets are reset, but could not be saved yet: ${describeError(error)}`;
      throw systemError(remark);
    });
    return table;
  }

  /** The group's online clients are told to move. @returns the new offsets @throws {ResponseError} */
  async onClients(wish: ResetWish): Promise<MessageQueueOffsets> {
    const { topics, consumers, logger } = this.parts;
    const { topic, group, timestampMs } = wish;
    const config = topics.find(topic)?.config;
    if (!config) {
      const remark = `[reset-offset] reset offset failed, no topic in this broker. topic=${topic}`;
      throw new ResponseError(ResponseCode.TOPIC_NOT_EXIST, remark);
    }
    const table = await this.clientTargets(wish, config);
    const members = [...(consumers.find(group)?.members.values() ?? [])];
    if (members.length === 0) {
      const remark =
        'Consumer not online, so can not reset offset, ' +
        `Group: ${group} Topic: ${topic} Timestamp: ${timestampMs}`;
      throw new ResponseError(ResponseCode.CONSUMER_NOT_ONLINE, remark);
    }
    for (const { connection, version, languageCode } of members) {
      if (version < PeerVersion.V3_0_7_SNAPSHOT) {
        throw systemError(`the client does not support this feature. version=${version}`);
      }
      connection.oneWay(ResetConsumerClientOffset, {
        header: { topic, group, timestampMs },
        body: { offsetTable: table, languageCode },
      });
    }
    logger.info('clients were told to reset offsets', { group, topic, queues: shown(table) });
    return table;
  }

  private async targets(wish: ResetWish, config: TopicConfig): Promise<MessageQueueOffsets> {
    const { topic, queueId, queueOffset } = wish;
    if (queueId < 0) {
      return this.each(config.readQueueNums, topic, (id) => this.offsetAt(topic, id, wish));
    }
    if (queueId >= config.readQueueNums) {
      const remark = `queueId[${queueId}] is illegal, topic:[${topic}] topicConfig.readQueueNums:[${config.readQueueNums}]`;
      throw new ResponseError(ResponseCode.INVALID_PARAMETER, remark);
    }
    const queue = this.parts.store.findQueue(topic, queueId);
    const { minOffset, maxOffset } = queue ?? { minOffset: 0, maxOffset: 0 };
    if (queueOffset === undefined || queueOffset === -1) {
      return [[this.nameOf(topic, queueId), await this.offsetAt(topic, queueId, wish)]];
    }
    if (queueOffset < minOffset || queueOffset > maxOffset + 1) {
      throw systemError(
        `Target offset ${queueOffset} not in consume queue range [${minOffset}-${maxOffset}]`,
      );
    }
    return [[this.nameOf(topic, queueId), queueOffset]];
  }

  private clientTargets(wish: ResetWish, config: TopicConfig): Promise<MessageQueueOffsets> {
    const { topic, group, force } = wish;
    return this.each(config.writeQueueNums, topic, async (queueId) => {
      const committed = this.parts.offsets.query(group, topic, queueId);
      if (committed === undefined) throw systemError(`THe consumer group <${group}> not exist`);
      const wanted = await this.offsetAt(topic, queueId, wish);
      return force || wanted < committed ? wanted : committed;
    });
  }

  private async each(
    queueCount: number,
    topic: string,
    offsetOf: (queueId: number) => Promise<number>,
  ): Promise<MessageQueueOffsets> {
    const turns = new FairTurns(this.parts.clock);
    const table: [MessageQueue, number][] = [];
    for (let queueId = 0; queueId < queueCount; queueId++) {
      table.push([this.nameOf(topic, queueId), await offsetOf(queueId)]);
      if (turns.due) await turns.pause();
    }
    return table;
  }

  private async offsetAt(
    topic: string,
    queueId: number,
    { timestampMs }: ResetWish,
  ): Promise<number> {
    const queue = this.parts.store.findQueue(topic, queueId);
    if (!queue) return 0;
    if (timestampMs < 0) return queue.maxOffset;
    const found = await this.parts.store.offsetByTime(queue, timestampMs, 'lower');
    return Math.min(Math.max(found, queue.minOffset), queue.maxOffset);
  }

  private nameOf(topic: string, queueId: number): MessageQueue {
    return { brokerName: this.parts.identity.brokerName, queueId, topic };
  }
}

const systemError = (remark: string): ResponseError =>
  new ResponseError(ResponseCode.SYSTEM_ERROR, remark);

/** Queues and offsets for a log line, the first ones where they are many. */
const SHOWN_COUNT_MAX = 32;
const shown = (table: MessageQueueOffsets): string =>
  table
    .slice(0, SHOWN_COUNT_MAX)
    .map(([{ queueId }, queueOffset]) => `${queueId}:${queueOffset}`)
    .join() + (table.length > SHOWN_COUNT_MAX ? `,… (${table.length} queues)` : '');
