import {
  AckMessage,
  BatchAckMessage,
  ChangeMessageInvisibletime,
  decodeRecords,
  type ExtFields,
  PopMessage,
  type RemotingFrame,
  type Sent,
} from '@rocketmq-ts/protocol';
import type { RemotingConnection } from '@rocketmq-ts/remoting';
import { batchOf, namedBy, type PoppedMessage, renewed, withHandles } from './pop-handles.js';
import { BROKER, type SimulatedBroker } from './simulated-broker.js';

export type { PoppedMessage };

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
  const body = batchOf(messages, topic, group);
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
  return renewed(message, header);
}

export const bodiesOf = ({ messages }: PopAnswer): string[] =>
  messages.map(({ body }) => body).sort();
