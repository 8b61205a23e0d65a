import {
  AckMessage,
  BatchAckMessage,
  type BatchAck,
  ChangeMessageInvisibletime,
  decodeRecords,
  type ExtFields,
  type MessageRecord,
  PopMessage,
  type RemotingFrame,
  type Sent,
} from '@rocketmq-ts/protocol';
import type { RemotingConnection } from '@rocketmq-ts/remoting';
import { BROKER, type SimulatedBroker } from './simulated-broker.js';

/** What a test asks of a pop; the rest is that of an ordinary consumer. */
export interface PopOptions {
  readonly topic?: string;
  readonly group?: string;
  readonly queueId?: number;
  readonly maxMsgNums?: number;
  readonly invisibleMs?: number;
  readonly pollMs?: number;
  readonly header?: Partial<Sent<typeof PopMessage.request>['header']>;
  readonly over?: string | RemotingConnection;
}

/** A message with the handle that a client would make of the answer. */
export interface PoppedMessage extends MessageRecord {
  readonly body: string;
  readonly handle: string;
  /** The topic that acknowledgements must name. */
  readonly realTopic: string;
}

export interface PopAnswer {
  readonly code: number;
  readonly remark: string | undefined;
  readonly ext: ExtFields;
  readonly messages: readonly PoppedMessage[];
}

const CALL = { timeoutMs: 120_000 };

export const popRequest = (
  broker: SimulatedBroker,
  options: PopOptions = {},
): Sent<typeof PopMessage.request> => ({
  header: {
    topic: options.topic ?? 'orders',
    consumerGroup: options.group ?? 'poppers',
    queueId: options.queueId ?? -1,
    maxMsgNums: options.maxMsgNums ?? 32,
    invisibleTimeMs: options.invisibleMs ?? 60_000,
    pollTimeMs: options.pollMs ?? 0,
    bornTimeMs: broker.world.clock.nowMs(),
    initMode: 0,
    ...options.header,
  },
  body: null,
});

/** A pop that is not waited for: time may have to pass first. */
export async function startPop(
  broker: SimulatedBroker,
  options: PopOptions = {},
): Promise<PopAnswer> {
  const message = popRequest(broker, options);
  const over = options.over ?? BROKER;
  const frame = await broker.client.exchange(over, PopMessage, message, CALL);
  const ext = frame.ext();
  const { topic = 'orders', group = 'poppers' } = options;
  return {
    code: frame.code,
    remark: frame.remark,
    ext,
    messages: frame.code === 0 ? withHandles(decodeRecords(frame.body), ext, topic, group) : [],
  };
}

export const pop = (broker: SimulatedBroker, options: PopOptions = {}): Promise<PopAnswer> =>
  broker.settled(startPop(broker, options));

/** Source: rocketmq 5.5.0 `MQClientAPIImpl#processPopResponse`. */
function withHandles(
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

const namedBy = (message: PoppedMessage, group = 'poppers') => ({
  consumerGroup: group,
  topic: message.realTopic,
  queueId: message.queueId,
  queueOffset: message.queueOffset,
  extraInfo: message.handle,
});

export const ack = (
  broker: SimulatedBroker,
  message: PoppedMessage,
  group?: string,
): Promise<RemotingFrame> =>
  broker.ask(AckMessage, { header: namedBy(message, group), body: null });

/** Acknowledges messages of one answer together. */
export function ackAll(
  broker: SimulatedBroker,
  messages: readonly PoppedMessage[],
  topic = 'orders',
  group = 'poppers',
): Promise<RemotingFrame> {
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
  const body = { brokerName: 'broker-a', acks: [...acks.values()].map(({ ack }) => ack) };
  return broker.ask(BatchAckMessage, { header: {}, body });
}

/** Gives a message a new invisible time. @returns the new handle */
export async function postpone(
  broker: SimulatedBroker,
  message: PoppedMessage,
  invisibleMs: number,
  more: { readonly suspend?: boolean; readonly group?: string } = {},
): Promise<PoppedMessage> {
  const { header } = await broker.call(ChangeMessageInvisibletime, {
    header: {
      ...namedBy(message, more.group),
      invisibleTimeMs: invisibleMs,
      suspend: more.suspend ?? false,
    },
    body: null,
  });
  const words = message.handle.split(' ');
  const { popTimeMs, invisibleTimeMs, reviveQueueId } = header;
  const rest = words.slice(4).join(' ');
  const handle = `${message.queueOffset} ${popTimeMs} ${invisibleTimeMs} ${reviveQueueId} ${rest}`;
  return { ...message, properties: message.properties, handle };
}

export const bodiesOf = ({ messages }: PopAnswer): string[] =>
  messages.map(({ body }) => body).sort();
