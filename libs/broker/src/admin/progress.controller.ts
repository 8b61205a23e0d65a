import { Controller, Inject } from '@nestjs/common';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  GetConsumeStats,
  GetTopicStatsInfo,
  QueryTopicConsumeByWho,
  QueryTopicsByConsumer,
  ResponseCode,
} from '@rocketmq-ts/protocol';
import type {
  MessageQueueTable,
  OffsetWrapper,
  Sent,
  TopicConfig,
  TopicOffset,
} from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { StoreQueue } from '@rocketmq-ts/storage';
import { STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { BrokerIdentity } from '../broker-identity.js';
import { ConsumerGroups } from '../client-session/consumer-groups.js';
import { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { BrokerStats } from '../stats/broker-stats.js';
import { TopicTable } from '../topic/topic-table.js';

/** Shows how far topics have grown and groups have come. Source: rocketmq 5.5.0 `AdminBrokerProcessor`. */
@Controller()
export class ProgressController {
  constructor(
    @Inject(STORE) private readonly store: BrokerStore,
    private readonly identity: BrokerIdentity,
    private readonly topics: TopicTable,
    private readonly offsets: ConsumerOffsetTable,
    private readonly consumers: ConsumerGroups<ServerConnection>,
    private readonly stats: BrokerStats,
  ) {}

  @Handles(GetTopicStatsInfo)
  async getTopicStats({
    header: { topic },
  }: RemotingRequest<typeof GetTopicStatsInfo>): Promise<Sent<typeof GetTopicStatsInfo.response>> {
    const config = this.topics.find(topic)?.config;
    if (!config) {
      throw new ResponseError(ResponseCode.TOPIC_NOT_EXIST, `topic[${topic}] not exist`);
    }
    const offsetTable: MessageQueueTable<TopicOffset> = [];
    const queueCount = Math.max(config.readQueueNums, config.writeQueueNums);
    for (let queueId = 0; queueId < queueCount; queueId++) {
      const queue = this.store.findQueue(topic, queueId);
      const lastUpdateTimestamp = await this.storeTime(queue, (queue?.maxOffset ?? 0) - 1);
      offsetTable.push([
        this.nameOf(topic, queueId),
        {
          minOffset: queue?.minOffset ?? 0,
          maxOffset: queue?.maxOffset ?? 0,
          lastUpdateTimestamp,
        },
      ]);
    }
    const topicPutTps = this.stats.topic(topic).messagesInPerSecond;
    return { header: {}, body: { offsetTable, topicPutTps } };
  }

  @Handles(GetConsumeStats)
  async getConsumeStats({
    header,
  }: RemotingRequest<typeof GetConsumeStats>): Promise<Sent<typeof GetConsumeStats.response>> {
    const { consumerGroup } = header;
    const offsetTable: MessageQueueTable<OffsetWrapper> = [];
    let consumeTps = 0;
    for (const topic of this.topicsFor(consumerGroup, header.topic, header.topicList)) {
      const config = this.topics.find(topic)?.config;
      if (!config) continue;
      await this.addProgress(offsetTable, consumerGroup, config);
      consumeTps += this.stats.pair(consumerGroup, topic).messagesOutPerSecond;
    }
    return { header: {}, body: { consumeTps, offsetTable } };
  }

  @Handles(QueryTopicConsumeByWho)
  getGroupsOf({
    header: { topic },
  }: RemotingRequest<typeof QueryTopicConsumeByWho>): Sent<typeof QueryTopicConsumeByWho.response> {
    const groups = [...this.consumers.groupsSubscribedTo(topic), ...this.offsets.groupsOf(topic)];
    return { header: {}, body: { groupList: [...new Set(groups)] } };
  }

  @Handles(QueryTopicsByConsumer)
  getTopicsOf({
    header: { group },
  }: RemotingRequest<typeof QueryTopicsByConsumer>): Sent<typeof QueryTopicsByConsumer.response> {
    return { header: {}, body: { topicList: this.offsets.topicsOf(group) } };
  }

  /** Source: rocketmq 5.5.0 `AdminBrokerProcessor#getTopicsForCollectingConsumeStats`. */
  private topicsFor(
    group: string,
    topic: string | undefined,
    topicList: string | undefined,
  ): string[] {
    const listed = (topicList ?? '').split(';').filter((name) => name !== '');
    if (listed.length > 0) return [...new Set(listed)];
    const wanted =
      topic === undefined || topic.trim() === '' ? this.offsets.topicsOf(group) : [topic];
    const subscriptions = this.consumers.find(group)?.subscriptions;
    if (!subscriptions || subscriptions.size === 0) return wanted;
    return wanted.filter((name) => subscriptions.has(name));
  }

  private async addProgress(
    table: MessageQueueTable<OffsetWrapper>,
    group: string,
    { topicName, readQueueNums }: TopicConfig,
  ): Promise<void> {
    for (let queueId = 0; queueId < readQueueNums; queueId++) {
      const queue = this.store.findQueue(topicName, queueId);
      const consumerOffset = this.offsets.query(group, topicName, queueId) ?? 0;
      const lastTimestamp = await this.storeTime(queue, consumerOffset - 1);
      table.push([
        this.nameOf(topicName, queueId),
        {
          brokerOffset: queue?.maxOffset ?? 0,
          consumerOffset,
          pullOffset: consumerOffset,
          lastTimestamp,
        },
      ]);
    }
  }

  /** 0 where there is no such message. */
  private async storeTime(queue: StoreQueue | undefined, queueOffset: number): Promise<number> {
    if (!queue || queueOffset < queue.minOffset || queueOffset >= queue.maxOffset) return 0;
    return (await this.store.storeTimestamp(queue, queueOffset)) ?? 0;
  }

  private nameOf(
    topic: string,
    queueId: number,
  ): { brokerName: string; queueId: number; topic: string } {
    return { brokerName: this.identity.brokerName, queueId, topic };
  }
}
