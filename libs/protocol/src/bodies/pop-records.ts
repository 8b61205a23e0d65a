import { bool, defaulted, int32, int64, list, object, optional, text } from '../json/json-type.js';
import type { JsonOf } from '../json/json-type.js';

/**
 * What one pop took out of one queue, as it stands in the revive log (tag `ck`). Times in wall-clock ms.
 * Source: rocketmq 5.5.0 `PopCheckPoint`.
 */
export const PopCheckpointRecord = object({
  /** Bit per message: acknowledged when this was written. */
  bm: defaulted(int32, () => 0),
  /** Broker whose queue it is about; absent in records of old brokers. */
  bn: optional(text),
  /** Consumer group. */
  c: text,
  /** Distances of the messages from `so`; absent or empty: `n` messages without gaps. */
  d: optional(list(int32)),
  /** How long the messages are invisible. */
  it: int64,
  /** Number of messages, at most 32. */
  n: int32,
  pt: int64,
  q: int32,
  /** Its place in the revive log; only known to who reads it. */
  ro: defaulted(int64, () => 0),
  /** How often this was written again because a message could not be revived. */
  rp: optional(text),
  /** First queue offset. */
  so: int64,
  /** Given back by the consumer, without counting as a failed try. */
  sp: defaulted(bool, () => false),
  t: text,
});
export type PopCheckpointRecord = JsonOf<typeof PopCheckpointRecord>;

/**
 * The acknowledgement of one message (tag `ack`), or of several (tag `bAck`, with `aol`).
 * Source: rocketmq 5.5.0 `AckMsg`, `BatchAckMsg`.
 */
export const PopAckRecord = object({
  /** Queue offset; −1 where `aol` says which. */
  ao: int64,
  aol: optional(list(int64)),
  bn: optional(text),
  c: text,
  pt: int64,
  q: int32,
  so: int64,
  t: text,
});
export type PopAckRecord = JsonOf<typeof PopAckRecord>;
