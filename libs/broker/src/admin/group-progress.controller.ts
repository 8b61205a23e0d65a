import { Controller, Inject } from '@nestjs/common';
import type { Clock } from '@rocketmq-ts/kernel';
import { Handles, WrittenAnswer } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  GetBrokerConsumeStats,
  GetConsumeStats,
  QueryConsumeTimeSpan,
  QueryTopicsByConsumer,
  QueueTimeSpan,
  ResponseCode,
  formatJson,
  json as jsonTypes,
} from '@rocketmq-ts/protocol';
import type { Sent, TopicConfig } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { CLOCK, STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { BrokerIdentity } from '../broker-identity.js';
import { FairTurns } from '../fair-turns.js';
import { JsonPieces } from '../json-pieces.js';
import { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { TopicTable } from '../topic/topic-table.js';
import { ConsumeProgress } from './consume-progress.js';
import type { Lag } from './consume-progress.js';

/**
 * Shows how far groups have come. Answers are written in pieces: a broker may have very many queues.
 * Source: rocketmq 5.5.0 `AdminBrokerProcessor`.
 */
@Controller()
export class GroupProgressController {
  /** Only one walk over all groups at a time; who asks meanwhile gets what it finds. */
  private allGroups: Promise<readonly Buffer[]> | undefined;

  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(STORE) private readonly store: BrokerStore,
    private readonly identity: BrokerIdentity,
    private readonly topics: TopicTable,
    private readonly groups: SubscriptionGroupTable,
    private readonly offsets: ConsumerOffsetTable,
    private readonly progress: ConsumeProgress,
  ) {}

  @Handles(GetConsumeStats)
  async getConsumeStats({
    header,
  }: RemotingRequest<typeof GetConsumeStats>): Promise<WrittenAnswer> {
    const { consumerGroup: group } = header;
    const configs = this.existing(this.topicsFor(group, header.topic, header.topicList));
    const turns = new FairTurns(this.clock);
    const json = new JsonPieces();
    await this.addStats(json, turns, group, configs, ({ readQueueNums }) => readQueueNums);
    return new WrittenAnswer({ pieces: json.pieces() });
  }

  @Handles(GetBrokerConsumeStats)
  async getAllConsumeStats({
    header,
  }: RemotingRequest<typeof GetBrokerConsumeStats>): Promise<WrittenAnswer> {
    if (header.isOrder) return new WrittenAnswer({ pieces: await this.walk(true) });
    this.allGroups ??= this.walk(false).finally(() => (this.allGroups = undefined));
    return new WrittenAnswer({ pieces: await this.allGroups });
  }

  @Handles(QueryTopicsByConsumer)
  getTopicsOf({
    header: { group },
  }: RemotingRequest<typeof QueryTopicsByConsumer>): Sent<typeof QueryTopicsByConsumer.response> {
    const { address: brokerAddr } = this.identity;
    return { header: {}, body: { brokerAddr, topicList: this.offsets.topicsOf(group) } };
  }

  @Handles(QueryConsumeTimeSpan)
  async getTimeSpan({
    header: { topic, group },
  }: RemotingRequest<typeof QueryConsumeTimeSpan>): Promise<WrittenAnswer> {
    const config = this.topics.find(topic)?.config;
    if (!config) {
      throw new ResponseError(ResponseCode.TOPIC_NOT_EXIST, `topic[${topic}] not exist`);
    }
    const turns = new FairTurns(this.clock);
    const json = new JsonPieces();
    json.add('{"consumeTimeSpanSet":[');
    for (let queueId = 0, first = true; queueId < config.writeQueueNums; queueId++) {
      const span = await this.timeSpan(group, topic, queueId);
      first = json.addItem(formatJson(QueueTimeSpan, span), first);
      if (turns.due) await turns.pause();
    }
    json.add(']}');
    return new WrittenAnswer({ pieces: json.pieces() });
  }

  /** Source: rocketmq 5.5.0 `AdminBrokerProcessor#queryConsumeTimeSpan`; −1 stands for a message that is not there. */
  private async timeSpan(group: string, topic: string, queueId: number): Promise<QueueTimeSpan> {
    const queue = this.store.findQueue(topic, queueId);
    const at = async (queueOffset: number): Promise<number> =>
      (await this.progress.storeTime(queue, queueOffset)) || -1;
    const minTimeStamp = await at(queue?.minOffset ?? 0);
    // Java compares −1 for "never committed" with the queue's end, which makes the oldest message the next one.
    const consumed = this.offsets.query(group, topic, queueId) ?? -1;
    const next = Math.max(consumed, queue?.minOffset ?? 0);
    const nextTime = next < (queue?.maxOffset ?? 0) ? await at(next) : -1;
    return {
      messageQueue: this.progress.nameOf(topic, queueId),
      minTimeStamp,
      maxTimeStamp: await at((queue?.maxOffset ?? 0) - 1),
      consumeTimeStamp: consumed > 0 ? await at(consumed - 1) : minTimeStamp,
      delayTime: nextTime < 0 ? 0 : this.clock.nowMs() - nextTime,
    };
  }

  /** Source: rocketmq 5.5.0 `AdminBrokerProcessor#getTopicsForCollectingConsumeStats`. */
  private topicsFor(
    group: string,
    topic: string | undefined,
    topicList: string | undefined,
  ): readonly string[] {
    const listed = (topicList ?? '').split(';').filter((name) => name !== '');
    if (listed.length > 0) return [...new Set(listed)];
    const wanted =
      topic === undefined || topic.trim() === '' ? this.offsets.topicsOf(group) : [topic];
    return wanted.filter((name) => this.progress.consumes(group, name));
  }

  private existing(topics: readonly string[]): TopicConfig[] {
    return topics.flatMap((topic) => this.topics.find(topic)?.config ?? []);
  }

  /** All groups with all their topics, as `ConsumeStatsList`. */
  private async walk(orderedOnly: boolean): Promise<readonly Buffer[]> {
    const turns = new FairTurns(this.clock);
    const json = new JsonPieces();
    const lag: Lag = { waiting: 0, inFlight: 0 };
    const topicsByGroup = this.offsets.topicsByGroup();
    await turns.pause();
    json.add(`{"brokerAddr":${JSON.stringify(this.identity.address)},"consumeStatsList":[`);
    let firstGroup = true;
    for (const { groupName: group } of this.groups.all()) {
      firstGroup = json.addItem(`{${JSON.stringify(group)}:[`, firstGroup);
      let firstTopic = true;
      for (const config of this.existing(topicsByGroup.get(group) ?? [])) {
        if (orderedOnly && !config.order) continue;
        if (!this.progress.consumes(group, config.topicName)) continue;
        firstTopic = json.addItem('', firstTopic);
        await this.addStats(json, turns, group, [config], (c) => c.writeQueueNums, lag);
      }
      json.add(']}');
      if (turns.due) await turns.pause();
    }
    json.add(`],"totalDiff":${lag.waiting},"totalInflightDiff":${lag.inFlight}}`);
    return json.pieces();
  }

  /** One `ConsumeStats`. */
  private async addStats(
    json: JsonPieces,
    turns: FairTurns,
    group: string,
    configs: readonly TopicConfig[],
    queueCountOf: (config: TopicConfig) => number,
    lag?: Lag,
  ): Promise<void> {
    const topics = configs.map(({ topicName }) => topicName);
    const consumeTps = formatJson(jsonTypes.float64, this.progress.perSecond(group, topics));
    json.add(`{"consumeTps":${consumeTps},"offsetTable":{`);
    let first = true;
    for (const config of configs) {
      const wanted = { group, config, queueCount: queueCountOf(config), first };
      first = await this.progress.addQueues(json, turns, { ...wanted, ...(lag && { lag }) });
    }
    json.add('}}');
  }
}
