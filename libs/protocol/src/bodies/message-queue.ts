import { int32, int64, object, objectMapOf, text } from '../json/json-type.js';
import type { JsonOf, JsonType } from '../json/json-type.js';

/** Names one queue of one broker. Source: rocketmq 5.5.0 `MessageQueue`. */
export const MessageQueue = object({ brokerName: text, queueId: int32, topic: text });
export type MessageQueue = JsonOf<typeof MessageQueue>;

/** A table keyed by queues, as pairs: objects make no useful keys of a Map. */
export type MessageQueueTable<T> = (readonly [MessageQueue, T])[];

/** A Java map with `MessageQueue` keys: `{{"brokerName":…,"queueId":…,"topic":…}:value}`. */
export const messageQueueTable = <T>(item: JsonType<T>): JsonType<MessageQueueTable<T>> =>
  objectMapOf(MessageQueue, item);

/** Queue offsets by queue. */
export const MessageQueueOffsets = messageQueueTable(int64);
export type MessageQueueOffsets = MessageQueueTable<number>;
