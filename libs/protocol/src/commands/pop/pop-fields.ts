import { rawBody } from '../../schema/body.codec.js';
import { boolean, int32, int64, routingFields, string } from '../../schema/field.js';

/** Consumer group, topic and queue of a request about popped messages. */
export const popTarget = {
  consumerGroup: string({ doc: 'Consumer group.' }),
  topic: string({ doc: 'Topic name, namespace already applied.' }),
  queueId: int32({ doc: 'Queue of that topic on this broker.' }),
};

/** As `popTarget`, for requests that may leave the queue out: Java's field is then 0. */
export const anyQueueTarget = {
  ...popTarget,
  queueId: int32({ default: 0, doc: 'Queue of that topic on this broker; -1: any.' }),
};

/** How long a pop or poll may wait, and since when. */
export const pollFields = {
  pollTimeMs: int64({
    wireName: 'pollTime',
    default: 0,
    unit: 'ms',
    saturate: true,
    doc: 'How long the answer may wait for a message.',
  }),
  bornTimeMs: int64({
    wireName: 'bornTime',
    default: 0,
    unit: 'ms',
    doc: 'Wall-clock time of the client at which it asked; 0: the broker takes its own.',
  }),
};

/** Which messages, in which manner. */
export const selectionFields = {
  expressionType: string({
    wireName: 'expType',
    optional: true,
    doc: 'TAG, which is also meant when absent, or SQL92.',
  }),
  expression: string({ wireName: 'exp', optional: true, doc: 'Filter expression; absent: all.' }),
  order: boolean({
    default: false,
    doc: 'Whether a queue gives out nothing more until all it gave out is acknowledged.',
  }),
  attemptId: string({
    optional: true,
    doc: 'Names an attempt of an ordered pop: repeating it may give the same messages again.',
  }),
};

/** Names messages that were popped. */
export const handleFields = {
  extraInfo: string({
    doc: 'The receipt handle that came with the message: eight words, see `ReceiptHandle`.',
  }),
  queueOffset: int64({ wireName: 'offset', unit: 'messages', doc: 'Queue offset of the message.' }),
  liteTopic: string({ optional: true, doc: 'Lite topic below the topic (5.5).' }),
};

/** What comes with popped messages. Source: rocketmq 5.5.0 `PopMessageResponseHeader`. */
const popAnswerFields = {
  popTimeMs: int64({
    wireName: 'popTime',
    default: 0,
    unit: 'ms',
    doc: 'Wall-clock time of the pop.',
  }),
  invisibleTimeMs: int64({
    wireName: 'invisibleTime',
    default: 0,
    unit: 'ms',
    doc: 'How long the messages are not given to anybody else.',
  }),
  reviveQueueId: int32({
    wireName: 'reviveQid',
    default: 0,
    doc: 'Queue of the revive log that remembers this pop; 999 for ordered pops.',
  }),
  restCount: int64({
    wireName: 'restNum',
    default: 0,
    unit: 'messages',
    doc: 'Messages left behind in the queues that were looked at.',
  }),
  startOffsetInfo: string({
    optional: true,
    doc: '`R queueId startOffset`, separated by `;`; R: 0 topic, 1 and 2 its pop retry topic.',
  }),
  msgOffsetInfo: string({
    optional: true,
    doc: '`R queueId offset,offset…` of the messages, separated by `;`.',
  }),
  orderCountInfo: string({
    optional: true,
    doc: 'Ordered pops: how often messages were given out before.',
  }),
};

/** What pops and peeks name. */
export const popRequestFields = {
  ...routingFields,
  ...anyQueueTarget,
  maxMsgNums: int32({ default: 0, unit: 'messages', doc: 'Most messages wanted, at most 32.' }),
};

/** The answer to pops and peeks. */
export const poppedMessages = {
  header: popAnswerFields,
  body: rawBody('stored records one behind the other, see decodeRecords'),
};
