import { describeError } from '@rocketmq-ts/kernel';
import type { Logger } from '@rocketmq-ts/kernel';
import { ResponseCode, TopicSysFlag } from '@rocketmq-ts/protocol';
import type { ConsumerData, HeartbeatData, SubscriptionGroupConfig } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { groupTopic } from '../topic/topic-creation.js';
import { retryTopicOf } from '../topic/topic-name.js';
import type { TopicTable } from '../topic/topic-table.js';
import type { ClientConnection, ClientIntroduction } from './client-member.js';
import type { ConsumerGroups } from './consumer-groups.js';
import type { ProducerGroups } from './producer-groups.js';

/** Longest client id that is remembered. Ours; Apache has no limit. */
const CLIENT_ID_LENGTH_MAX = 1_024;

/** What heartbeats work with. */
export interface HeartbeatParts<C extends ClientConnection> {
  readonly logger: Logger;
  readonly consumers: ConsumerGroups<C>;
  readonly producers: ProducerGroups<C>;
  readonly groups: SubscriptionGroupTable;
  readonly topics: TopicTable;
}

/**
 * Takes the heartbeats of clients: they join their groups, and a consumer group gets its retry topic.
 * Source: rocketmq 5.5.0 `ClientManageProcessor#heartBeat`, `#heartBeatV2`.
 */
export class Heartbeats<C extends ClientConnection = ClientConnection> {
  /** Fingerprint of the last heartbeat of a group; forgotten with the group's last member. */
  private readonly fingerprints = new Map<string, number>();

  constructor(private readonly parts: HeartbeatParts<C>) {
    parts.consumers.onChanged((group) => {
      if (group.members.size === 0) this.fingerprints.delete(group.group);
    });
  }

  /**
   * @returns whether the client must send its subscriptions in full next time.
   * @throws {ResponseError} more groups than one client, or the broker, may have.
   */
  async take(client: ClientIntroduction<C>, heartbeat: HeartbeatData): Promise<boolean> {
    if (client.clientId.length > CLIENT_ID_LENGTH_MAX) {
      throw new ResponseError(ResponseCode.INVALID_PARAMETER, 'clientID is too long');
    }
    const { heartbeatFingerprint } = heartbeat;
    let changed = heartbeatFingerprint === 0;
    let complete = true;
    for (const consumer of heartbeat.consumerDataSet) {
      const last = this.fingerprints.get(consumer.groupName);
      // A broker that has just started does not know what the client left out; Apache's would go without.
      const unknown = last === undefined && heartbeat.withoutSub;
      if (unknown || (last !== undefined && last !== heartbeatFingerprint)) changed = true;
      complete = (await this.takeConsumer(client, heartbeat, consumer)) && complete;
    }
    for (const { groupName } of heartbeat.producerDataSet) {
      complete = this.parts.producers.register(groupName, client) && complete;
    }
    if (!complete) {
      const remark = 'the client is in more groups, or subscribes to more topics, than it may';
      throw new ResponseError(ResponseCode.SYSTEM_ERROR, remark);
    }
    return changed;
  }

  private async takeConsumer(
    client: ClientIntroduction<C>,
    heartbeat: HeartbeatData,
    consumer: ConsumerData,
  ): Promise<boolean> {
    const { consumers, groups } = this.parts;
    const group = groups.findOrCreate(consumer.groupName);
    // A group that may not come into being is left out without a word, as Apache does; its pulls say why.
    if (!group) return true;
    await this.prepareRetryTopic(group, consumer);
    // The connection may have gone while the topic was made.
    if (client.connection.closed) return true;
    const outcome = consumers.register(client, {
      group: consumer.groupName,
      consumeType: consumer.consumeType,
      messageModel: consumer.messageModel,
      consumeFromWhere: consumer.consumeFromWhere,
      subscriptions: heartbeat.withoutSub ? undefined : consumer.subscriptionDataSet,
    });
    if (outcome === 'too-many') return false;
    this.fingerprints.set(consumer.groupName, heartbeat.heartbeatFingerprint);
    if (outcome === 'changed') {
      this.parts.logger.info('consumer group changed', {
        group: consumer.groupName,
        client: client.clientId,
        peer: client.connection.remoteHostPort,
        members: consumers.find(consumer.groupName)?.members.size,
      });
    }
    return true;
  }

  private async prepareRetryTopic(
    group: SubscriptionGroupConfig,
    consumer: ConsumerData,
  ): Promise<void> {
    const { logger, topics } = this.parts;
    const name = retryTopicOf(consumer.groupName);
    if (topics.find(name)) return;
    const order = consumer.subscriptionDataSet.some(({ topic }) => topics.isOrdered(topic));
    const topicSysFlag = consumer.unitMode ? TopicSysFlag.UNIT_SUB : 0;
    const config = groupTopic(name, { queueCount: group.retryQueueNums, order, topicSysFlag });
    await topics.createIfAbsent(config).catch((error: unknown) => {
      // The group consumes without it; the first send-back tries again.
      logger.warn('retry topic could not be created', {
        topic: name,
        reason: describeError(error),
      });
    });
  }
}
