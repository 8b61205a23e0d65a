import { parsePropertiesBytes } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import { storedPropertiesText } from '../send/broker-message.js';
import { parseJavaLong } from './timer-rules.js';
import type { TimerWish } from './timer-rules.js';

/** What a record of the timer topic says of its way. */
export interface TimedMessage {
  /** Slot that it was sent for. */
  readonly outMs: number;
  readonly realTopic: string;
  readonly realQueueId: number;
  /** Set on a message that calls another one back. */
  readonly deleteKey: string | undefined;
  readonly wish: TimerWish;
}

/** Reads it; undefined where the record does not say when and where it is to be delivered. */
export function timedMessageOf({ properties }: MessageRecord): TimedMessage | undefined {
  const outMs = parseJavaLong(properties.get('TIMER_OUT_MS') ?? '');
  const realTopic = properties.get('REAL_TOPIC');
  const realQueueId = Number(properties.get('REAL_QID'));
  if (outMs === undefined || outMs < 0 || realTopic === undefined || realTopic === '')
    return undefined;
  if (!Number.isInteger(realQueueId) || realQueueId < 0 || realQueueId > 0x7fff_ffff)
    return undefined;
  return {
    outMs,
    realTopic,
    realQueueId,
    deleteKey: properties.get('TIMER_DEL_UNIQKEY'),
    wish: wishOf(properties),
  };
}

/** What a message says of its time of delivery; undefined where it names none, and where it was in the timer before. */
export function timerWishOf(properties: {
  get(name: string): string | undefined;
}): TimerWish | undefined {
  const delaySec = properties.get('TIMER_DELAY_SEC');
  const delayMs = properties.get('TIMER_DELAY_MS');
  const deliverMs = properties.get('TIMER_DELIVER_MS');
  const named = (delaySec ?? delayMs ?? deliverMs) !== undefined;
  return named && properties.get('TIMER_OUT_MS') === undefined
    ? { delaySec, delayMs, deliverMs }
    : undefined;
}

/** Notes on a stored message that it waits for its time. Source: rocketmq 5.5.0 `HookUtils#transformTimerMessage`. */
export function timeMessage(
  properties: Map<string, string>,
  outMs: number,
  target: { readonly topic: string; readonly queueId: number },
): void {
  properties.set('TIMER_OUT_MS', String(outMs));
  properties.set('REAL_TOPIC', target.topic);
  properties.set('REAL_QID', String(target.queueId));
}

/** A message that rolled names its time: its delay would be counted from the roll. */
function wishOf(properties: ReadonlyMap<string, string>): TimerWish {
  const deliverMs = properties.get('TIMER_DELIVER_MS');
  if (properties.has('TIMER_ROLL_TIMES') && deliverMs !== undefined)
    return { delaySec: undefined, delayMs: undefined, deliverMs };
  return {
    delaySec: properties.get('TIMER_DELAY_SEC'),
    delayMs: properties.get('TIMER_DELAY_MS'),
    deliverMs,
  };
}

/** Keys by which a recall may mean this message: 5.5.0 writes the unique key alone, before it was topic + unique key. */
export function recallKeysOf({ properties }: MessageRecord): readonly string[] {
  const uniqKey = properties.get('UNIQ_KEY');
  return uniqKey === undefined ? [] : [uniqKey, `${properties.get('REAL_TOPIC')}+${uniqKey}`];
}

const SEPARATOR = Buffer.from('\u0002');

/**
 * The properties of a message that leaves the timer: as it was stored, and when it went in and came out.
 * Source: rocketmq 5.5.0 `TimerMessageStore#convert`.
 */
export function deliveredProperties(
  record: MessageRecord,
  enqueueTimeMs: number,
  nowMs: number,
): Buffer {
  const { properties, propertiesBytes: bytes, propertiesStart, propertiesEnd } = record;
  if (properties.has('TIMER_ENQUEUE_MS') || properties.has('TIMER_DEQUEUE_MS')) {
    const changed = parsePropertiesBytes(bytes, propertiesStart, propertiesEnd);
    changed.set('TIMER_ENQUEUE_MS', String(enqueueTimeMs));
    changed.set('TIMER_DEQUEUE_MS', String(nowMs));
    return Buffer.from(storedPropertiesText(changed));
  }
  const added = `TIMER_ENQUEUE_MS\u0001${enqueueTimeMs}\u0002TIMER_DEQUEUE_MS\u0001${nowMs}\u0002`;
  const text = bytes.subarray(propertiesStart, propertiesEnd);
  const closed = propertiesEnd === propertiesStart || bytes[propertiesEnd - 1] === SEPARATOR[0];
  return Buffer.concat(closed ? [text, Buffer.from(added)] : [text, SEPARATOR, Buffer.from(added)]);
}

/** The properties of a message that goes into the timer topic once more. @param dueMs when it is to be delivered at last */
export function rolledProperties(
  record: MessageRecord,
  enqueueTimeMs: number,
  nowMs: number,
  dueMs: number,
): Buffer {
  const changed = parsePropertiesBytes(
    record.propertiesBytes,
    record.propertiesStart,
    record.propertiesEnd,
  );
  const rolled = parseJavaLong(changed.get('TIMER_ROLL_TIMES') ?? '0') ?? 0;
  changed.set('TIMER_ENQUEUE_MS', String(enqueueTimeMs));
  changed.set('TIMER_DEQUEUE_MS', String(nowMs));
  changed.set('TIMER_ROLL_TIMES', String(rolled + 1));
  if (!changed.has('TIMER_DELIVER_MS')) changed.set('TIMER_DELIVER_MS', String(dueMs));
  return Buffer.from(storedPropertiesText(changed));
}
