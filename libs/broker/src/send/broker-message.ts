import { parsePropertiesBytes } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import type { StoreQueue } from '@rocketmq-ts/storage';
import type { DelayLevels } from '../delay/delay-levels.js';
import { queueIdOfLevel } from '../delay/delay-levels.js';
import { AwaitedCopy, indexedValuesOf, wholeRange } from '../message-copy.js';
import { javaHashMapOrder } from './stored-properties.js';

/** Properties of a stored message, in a form that can be changed. */
export const propertiesOf = (record: MessageRecord): Map<string, string> =>
  parsePropertiesBytes(record.propertiesBytes, record.propertiesStart, record.propertiesEnd);

/** The text under which Apache's broker would store these properties. */
export const storedPropertiesText = (properties: ReadonlyMap<string, string>): string =>
  javaHashMapOrder([...properties.keys()])
    .map((key) => `${key}\u0001${properties.get(key)}\u0002`)
    .join('');

/** A message that the broker itself stores, made from one that is stored already, with other properties. */
export class BrokerMessage extends AwaitedCopy {
  constructor(queue: StoreQueue, origin: MessageRecord, properties: ReadonlyMap<string, string>) {
    super(queue, origin);
    const propertiesBytes = Buffer.from(storedPropertiesText(properties));
    this.takeProperties(wholeRange(propertiesBytes), indexedValuesOf(properties));
  }
}

/** Where a delayed message waits, and what its queue unit says. */
export interface DelayedPlace {
  readonly queueId: number;
  /** When it is due: stands in the queue unit in place of the hash of the tag. */
  readonly deliverAtMs: number;
}

/**
 * Sends a message the long way round: its properties remember where it belongs, its place is the queue of its delay level.
 * @param level at least 1
 * Source: rocketmq 5.x `HookUtils#transformDelayLevelMessage`.
 */
export function delayMessage(
  properties: Map<string, string>,
  target: { readonly topic: string; readonly queueId: number; readonly level: number },
  levels: DelayLevels,
  nowMs: number,
): DelayedPlace {
  const level = levels.clamp(target.level);
  properties.set('DELAY', String(level));
  properties.set('REAL_TOPIC', target.topic);
  properties.set('REAL_QID', String(target.queueId));
  return { queueId: queueIdOfLevel(level), deliverAtMs: nowMs + levels.delayOf(level) };
}

/** What a message says of its own time of delivery: it belongs to the way that it went before. */
const TIMES_OF_BEFORE = [
  'TIMER_DELAY_SEC',
  'TIMER_DELAY_MS',
  'TIMER_ROLL_TIMES',
  'TIMER_DEL_UNIQKEY',
];

/**
 * Notes on a message that the timer holds back where it belongs and when it is due.
 * @param slotMs what `TimerPlacement` gave for `deliverAtMs`
 * Source: rocketmq 5.5.0 `HookUtils#transformTimerMessage`.
 */
export function timeMessage(
  properties: Map<string, string>,
  target: { readonly topic: string; readonly queueId: number },
  slotMs: number,
  deliverAtMs: number,
): void {
  for (const name of TIMES_OF_BEFORE) properties.delete(name);
  // A level would win over the time.
  properties.delete('DELAY');
  properties.set('TIMER_DELIVER_MS', String(deliverAtMs));
  properties.set('TIMER_OUT_MS', String(slotMs));
  properties.set('REAL_TOPIC', target.topic);
  properties.set('REAL_QID', String(target.queueId));
}
