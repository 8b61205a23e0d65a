import { MessageSysFlag, PROPERTIES_BYTES_MAX, ResponseCode } from '@rocketmq-ts/protocol';
import type { TopicConfig } from '@rocketmq-ts/protocol';
import type { WriteRefusal } from '@rocketmq-ts/storage';
import { isWritable } from '../topic/permission.js';

/** An answer other than success, decided before anything was changed. */
export interface Refusal {
  readonly code: number;
  readonly remark: string;
}

/** What the decision needs to know of the topic; worked out when the topic is set, not per message. */
export interface SendTopic {
  readonly config: TopicConfig;
  /** Whether clients may name it at all. */
  readonly sendable: boolean;
  /** Of the settings, beside each other: whether it may be written to, is ordered, and how many queues it has. */
  readonly writable: boolean;
  readonly ordered: boolean;
  readonly queueCount: number;
}

/** What the decision needs to know of the request. */
export interface SendRequest {
  readonly topic: string;
  readonly queueId: number;
  readonly sysFlag: number;
}

/** What the decision needs to know of the broker. */
export interface SendRules {
  readonly brokerPermission: number;
  readonly advertisedHost: string;
  readonly messageBytesMax: number;
}

/**
 * Why a send is refused, or undefined where it is taken. Looks at topic, queue and sizes; nothing is changed.
 * Source: rocketmq 5.5.0 `AbstractSendMessageProcessor#msgCheck`, `SendMessageProcessor#handlePutMessageResult`.
 */
export function sendRefusal(
  request: SendRequest,
  topic: SendTopic,
  rules: SendRules,
  // Two plain numbers: an object of options would be made for every message.
  bodyBytes: number,
  propertiesBytes: number,
): Refusal | undefined {
  if (topic.ordered && !isWritable(rules.brokerPermission)) {
    return brokerForbids(rules.advertisedHost, 'sending message');
  }
  if (!topic.sendable) return systemTopicRefusal(request.topic);
  if (!topic.writable) {
    return {
      code: ResponseCode.NO_PERMISSION,
      remark: `the topic[${request.topic}] sending message is forbidden`,
    };
  }
  const { queueCount } = topic;
  if (request.queueId >= queueCount || queueCount === 0) {
    return queueRefusal(request.queueId, topic.config);
  }
  if (
    bodyBytes === 0 ||
    bodyBytes > rules.messageBytesMax ||
    propertiesBytes > PROPERTIES_BYTES_MAX
  ) {
    return illegalMessage(rules.messageBytesMax);
  }
  // The broker alone marks stored halves and batches; a client that sets the bits asks for something else.
  if ((request.sysFlag & MessageSysFlag.INNER_BATCH) !== 0) {
    return illegalMessage(rules.messageBytesMax);
  }
  return undefined;
}

export const brokerForbids = (advertisedHost: string, what: string): Refusal => ({
  code: ResponseCode.NO_PERMISSION,
  remark: `the broker[${advertisedHost}] ${what} is forbidden`,
});

export const systemTopicRefusal = (topic: string): Refusal => ({
  code: ResponseCode.NO_PERMISSION,
  remark: `Sending message to topic[${topic}] is forbidden.`,
});

/** Apache's text for everything that makes a message too large or senseless. */
export const illegalMessage = (messageBytesMax: number): Refusal => ({
  code: ResponseCode.MESSAGE_ILLEGAL,
  remark:
    'the message is illegal, maybe msg body or properties length not matched. ' +
    `msg body length limit ${messageBytesMax}B, msg properties length limit 32KB.`,
});

const queueRefusal = (queueId: number, config: TopicConfig): Refusal => ({
  code: ResponseCode.INVALID_PARAMETER,
  remark:
    `request queueId[${queueId}] is illegal, TopicConfig [topicName=${config.topicName}, ` +
    `readQueueNums=${config.readQueueNums}, writeQueueNums=${config.writeQueueNums}, perm=${config.perm}]`,
});

/**
 * The answer while the store takes nothing. The first sentence is Apache's, which people search for; the second says
 * which of its reasons it is, with the figures.
 * Source: rocketmq 5.5.0 `SendMessageProcessor#handlePutMessageResult`.
 */
export const unavailable = (refusal: WriteRefusal): Refusal =>
  refusal.reason === 'COPIES_MISSING' ? tooFewCopies(refusal) : storeUnavailable(refusal);

/** Source: rocketmq 5.5.0 `SendMessageProcessor#handlePutMessageResult`, IN_SYNC_REPLICAS_NOT_ENOUGH. */
const tooFewCopies = ({ message }: WriteRefusal): Refusal => ({
  code: ResponseCode.SYSTEM_ERROR,
  remark: message,
});

const storeUnavailable = (refusal: WriteRefusal): Refusal => ({
  code: ResponseCode.SERVICE_NOT_AVAILABLE,
  remark:
    'service not available now. It may be caused by one of the following reasons: ' +
    "the broker's disk is full, messages are put to the slave, message store has been shut down, etc. " +
    `Here: ${refusal.message}`,
});

/** For brokers that are told to refuse instead of letting producers wait. Source: rocketmq 5.5.0 `BrokerFastFailure`. */
export const busyRefusal = (): Refusal => ({
  code: ResponseCode.SYSTEM_BUSY,
  remark: '[TIMEOUT_CLEAN_QUEUE]broker busy, start flow control for a while',
});

/** Source: rocketmq 5.5.0 `SendMessageProcessor#handlePutMessageResult`, LMQ_CONSUME_QUEUE_NUM_EXCEEDED. */
export const tooManyLightQueues = (): Refusal => ({
  code: ResponseCode.SYSTEM_ERROR,
  remark:
    '[LMQ_CONSUME_QUEUE_NUM_EXCEEDED]broker config enableLmq and enableMultiDispatch, ' +
    'lmq consumeQueue num exceed maxLmqConsumeQueueNum config num, default limit 2w.',
});
