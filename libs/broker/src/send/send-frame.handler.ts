import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, Random } from '@rocketmq-ts/kernel';
import { MessageSysFlag, ResponseCode, PROPERTIES_BYTES_MAX } from '@rocketmq-ts/protocol';
import type { CachedText, RemotingFrame, SendHeader, TopicConfig } from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { LightQueueLimitError, StorageError } from '@rocketmq-ts/storage';
import type { AppendEntry } from '@rocketmq-ts/storage';
import { topicMissing } from '../apache-texts.js';
import type { FlowControl } from '../flow-control/flow-control.js';
import { queueIdOfLevel } from '../delay/delay-levels.js';
import type { QueueLockTable } from '../lock/queue-lock-table.js';
import { DLQ_QUEUE_COUNT } from '../retry/send-back-plan.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import type { MessageSink } from '../store-access.js';
import type { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { groupTopic, sysFlagOfNewTopic, topicAfterTemplate } from '../topic/topic-creation.js';
import {
  AUTO_CREATE_TOPIC,
  SCHEDULE_TOPIC,
  TIMER_TOPIC,
  TRANSACTION_HALF_TOPIC,
  dlqTopicOf,
  isRetryTopic,
  mayBeSentTo,
  topicNameDefect,
} from '../topic/topic-name.js';
import type { TopicRecord, TopicTable } from '../topic/topic-table.js';
import { HALF_QUEUE_ID, withTransactionBits } from '../transaction/half-message.js';
import { PendingHalf, plainGroupOf, rememberHalfTarget } from '../transaction/half-send.js';
import type { HalfListeners } from '../transaction/half-send.js';
import { BatchOpener } from './batch-opener.js';
import {
  PropertyWishes,
  completeProperties,
  rememberTarget,
  rememberTimer,
} from './message-properties.js';
import type { PropertyRules } from './message-properties.js';
import { messageTypeOf } from './message-type.js';
import { PendingSend } from './pending-send.js';
import { retryTargetOf } from './retry-target.js';
import type { SendAnswers } from './send-answers.js';
import {
  busyRefusal,
  illegalMessage,
  sendRefusal,
  systemTopicRefusal,
  tooManyLightQueues,
  unavailable,
} from './send-decision.js';
import type { Refusal, SendRules } from './send-decision.js';
import { encodeRecallHandle } from '../timer/recall-handle.js';
import { StoredProperties } from './stored-properties.js';

/** What the send path works with. Functions stand where a setting can change while the broker runs. */
export interface SendParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: MessageSink;
  readonly topics: TopicTable;
  readonly groups: SubscriptionGroupTable;
  readonly locks: QueueLockTable;
  readonly stats: BrokerStats;
  readonly flow: FlowControl<ServerConnection>;
  readonly halves: HalfListeners;
  readonly answers: SendAnswers;
  readonly brokerName: string;
  readonly rules: SendRules;
  readonly properties: PropertyRules;
  readonly autoCreateTopic: () => boolean;
  /** Whether sends are refused once others have waited for the disk for so long. */
  readonly failFast: (busyMs: number) => boolean;
  /** The header of a send; valid until the next call. @throws {MalformedHeaderError} */
  readonly readFields: (frame: RemotingFrame) => SendHeader;
  /** Answers a request with what an error means. */
  readonly answerError: (
    frame: RemotingFrame,
    connection: ServerConnection,
    error: unknown,
  ) => void;
}

/**
 * Takes messages of producers: SEND_MESSAGE, SEND_MESSAGE_V2 and SEND_BATCH_MESSAGE, on the raw frame path.
 *
 * A send is decided and handed to the store within the call; it costs one object. It is answered when the store says
 * what became of it. Load never makes a send fail: connections whose sends wait are not read (`connection.begin`).
 *
 * Source: rocketmq 5.5.0 `SendMessageProcessor`.
 */
export class SendFrameHandler {
  private readonly properties = new StoredProperties();
  private readonly wishes = new PropertyWishes();
  private readonly batches: BatchOpener;

  constructor(private readonly parts: SendParts) {
    this.batches = new BatchOpener(parts.answers);
  }

  /** The `FrameHandler` of the three commands. */
  readonly handle = (frame: RemotingFrame, connection: ServerConnection): void => {
    const fields = this.parts.readFields(frame);
    const topic = this.topicOf(fields.topicText);
    const refusal =
      topic === undefined
        ? this.createFirst(frame, connection, fields)
        : fields.batch
          ? this.takeBatch(frame, connection, fields, topic)
          : this.takeOne(frame, connection, fields, topic);
    if (refusal !== undefined) this.refuse(frame, connection, refusal);
  };

  /** Kept with the cached name: a look into a table of thousands of topics costs more than the rest of the header. */
  private topicOf(name: CachedText): TopicRecord | undefined {
    const known = name.found as TopicRecord | undefined;
    if (known !== undefined && !known.removed) return known;
    const topic = this.parts.topics.find(name.text);
    name.found = topic;
    return topic;
  }

  private takeOne(
    frame: RemotingFrame,
    connection: ServerConnection,
    fields: SendHeader,
    topic: TopicRecord,
  ): Refusal | undefined {
    const { parts, properties, wishes } = this;
    const refusal = this.checkCommon(frame, fields, topic);
    if (refusal !== undefined) return refusal;
    if (parts.flow.limitsSends) {
      const slow = this.admit(frame, connection, fields.producerGroup, 1);
      if (slow !== undefined) return slow;
    }
    let target = topic;
    let dead = false;
    if (topic.retries) {
      const retry = retryTargetOf(fields, frame.version, parts.groups, parts.locks);
      if (retry.kind === 'refused') return retry.refusal;
      if (retry.kind === 'dead') {
        const name = dlqTopicOf(retry.group);
        const dlq = parts.topics.find(name);
        if (dlq === undefined) {
          const config = groupTopic(name, { queueCount: DLQ_QUEUE_COUNT });
          return this.createThenHandle(frame, connection, config);
        }
        target = dlq;
        dead = true;
        parts.stats.countDeadLetter(retry.group, topic.name);
      }
    }
    properties.read(fields.properties, 0, fields.propertiesEnd);
    const { keyRequired } = topic;
    const { reconsumeTimes } = fields;
    const sysFlag = topic.retries ? withTransactionBits(fields.sysFlag, 0) : fields.sysFlag;
    const owner = { sysFlag, reconsumeTimes, dead, keyRequired };
    const wrong = completeProperties(properties, parts.properties, owner, wishes);
    if (wrong !== undefined) return wrong;

    const queueId = this.queueIdFor(fields, topic);
    const send = wishes.half
      ? this.newHalf(connection, target)
      : new PendingSend(parts.answers, connection, this.trafficOf(topic));
    send.queueId = queueId;
    send.messageType = messageTypeOf(wishes, properties);
    this.fill(send, fields, topic);
    if (topic.retries) send.sysFlag = withTransactionBits(send.sysFlag, 0);
    if (dead || fields.topicEnd === 0) send.setTopic(target.nameBytes);
    else {
      // With thousands of topics the kept name has to be fetched from far; the request's is at hand.
      send.topicBytes = frame.bytes;
      send.topicStart = fields.topicStart;
      send.topicEnd = fields.topicEnd;
    }
    this.place(send, target, dead ? 0 : queueId);
    send.flag = fields.flag;
    properties.write();
    if (wishes.timerOutMs > 0 && properties.outputBytes > TIMED_PROPERTIES_BYTES_MAX)
      return illegalMessage(parts.rules.messageBytesMax);
    send.propertiesBytes = properties.output;
    send.propertiesEnd = properties.outputBytes;
    send.bodyBytes = frame.bytes;
    send.bodyStart = frame.bodyStart;
    send.bodyEnd = frame.end;
    send.indexUniqKey(wishes.uniqKey);
    send.transactionId = wishes.uniqKey;
    send.keys = wishes.keys;
    send.indexTags(wishes.tags);
    send.waitForStore = wishes.waitForStore;
    if (properties.has('INNER_MULTI_DISPATCH'))
      send.multiDispatch = properties.text('INNER_MULTI_DISPATCH');
    send.requestCode = frame.code;
    send.opaque = frame.opaque;
    send.serializeType = frame.serializeType;
    send.isOneWay = frame.isOneWay;
    send.inFlightBytes = frame.sizeBytes;
    return this.append(send, connection);
  }

  private append(send: PendingSend, connection: ServerConnection): Refusal | undefined {
    connection.begin(send.inFlightBytes);
    try {
      this.parts.store.append(send);
      return undefined;
    } catch (error) {
      connection.end(send.inFlightBytes);
      return this.appendRefusal(error);
    }
  }

  private takeBatch(
    frame: RemotingFrame,
    connection: ServerConnection,
    fields: SendHeader,
    topic: TopicRecord,
  ): Refusal | undefined {
    const { parts, properties } = this;
    if (topic.retries) {
      return {
        code: ResponseCode.MESSAGE_ILLEGAL,
        remark: `batch request does not support retry group ${topic.name}`,
      };
    }
    const refusal = this.checkCommon(frame, fields, topic);
    if (refusal !== undefined) return refusal;
    const opened = this.batches.open(frame, connection, this.trafficOf(topic));
    if (opened === undefined) return illegalMessage(parts.rules.messageBytesMax);
    if (parts.flow.limitsSends) {
      const slow = this.admit(frame, connection, fields.producerGroup, opened.batch.length);
      if (slow !== undefined) return slow;
    }

    properties.read(fields.properties, 0, fields.propertiesEnd);
    const waitForStore = !properties.has('WAIT') || properties.text('WAIT') === 'true';
    const queueId = this.queueIdFor(fields, topic);
    opened.queueId = queueId;
    opened.transactionId = properties.text('UNIQ_KEY');
    for (const message of opened.batch) {
      message.queue = this.queueOf(topic, queueId);
      message.setTopic(topic.nameBytes);
      this.fill(message, fields, topic);
      message.waitForStore = waitForStore;
    }
    connection.begin(opened.inFlightBytes);
    try {
      parts.store.appendBatch(opened.batch);
      return undefined;
    } catch (error) {
      connection.end(opened.inFlightBytes);
      return this.appendRefusal(error);
    }
  }

  private admit(
    frame: RemotingFrame,
    connection: ServerConnection,
    group: string,
    messages: number,
  ): Refusal | undefined {
    const { sizeBytes: bytes, isOneWay } = frame;
    return this.parts.flow.admitSend(connection, group, { messages, bytes, isOneWay });
  }

  private checkCommon(
    frame: RemotingFrame,
    fields: SendHeader,
    topic: TopicRecord,
  ): Refusal | undefined {
    const { store, rules, failFast } = this.parts;
    const bodyBytes = frame.end - frame.bodyStart;
    const refusal = sendRefusal(fields, topic, rules, bodyBytes, fields.propertiesEnd);
    if (refusal !== undefined) return refusal;
    const unable = store.writeRefusal();
    if (unable === undefined) return undefined;
    if (unable.reason !== 'BUSY') return unavailable(unable);
    return failFast(unable.busyMs ?? 0) ? busyRefusal() : undefined;
  }

  /** What messages of one send have in common, batched or not. */
  private fill(entry: AppendEntry, fields: SendHeader, topic: TopicRecord): void {
    entry.sysFlag = fields.sysFlag | (topic.multiTags ? MessageSysFlag.MULTI_TAGS : 0);
    entry.bornTimestampMs = fields.bornTimestampMs;
    entry.reconsumeTimes = fields.reconsumeTimes;
  }

  /** Chooses the queue: that of the topic, or one where messages wait, with its own topic. */
  private place(send: PendingSend, target: TopicRecord, queueId: number): void {
    const { clock, properties } = this.parts;
    const { wishes } = this;
    send.bornHostBytes = send.connection.bornHostBytes;
    if (wishes.half) {
      this.placeHalf(send, target, queueId);
      return;
    }
    if (wishes.timerOutMs > 0) {
      this.placeTimed(send, target, queueId);
      return;
    }
    if (wishes.delayLevel === 0) {
      send.queue = this.queueOf(target, queueId);
      send.tagsCode = wishes.tagsCode;
      return;
    }
    const level = properties.levels.clamp(wishes.delayLevel);
    rememberTarget(this.properties, level, target, queueId);
    send.queue = this.parts.store.queue(SCHEDULE_TOPIC, queueIdOfLevel(level));
    send.setTopic(SCHEDULE_TOPIC_BYTES);
    send.tagsCode = clock.nowMs() + properties.levels.delayOf(level);
  }

  private placeTimed(send: PendingSend, target: TopicRecord, queueId: number): void {
    const { timerOutMs, uniqKey, tagsCode } = this.wishes;
    rememberTimer(this.properties, timerOutMs, target, queueId);
    send.queue = this.parts.store.queue(TIMER_TOPIC, 0);
    send.setTopic(TIMER_TOPIC_BYTES);
    send.tagsCode = tagsCode;
    if (!target.retries) {
      const { name: topic } = target;
      const { brokerName } = this.parts;
      // One more, since the slot of a time lies before it.
      const timestampText = String(timerOutMs + 1);
      send.recallHandle = encodeRecallHandle({ topic, brokerName, timestampText, uniqKey });
    }
  }

  private newHalf(connection: ServerConnection, target: TopicRecord): PendingHalf {
    const { answers, stats, halves } = this.parts;
    const traffic = stats.topic(TRANSACTION_HALF_TOPIC);
    const half = new PendingHalf(answers, connection, traffic, target.name, halves);
    half.plainGroup = plainGroupOf(this.properties, this.wishes);
    half.tags = this.wishes.tags;
    return half;
  }

  /** A delay that the message asks for begins with its commit. */
  private placeHalf(send: PendingSend, target: TopicRecord, queueId: number): void {
    rememberHalfTarget(this.properties, this.wishes.uniqKey, target, queueId);
    send.queue = this.parts.store.queue(TRANSACTION_HALF_TOPIC, HALF_QUEUE_ID);
    send.setTopic(HALF_TOPIC_BYTES);
    send.tagsCode = this.wishes.tagsCode;
    send.sysFlag = withTransactionBits(send.sysFlag, 0);
  }

  private queueIdFor(fields: SendHeader, topic: TopicRecord): number {
    if (fields.queueId >= 0) return fields.queueId;
    const { writeQueueNums } = topic.config;
    return writeQueueNums > 1 ? this.parts.random.uint32() % writeQueueNums : 0;
  }

  private queueOf(topic: TopicRecord, queueId: number): AppendEntry['queue'] {
    return (topic.queues[queueId] ??= this.parts.store.queue(topic.name, queueId));
  }

  private trafficOf(topic: TopicRecord): NonNullable<TopicRecord['traffic']> {
    return (topic.traffic ??= this.parts.stats.topic(topic.name));
  }

  /** A topic that is not there is made where the rules allow it; the send is handled once it is saved. */
  private createFirst(
    frame: RemotingFrame,
    connection: ServerConnection,
    fields: SendHeader,
  ): Refusal | undefined {
    const defect = topicNameDefect(fields.topic);
    if (defect !== undefined) return { code: ResponseCode.INVALID_PARAMETER, remark: defect };
    if (!mayBeSentTo(fields.topic)) return systemTopicRefusal(fields.topic);
    const config = this.newTopic(fields);
    return config === undefined
      ? { code: ResponseCode.TOPIC_NOT_EXIST, remark: topicMissing(fields.topic) }
      : this.createThenHandle(frame, connection, config);
  }

  private newTopic(fields: SendHeader): TopicConfig | undefined {
    const { topics, autoCreateTopic } = this.parts;
    const topicSysFlag = sysFlagOfNewTopic(fields.topic, fields.unitMode);
    const { topic, defaultTopic, defaultTopicQueueNums } = fields;
    const switchedOff = defaultTopic === AUTO_CREATE_TOPIC && !autoCreateTopic();
    const template = switchedOff ? undefined : topics.find(defaultTopic)?.config;
    const config = topicAfterTemplate(topic, template, defaultTopicQueueNums, topicSysFlag);
    if (config !== undefined || !isRetryTopic(topic)) return config;
    return groupTopic(topic, { queueCount: 1, topicSysFlag });
  }

  private createThenHandle(
    frame: RemotingFrame,
    connection: ServerConnection,
    config: TopicConfig,
  ): undefined {
    const kept = frame.retain();
    const bytes = kept.sizeBytes;
    connection.begin(bytes);
    this.parts.topics
      .createIfAbsent(config)
      .then(
        () => this.handle(kept, connection),
        (error: unknown) => {
          const remark = `topic[${config.topicName}] could not be created: ${describeError(error)}`;
          this.refuse(kept, connection, { code: ResponseCode.SYSTEM_ERROR, remark });
        },
      )
      .catch((error: unknown) => this.parts.answerError(kept, connection, error))
      .finally(() => connection.end(bytes));
    return undefined;
  }

  /** The store would not take a message that passed all checks: one of the record format's limits. */
  private appendRefusal(error: unknown): Refusal {
    if (!(error instanceof StorageError)) throw error;
    const refusal = this.parts.store.writeRefusal();
    if (refusal !== undefined && refusal.reason !== 'BUSY') return unavailable(refusal);
    if (error instanceof LightQueueLimitError) return tooManyLightQueues();
    const { code, remark } = illegalMessage(this.parts.rules.messageBytesMax);
    return { code, remark: `${remark} ${describeError(error)}` };
  }

  private refuse(frame: RemotingFrame, connection: ServerConnection, refusal: Refusal): void {
    const { opaque, serializeType, isOneWay } = frame;
    this.parts.answers.refuseWith({ connection, opaque, serializeType, isOneWay }, refusal);
  }
}

const SCHEDULE_TOPIC_BYTES = Buffer.from(SCHEDULE_TOPIC);
const TIMER_TOPIC_BYTES = Buffer.from(TIMER_TOPIC);
/** The timer notes times and rolls on a message before it delivers it: there must be room left. */
const TIMED_PROPERTIES_BYTES_MAX = PROPERTIES_BYTES_MAX - 160;
const HALF_TOPIC_BYTES = Buffer.from(TRANSACTION_HALF_TOPIC);
