import { Controller, Inject } from '@nestjs/common';
import type { Clock } from '@rocketmq-ts/kernel';
import { Handles, WrittenAnswer } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  GetTopicStatsInfo,
  QueryTopicConsumeByWho,
  ResponseCode,
  TopicOffset,
  formatJson,
  json as jsonTypes,
} from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { CLOCK, STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { ConsumerGroups } from '../client-session/consumer-groups.js';
import { FairTurns } from '../fair-turns.js';
import { JsonPieces } from '../json-pieces.js';
import { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { BrokerStats } from '../stats/broker-stats.js';
import { TopicTable } from '../topic/topic-table.js';
import { ConsumeProgress } from './consume-progress.js';

/** Shows how far topics have grown and who reads them. Source: rocketmq 5.5.0 `AdminBrokerProcessor`. */
@Controller()
export class TopicProgressController {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(STORE) private readonly store: BrokerStore,
    private readonly topics: TopicTable,
    private readonly offsets: ConsumerOffsetTable,
    private readonly consumers: ConsumerGroups<ServerConnection>,
    private readonly stats: BrokerStats,
    private readonly progress: ConsumeProgress,
  ) {}

  /** Written in pieces: a topic may have tens of thousands of queues. */
  @Handles(GetTopicStatsInfo)
  async getTopicStats({
    header: { topic },
  }: RemotingRequest<typeof GetTopicStatsInfo>): Promise<WrittenAnswer> {
    const record = this.topics.find(topic);
    if (!record) {
      throw new ResponseError(ResponseCode.TOPIC_NOT_EXIST, `topic[${topic}] not exist`);
    }
    const turns = new FairTurns(this.clock);
    const json = new JsonPieces();
    json.add('{"offsetTable":{');
    for (let queueId = 0, first = true; queueId < record.queueCount; queueId++) {
      const queue = this.store.findQueue(topic, queueId);
      const value = formatJson(TopicOffset, {
        minOffset: queue?.minOffset ?? 0,
        maxOffset: queue?.maxOffset ?? 0,
        lastUpdateTimestamp: await this.progress.storeTime(queue, (queue?.maxOffset ?? 0) - 1),
      });
      first = json.addItem(this.progress.named(topic, queueId, value), first);
      if (turns.due) await turns.pause();
    }
    const { messagesInPerSecond } = this.stats.topic(topic);
    json.add(`},"topicPutTps":${formatJson(jsonTypes.float64, messagesInPerSecond)}}`);
    return new WrittenAnswer({ pieces: json.pieces() });
  }

  @Handles(QueryTopicConsumeByWho)
  getGroupsOf({
    header: { topic },
  }: RemotingRequest<typeof QueryTopicConsumeByWho>): Sent<typeof QueryTopicConsumeByWho.response> {
    const groups = [...this.consumers.groupsSubscribedTo(topic), ...this.offsets.groupsOf(topic)];
    return { header: {}, body: { groupList: [...new Set(groups)] } };
  }
}
