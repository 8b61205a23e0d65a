// What a client makes of the answers to pops: handles, and what acknowledgements say with them.
import type {
  BatchAck,
  BatchAckMessage,
  ExtFields,
  MessageRecord,
  Sent,
} from '@rocketmq-ts/protocol';

/** A message with the handle that a client would make of the answer. */
export interface PoppedMessage extends MessageRecord {
  readonly body: string;
  readonly handle: string;
  /** The topic that acknowledgements must name. */
  readonly realTopic: string;
}

/**
 * Gives each message of an answer its handle.
 * Source: rocketmq 5.5.0 `MQClientAPIImpl#processPopResponse`.
 */
export function withHandles(
  records: readonly MessageRecord[],
  ext: ExtFields,
  topic: string,
  group: string,
): PoppedMessage[] {
  const starts = new Map(
    (ext.get('startOffsetInfo') ?? '').split(';').map((part) => {
      const [mark, queueId, start] = part.split(' ');
      return [`${mark}@${queueId}`, start];
    }),
  );
  return records.map((record) => {
    const made =
      `${starts.get(`0@${record.queueId}`)} ${ext.get('popTime')} ${ext.get('invisibleTime')} ` +
      `${ext.get('reviveQid')} 0 broker-a ${record.queueId} ${record.queueOffset}`;
    const handle = record.properties.get('POP_CK') ?? made;
    const mark = handle.split(' ')[4];
    const retry = `%RETRY%${group}${mark === '2' ? '+' : '_'}${topic}`;
    return {
      ...record,
      properties: record.properties,
      body: record.bodyBytes.toString('utf8', record.bodyStart, record.bodyEnd),
      handle,
      realTopic: mark === '0' ? topic : retry,
    };
  });
}

/** What requests about one popped message say of it. */
export const namedBy = (message: PoppedMessage, group = 'poppers') => ({
  consumerGroup: group,
  topic: message.realTopic,
  queueId: message.queueId,
  queueOffset: message.queueOffset,
  extraInfo: message.handle,
});

/** The body that acknowledges messages of one answer together. */
export function batchOf(
  messages: readonly PoppedMessage[],
  topic: string,
  group: string,
): Sent<typeof BatchAckMessage.request>['body'] {
  const acks = new Map<string, { ack: BatchAck; bits: number[] }>();
  for (const { handle, queueOffset } of messages) {
    const [so, pt, it, rq, r, , q] = handle.split(' ');
    const key = `${r}@${q}@${so}`;
    let known = acks.get(key);
    if (!known) {
      const bits: number[] = [];
      const ack = {
        b: bits,
        c: group,
        it: Number(it),
        pt: Number(pt),
        q: Number(q),
        r: r!,
        rq: Number(rq),
        so: Number(so),
        t: topic,
      };
      acks.set(key, (known = { ack, bits }));
    }
    known.bits.push(queueOffset - Number(so));
  }
  return { brokerName: 'broker-a', acks: [...acks.values()].map(({ ack }) => ack) };
}

/** A message as it is after its invisible time was changed: the answer makes a new handle. */
export function renewed(
  message: PoppedMessage,
  answer: {
    readonly popTimeMs: number;
    readonly invisibleTimeMs: number;
    readonly reviveQueueId: number;
  },
): PoppedMessage {
  const { popTimeMs, invisibleTimeMs, reviveQueueId } = answer;
  const rest = message.handle.split(' ').slice(4).join(' ');
  const handle = `${message.queueOffset} ${popTimeMs} ${invisibleTimeMs} ${reviveQueueId} ${rest}`;
  return { ...message, properties: message.properties, handle };
}
