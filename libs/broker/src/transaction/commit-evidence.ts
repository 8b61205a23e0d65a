import { decodeRecord, MessageSysFlag, PropertyName } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import type { MessageLookup } from '../store-access.js';
import { timerWishOf } from '../timer/timed-message.js';
import { SCHEDULE_TOPIC, TIMER_TOPIC } from '../topic/topic-name.js';
import { realPlaceOf } from './half-message.js';

/** Messages with one unique key that are looked at: retries of a send make a few. */
const LOOKED_AT_COUNT_MAX = 32;
/** A committed message is looked for from so long before its half message was born: clocks differ. */
const MARGIN_MS = 3_600_000;

/**
 * Whether the message of a half message was committed already. Asked where memory cannot know: the process may have died
 * after it had stored the message and before it had noted so, and a producer may have sent one half message twice.
 *
 * The answer comes from the index of keys; with `messageIndexEnable=false` it is always no.
 */
export async function isCommitted(
  store: Pick<MessageLookup, 'query'>,
  half: MessageRecord,
  nowMs: number,
): Promise<boolean> {
  const place = realPlaceOf(half);
  const uniqKey = half.properties.get(PropertyName.UNIQ_KEY);
  if (place === undefined || uniqKey === undefined) return false;
  const topics = [place.topic];
  if (half.properties.has(PropertyName.DELAY)) topics.push(SCHEDULE_TOPIC);
  else if (timerWishOf(half.properties)) topics.push(TIMER_TOPIC);
  const fromMs = Math.min(half.bornTimestampMs, half.storeTimestampMs) - MARGIN_MS;
  for (const topic of topics) {
    const { records } = await store.query(topic, uniqKey, LOOKED_AT_COUNT_MAX, fromMs, nowMs + 1);
    if (records.some(({ bytes }) => isItsMessage(decodeRecord(bytes, 0), half, uniqKey))) {
      return true;
    }
  }
  return false;
}

function isItsMessage(found: MessageRecord, half: MessageRecord, uniqKey: string): boolean {
  const group = PropertyName.PRODUCER_GROUP;
  return (
    (found.sysFlag & MessageSysFlag.TRANSACTION_MASK) === MessageSysFlag.TRANSACTION_COMMIT &&
    found.properties.get(PropertyName.UNIQ_KEY) === uniqKey &&
    found.properties.get(group) === half.properties.get(group)
  );
}
