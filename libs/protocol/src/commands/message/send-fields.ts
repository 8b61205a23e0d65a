import { ResponseCode } from '../../response-code.js';
import { boolean, int32, int64, string, withWireNames } from '../../schema/field.js';

/** What a send says of its message. Source: rocketmq 5.5.0 `SendMessageRequestHeader`. */
export const sendFields = {
  producerGroup: string({ doc: 'Producer group.' }),
  topic: string({ doc: 'Topic name, namespace already applied.' }),
  defaultTopic: string({ doc: 'Topic whose settings a topic made by this send inherits.' }),
  defaultTopicQueueNums: int32({ unit: 'queues', doc: 'Queues that such a topic gets at most.' }),
  queueId: int32({ doc: 'Queue of the topic; below 0 the broker chooses.' }),
  sysFlag: int32({ doc: 'Bits of MessageSysFlag.' }),
  bornTimestampMs: int64({
    wireName: 'bornTimestamp',
    unit: 'ms',
    saturate: true,
    doc: 'When the producer made the message, by its clock.',
  }),
  flag: int32({ doc: 'Number that belongs to the program.' }),
  properties: string({ optional: true, doc: 'Properties, see formatProperties.' }),
  reconsumeTimes: int32({ default: 0, doc: 'How often the message was delivered and given back.' }),
  unitMode: boolean({ default: false, doc: 'Unit mode of the client.' }),
  batch: boolean({ default: false, doc: 'The body holds several messages.' }),
  maxReconsumeTimes: int32({
    optional: true,
    doc: 'Deliveries after which a message sent to a retry topic goes to the dead-letter topic.',
  }),
};

/** As `sendFields`, in one-letter names. Source: rocketmq 5.5.0 `SendMessageRequestHeaderV2`. */
export const sendFieldsV2 = {
  ...withWireNames(sendFields, {
    producerGroup: 'a',
    topic: 'b',
    defaultTopic: 'c',
    defaultTopicQueueNums: 'd',
    queueId: 'e',
    sysFlag: 'f',
    bornTimestampMs: 'g',
    flag: 'h',
    properties: 'i',
    reconsumeTimes: 'j',
    unitMode: 'k',
    maxReconsumeTimes: 'l',
    batch: 'm',
  }),
  brokerName: string({ wireName: 'n', optional: true, doc: 'Broker the client meant to reach.' }),
};

/** Names of the two fields that Java's client reads without looking whether they are there. */
export const MSG_REGION_FIELD = 'MSG_REGION';
export const TRACE_ON_FIELD = 'TRACE_ON';

/** Where a message went. Source: rocketmq 5.5.0 `SendMessageResponseHeader`, `SendMessageProcessor#attachRecallHandle`. */
export const sendAnswerFields = {
  msgId: string({ doc: 'Offset message id; of a batch all ids, separated by commas.' }),
  queueId: int32({ doc: 'Queue the message went to.' }),
  queueOffset: int64({ unit: 'messages', doc: 'Its place there; of a batch that of the first.' }),
  transactionId: string({ optional: true, doc: 'Unique key of the message.' }),
  batchUniqId: string({ optional: true, doc: 'Unique key of a batch stored as one record.' }),
  recallHandle: string({ optional: true, doc: 'Handle to cancel a timed message with.' }),
  regionId: string({
    wireName: MSG_REGION_FIELD,
    optional: true,
    doc: 'Region of the broker; the Java client fails without it.',
  }),
  traceOn: boolean({ wireName: TRACE_ON_FIELD, optional: true, doc: 'Whether to trace messages.' }),
};

/** Why a message is not stored, or how far its safety got. */
export const sendFailures: readonly ResponseCode[] = [
  ResponseCode.FLUSH_DISK_TIMEOUT,
  ResponseCode.SLAVE_NOT_AVAILABLE,
  ResponseCode.FLUSH_SLAVE_TIMEOUT,
  ResponseCode.MESSAGE_ILLEGAL,
  ResponseCode.SERVICE_NOT_AVAILABLE,
  ResponseCode.TOPIC_NOT_EXIST,
  ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
];

/** Why a reply is not taken. */
export const replyFailures: readonly ResponseCode[] = [
  ResponseCode.MESSAGE_ILLEGAL,
  ResponseCode.NO_PERMISSION,
  ResponseCode.TOPIC_NOT_EXIST,
  ResponseCode.INVALID_PARAMETER,
];
