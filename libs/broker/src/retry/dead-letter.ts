import { decodeRecord, PropertyName } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import type { MessageLookup } from '../store-access.js';

/** Names that Apache reserves for this. Source: rocketmq 5.5.0 `MessageConst#PROPERTY_DLQ_ORIGIN_TOPIC`. */
export const DLQ_ORIGIN_TOPIC = 'DLQ_ORIGIN_TOPIC';
export const DLQ_ORIGIN_MESSAGE_ID = 'DLQ_ORIGIN_MESSAGE_ID';

/** Dead letters with one unique key that are looked at: one for each time that the message was played back. */
const LOOKED_AT_COUNT_MAX = 64;

/**
 * Whether a message is in the dead-letter topic already, by the id of the copy that came back last. A consumer that gets
 * no answer – the broker died behind the store, say – sends the message back again; it must be there once (P12).
 *
 * The answer comes from the index of keys; with `messageIndexEnable=false` it is always no.
 */
export async function isBuried(
  store: Pick<MessageLookup, 'query'>,
  deadTopic: string,
  properties: ReadonlyMap<string, string>,
  record: MessageRecord,
  nowMs: number,
): Promise<boolean> {
  const uniqKey = properties.get(PropertyName.UNIQ_KEY);
  const lastId = properties.get(DLQ_ORIGIN_MESSAGE_ID);
  if (uniqKey === undefined || lastId === undefined) return false;
  const fromMs = record.storeTimestampMs - 1;
  const { records } = await store.query(deadTopic, uniqKey, LOOKED_AT_COUNT_MAX, fromMs, nowMs + 1);
  return records.some(
    ({ bytes }) => decodeRecord(bytes, 0).properties.get(DLQ_ORIGIN_MESSAGE_ID) === lastId,
  );
}
