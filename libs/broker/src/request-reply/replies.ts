import { describeError } from '@rocketmq-ts/kernel';
import type { Logger, Random } from '@rocketmq-ts/kernel';
import { offsetMsgId, ResponseCode } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { topicMissing } from '../apache-texts.js';
import type { BrokerIdentity } from '../broker-identity.js';
import { sendRefusal, systemTopicRefusal } from '../send/send-decision.js';
import type { SendRules } from '../send/send-decision.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import { MessageType } from '../stats/traffic.js';
import type { MessageSink } from '../store-access.js';
import { sysFlagOfNewTopic, topicAfterTemplate } from '../topic/topic-creation.js';
import { mayBeSentTo, topicNameDefect } from '../topic/topic-name.js';
import type { TopicRecord, TopicTable } from '../topic/topic-table.js';
import type { Reply, ReplyDelivery } from './reply-delivery.js';
import { StoredReply } from './stored-reply.js';

/** What `Replies` works with. Functions stand where a setting can change while the broker runs. */
export interface RepliesParts {
  readonly logger: Logger;
  readonly random: Random;
  readonly identity: BrokerIdentity;
  readonly store: MessageSink;
  readonly topics: TopicTable;
  readonly stats: BrokerStats;
  readonly delivery: ReplyDelivery;
  readonly rules: SendRules;
  /** Whether replies are kept in the reply topic, too. */
  readonly storeReplies: () => boolean;
}

/** Where a reply went. */
export interface ReplyReceipt {
  readonly msgId: string;
  readonly queueId: number;
  readonly queueOffset: number;
}

/**
 * Takes the replies to request messages: each is handed to the client that asked, and kept in the reply topic.
 * Source: rocketmq 5.5.0 `ReplyMessageProcessor`.
 */
export class Replies {
  constructor(private readonly parts: RepliesParts) {}

  /** @throws {ResponseError} the reply did not reach the client; it may be stored all the same, as with Apache. */
  async take(reply: Reply): Promise<ReplyReceipt> {
    const topic = await this.topicFor(reply);
    const queueId = this.queueIdFor(reply, topic);
    const failure = await this.parts.delivery.deliver(reply);
    const stored = this.parts.storeReplies() ? await this.keep(reply, topic, queueId) : undefined;
    if (failure !== undefined) throw new ResponseError(ResponseCode.SYSTEM_ERROR, failure);
    // Java's client cannot do without an id, though there is none.
    return stored ?? { msgId: '0', queueId, queueOffset: 0 };
  }

  private async topicFor({ header, body }: Reply): Promise<TopicRecord> {
    const { rules } = this.parts;
    const topic = this.parts.topics.find(header.topic) ?? (await this.createTopic(header));
    const propertiesBytes = Buffer.byteLength(header.properties ?? '');
    // An empty reply is one, unlike an empty message: the Go client's own replies are.
    const bodyBytes = Math.max(body.length, 1);
    const refusal = sendRefusal(header, topic, rules, bodyBytes, propertiesBytes);
    if (refusal) throw new ResponseError(refusal.code, refusal.remark);
    return topic;
  }

  private async createTopic(header: Reply['header']): Promise<TopicRecord> {
    const { topics } = this.parts;
    const { topic: name, defaultTopic, defaultTopicQueueNums, unitMode } = header;
    const defect = topicNameDefect(name);
    if (defect !== undefined) throw new ResponseError(ResponseCode.INVALID_PARAMETER, defect);
    if (!mayBeSentTo(name)) {
      const { code, remark } = systemTopicRefusal(name);
      throw new ResponseError(code, remark);
    }
    const template = topics.find(defaultTopic)?.config;
    const sysFlag = sysFlagOfNewTopic(name, unitMode);
    const config = topicAfterTemplate(name, template, defaultTopicQueueNums, sysFlag);
    if (!config) throw new ResponseError(ResponseCode.TOPIC_NOT_EXIST, topicMissing(name));
    return topics.createIfAbsent(config);
  }

  private queueIdFor({ header }: Reply, { config }: TopicRecord): number {
    if (header.queueId >= 0) return header.queueId;
    return config.writeQueueNums > 1 ? this.parts.random.uint32() % config.writeQueueNums : 0;
  }

  /** A reply that cannot be kept has still arrived: the failure is only noted. */
  private async keep(
    reply: Reply,
    topic: TopicRecord,
    queueId: number,
  ): Promise<ReplyReceipt | undefined> {
    const { identity, logger, store, stats } = this.parts;
    const unable = store.writeRefusal();
    const entry = new StoredReply(store.queue(topic.name, queueId), reply);
    try {
      if (unable && unable.reason !== 'BUSY') throw new Error(unable.message);
      store.append(entry);
      const outcome = await entry.stored;
      if (outcome.kind === 'REFUSED') throw new Error(outcome.refusal.message);
    } catch (error) {
      logger.warn('a reply could not be kept', { topic: topic.name, reason: describeError(error) });
      return undefined;
    }
    stats.countPut({
      traffic: stats.topic(topic.name),
      queueId,
      messageType: MessageType.NORMAL,
      messageCount: 1,
      storedBytes: entry.sizeBytes,
      storeTimestampMs: entry.storeTimestampMs,
    });
    const msgId = offsetMsgId(identity.storeHostHex, entry.commitLogOffset);
    return { msgId, queueId, queueOffset: entry.queueOffset };
  }
}
