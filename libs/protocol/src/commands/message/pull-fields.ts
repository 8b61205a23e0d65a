import { ResponseCode } from '../../response-code.js';
import { rawBody } from '../../schema/body.codec.js';
import { int32, int64, string } from '../../schema/field.js';

/** What a pull wants. Source: rocketmq 5.5.0 `PullMessageRequestHeader`. */
export const pullFields = {
  consumerGroup: string({ doc: 'Consumer group.' }),
  topic: string({ doc: 'Topic name, namespace already applied.' }),
  queueId: int32({ doc: 'Queue of that topic on this broker.' }),
  queueOffset: int64({ unit: 'messages', doc: 'First queue offset wanted.' }),
  maxMsgNums: int32({ unit: 'messages', doc: 'Most messages wanted.' }),
  sysFlag: int32({ doc: 'Bits of PullSysFlag.' }),
  commitOffset: int64({ unit: 'messages', doc: 'Offset to commit, if the flag says so.' }),
  suspendTimeoutMs: int64({
    wireName: 'suspendTimeoutMillis',
    unit: 'ms',
    saturate: true,
    doc: 'How long the answer may wait for a first message, if the flag says so.',
  }),
  subscription: string({ optional: true, doc: 'Filter expression, if the flag says so.' }),
  subVersion: int64({
    rounded: true,
    doc: 'Version of the subscription that the client has; only compared.',
  }),
  expressionType: string({
    optional: true,
    doc: 'TAG, which is also meant when absent, or SQL92.',
  }),
  maxMsgBytes: int32({ optional: true, unit: 'bytes', doc: 'Most bytes wanted.' }),
  requestSource: int32({ optional: true, doc: 'Who asks: -1 a client, else parts of the proxy.' }),
  proxyForwardClientId: string({
    wireName: 'proxyFrowardClientId',
    optional: true,
    doc: 'Client for which a proxy asks.',
  }),
  liteTopic: string({ optional: true, doc: 'Lite topic below the topic (5.5).' }),
};

/** What goes with the messages of a pull. Source: rocketmq 5.5.0 `PullMessageResponseHeader`. */
const pullAnswerFields = {
  suggestWhichBrokerId: int64({ doc: 'Broker id to ask next time; 0 is the master.' }),
  nextBeginOffset: int64({ unit: 'messages', doc: 'Queue offset to ask for next.' }),
  minOffset: int64({ unit: 'messages', doc: 'Smallest readable offset of the queue.' }),
  maxOffset: int64({ unit: 'messages', doc: 'Offset the next message of the queue will get.' }),
  offsetDelta: int64({
    optional: true,
    doc: 'Static topics: what to add to offsets of the records.',
  }),
  topicSysFlag: int32({ optional: true, doc: 'Bits of TopicSysFlag.' }),
  groupSysFlag: int32({ optional: true, doc: 'Flags of the consumer group.' }),
  forbiddenType: int32({
    optional: true,
    doc: 'Who forbids, in answers NO_PERMISSION: 1 broker, 2 group, 3 topic, 4 broadcasting, 5 subscription.',
  }),
};

/** The answer to a pull. */
export const pullResponse = {
  header: pullAnswerFields,
  body: rawBody('stored records one behind the other, see decodeRecords'),
};

/** Why a pull gives no messages. */
export const pullFailures: readonly ResponseCode[] = [
  ResponseCode.PULL_NOT_FOUND,
  ResponseCode.PULL_RETRY_IMMEDIATELY,
  ResponseCode.PULL_OFFSET_MOVED,
  ResponseCode.SUBSCRIPTION_PARSE_FAILED,
  ResponseCode.SUBSCRIPTION_NOT_EXIST,
  ResponseCode.SUBSCRIPTION_NOT_LATEST,
  ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
  ResponseCode.FILTER_DATA_NOT_EXIST,
  ResponseCode.FILTER_DATA_NOT_LATEST,
  ResponseCode.TOPIC_NOT_EXIST,
];
