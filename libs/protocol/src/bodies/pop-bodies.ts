import { MalformedBodyError, excerpt } from '../protocol-errors.js';
import {
  defaulted,
  int32,
  int64,
  list,
  mapOf,
  object,
  optional,
  ordinalWord,
  text,
} from '../json/json-type.js';
import type { JsonOf, JsonType } from '../json/json-type.js';
import { MessageQueue } from './message-queue.js';

/** Bytes of a bit set that are read at most: 32 messages would do. */
const BIT_SET_BYTES_MAX = 1024;

/**
 * A Java `BitSet` as the positions of its bits in ascending order; on the wire the bytes of the set in base 64.
 * Source: rocketmq 5.5.0 `BitSetSerializerDeserializer`.
 */
export const bitSet: JsonType<readonly number[]> = {
  read(value, path) {
    if (value === undefined || value === null) return [];
    if (typeof value !== 'string') throw new MalformedBodyError(path, 'is no text in base 64');
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value)) {
      throw new MalformedBodyError(path, `is no text in base 64: ${excerpt(value)}`);
    }
    const bytes = Buffer.from(value, 'base64');
    if (bytes.length > BIT_SET_BYTES_MAX) {
      throw new MalformedBodyError(path, `has more than ${BIT_SET_BYTES_MAX} bytes`);
    }
    const bits: number[] = [];
    for (let i = 0; i < bytes.length * 8; i++) {
      if ((bytes[i >> 3]! & (1 << (i & 7))) !== 0) bits.push(i);
    }
    return bits;
  },
  write(bits) {
    const bytes = Buffer.alloc(bits.length === 0 ? 0 : (bits[bits.length - 1]! >> 3) + 1);
    for (const bit of bits) bytes[bit >> 3]! |= 1 << (bit & 7);
    return JSON.stringify(bytes.toString('base64'));
  },
};

/** Acknowledges messages of one checkpoint. Source: rocketmq 5.5.0 `BatchAck`. */
export const BatchAck = object({
  /** Distances of the acknowledged messages from `so`. */
  b: bitSet,
  c: text,
  /** Invisible time in ms. */
  it: int64,
  /** Wall-clock ms of the pop. */
  pt: int64,
  q: int32,
  /** 0 topic itself, 1 and 2 its pop retry topic of that form. */
  r: text,
  /** Queue of the revive log; 999 for ordered pops. */
  rq: int32,
  so: int64,
  t: text,
});
export type BatchAck = JsonOf<typeof BatchAck>;

/** Source: rocketmq 5.5.0 `BatchAckMessageRequestBody`. */
export const BatchAckBody = object({
  acks: defaulted(list(BatchAck), () => []),
  brokerName: optional(text),
});
export type BatchAckBody = JsonOf<typeof BatchAckBody>;

/** How a group gets the messages of a topic. Source: rocketmq 5.5.0 `MessageRequestMode`. */
export const MessageRequestMode = ordinalWord('PULL', 'POP');
export type MessageRequestMode = JsonOf<typeof MessageRequestMode>;

/** Source: rocketmq 5.5.0 `SetMessageRequestModeRequestBody`. */
export const SetMessageRequestModeBody = object({
  consumerGroup: text,
  mode: defaulted(MessageRequestMode, () => 'PULL' as const),
  /** Clients with which one shares its queues; 0 or less: all clients pop from all queues. */
  popShareQueueNum: defaulted(int32, () => 0),
  topic: text,
});
export type SetMessageRequestModeBody = JsonOf<typeof SetMessageRequestModeBody>;

const noModes = (): Map<string, Map<string, SetMessageRequestModeBody>> => new Map();

/**
 * Topic → group → mode; also the content of `messageRequestMode.json`.
 * Source: rocketmq 5.5.0 `MessageRequestModeSerializeWrapper`, `MessageRequestModeManager`.
 */
export const MessageRequestModeWrapper = object({
  messageRequestModeMap: defaulted(mapOf(mapOf(SetMessageRequestModeBody)), noModes),
});
export type MessageRequestModeWrapper = JsonOf<typeof MessageRequestModeWrapper>;

/** Source: rocketmq 5.5.0 `QueryAssignmentRequestBody`. */
export const QueryAssignmentBody = object({
  clientId: text,
  consumerGroup: text,
  messageModel: defaulted(ordinalWord('BROADCASTING', 'CLUSTERING'), () => 'CLUSTERING' as const),
  strategyName: optional(text),
  topic: text,
});
export type QueryAssignmentBody = JsonOf<typeof QueryAssignmentBody>;

/** A queue a client shall consume; queue id −1 stands for all queues of that broker. */
export const MessageQueueAssignment = object({
  attachments: optional(mapOf(text)),
  messageQueue: MessageQueue,
  mode: MessageRequestMode,
});
export type MessageQueueAssignment = JsonOf<typeof MessageQueueAssignment>;

/** Absent list: the client keeps what it has. Source: rocketmq 5.5.0 `QueryAssignmentResponseBody`. */
export const QueryAssignmentAnswer = object({
  messageQueueAssignments: optional(list(MessageQueueAssignment)),
});
export type QueryAssignmentAnswer = JsonOf<typeof QueryAssignmentAnswer>;
