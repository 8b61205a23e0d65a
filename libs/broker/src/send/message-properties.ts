import { MessageSysFlag, ResponseCode } from '@rocketmq-ts/protocol';
import type { DelayLevels } from '../delay/delay-levels.js';
import type { TimerPlacement } from '../timer/timer-placement.js';
import { rememberPlace } from './real-place.js';
import { brokerForbids, illegalMessage } from './send-decision.js';
import type { Refusal } from './send-decision.js';
import { fixedProperty } from './stored-properties.js';
import type { FixedProperty, StoredProperties } from './stored-properties.js';

const UNIQ_KEY = fixedProperty('UNIQ_KEY', '');
const DELAY = fixedProperty('DELAY', '');
const TIMER_OUT_MS = fixedProperty('TIMER_OUT_MS', '');
/** What Apache notes on a message that goes to the dead-letter topic without a delay. */
const NO_DELAY = fixedProperty('DELAY', '-1');
const TRACE_IS_ON = fixedProperty('TRACE_ON', 'true');
const TRACE_IS_OFF = fixedProperty('TRACE_ON', 'false');
const TRUE = Buffer.from('true');

/** What the properties of a message ask the broker to do. Filled anew for each message. */
export class PropertyWishes {
  uniqKey = '';
  keys: string | undefined = undefined;
  tags: string | undefined = undefined;
  tagsCode = 0;
  /** At least 1: the message waits; 0: it does not. */
  delayLevel = 0;
  /** Above 0: the slot of the timer that the message waits in; 0: it does not. */
  timerOutMs = 0;
  waitForStore = true;
  /** The producer decides later whether the message comes: it is stored as a half message. */
  half = false;
}

/** What completes and judges the properties of messages. */
export interface PropertyRules {
  readonly region: FixedProperty;
  readonly cluster: FixedProperty;
  readonly levels: DelayLevels;
  readonly timer: Pick<TimerPlacement, 'place'>;
  readonly nextUniqKey: () => string;
  readonly traceOn: () => boolean;
  readonly advertisedHost: string;
  readonly messageBytesMax: () => number;
  readonly rejectTransactions: () => boolean;
}

/** A message whose properties are looked at. */
export interface PropertyOwner {
  readonly sysFlag: number;
  readonly reconsumeTimes: number;
  /** The message goes to the dead-letter topic. */
  readonly dead: boolean;
  /** Apache's compacted topics keep the last message of each key, so that there must be one. */
  readonly keyRequired: boolean;
}

/**
 * Completes the properties of a message with what a broker adds, and finds out what they ask for.
 * @returns why the message is refused; undefined where it is taken and `wishes` is filled.
 * Source: rocketmq 5.5.0 `AbstractSendMessageProcessor#buildMsgContext`, `SendMessageProcessor#sendMessage`,
 * `HookUtils#checkInnerBatch`, `#handleScheduleMessage`.
 */
export function completeProperties(
  properties: StoredProperties,
  rules: PropertyRules,
  owner: PropertyOwner,
  wishes: PropertyWishes,
): Refusal | undefined {
  properties.put(rules.region);
  properties.put(rules.traceOn() ? TRACE_IS_ON : TRACE_IS_OFF);
  properties.remove('POP_CK');
  if (owner.dead) properties.put(NO_DELAY);
  let uniqKey = properties.text('UNIQ_KEY');
  if (uniqKey === undefined) {
    uniqKey = rules.nextUniqKey();
    properties.putText(UNIQ_KEY, uniqKey);
  }
  wishes.uniqKey = uniqKey;
  wishes.keys = properties.text('KEYS');
  wishes.tags = properties.text('TAGS');
  if (owner.keyRequired && (wishes.keys === undefined || wishes.keys.trim() === '')) {
    return { code: ResponseCode.MESSAGE_ILLEGAL, remark: 'Required message key is missing' };
  }
  properties.put(rules.cluster);
  if (properties.has('INNER_NUM')) return illegalMessage(rules.messageBytesMax());

  const delayLevel = readDelayLevel(properties);
  if (delayLevel === undefined) {
    return { code: ResponseCode.MESSAGE_ILLEGAL, remark: 'property DELAY is no whole number' };
  }
  wishes.delayLevel = Math.max(delayLevel, 0);
  wishes.tagsCode = properties.tagsCode();
  wishes.waitForStore = !properties.has('WAIT') || saysTrue(properties, 'WAIT');
  return (
    transactionRefusal(properties, rules, owner, wishes) ??
    timerRefusal(properties, rules.timer, wishes)
  );
}

/** Notes on a message that waits where it belongs. Source: rocketmq 5.x `HookUtils#transformDelayLevelMessage`. */
export function rememberTarget(
  properties: StoredProperties,
  level: number,
  topic: { readonly nameBytes: Buffer },
  queueId: number,
): void {
  properties.putText(DELAY, String(level));
  rememberPlace(properties, topic, queueId);
}

/** Notes on a message that waits for its time where it belongs. Source: rocketmq 5.5.0 `HookUtils#transformTimerMessage`. */
export function rememberTimer(
  properties: StoredProperties,
  outMs: number,
  topic: { readonly nameBytes: Buffer },
  queueId: number,
): void {
  properties.putText(TIMER_OUT_MS, String(outMs));
  rememberPlace(properties, topic, queueId);
}

function readDelayLevel(properties: StoredProperties): number | undefined {
  const text = properties.text('DELAY');
  if (text === undefined) return 0;
  const level = Number(text);
  return /^[+-]?\d{1,10}$/.test(text) && Math.abs(level) <= 0x7fff_ffff ? level : undefined;
}

/**
 * Finds out whether it is a half message. Source: rocketmq 5.5.0 `SendMessageProcessor#sendMessage`. The bits of the
 * sysFlag alone do not make one: Apache's broker stores such a message where nobody ever finds it.
 */
function transactionRefusal(
  properties: StoredProperties,
  rules: PropertyRules,
  owner: PropertyOwner,
  wishes: PropertyWishes,
): Refusal | undefined {
  const type = owner.sysFlag & MessageSysFlag.TRANSACTION_MASK;
  const marked = properties.has('TRAN_MSG') && saysTrue(properties, 'TRAN_MSG');
  // Clients before 4.6.1 leave the mark on messages that they give back for a retry.
  wishes.half = marked && owner.reconsumeTimes === 0 && !owner.dead;
  if (!wishes.half && type !== MessageSysFlag.TRANSACTION_PREPARED) return undefined;
  return !wishes.half || rules.rejectTransactions()
    ? brokerForbids(rules.advertisedHost, 'sending transaction message')
    : undefined;
}

/** A delay level wins over a time of delivery; a message that is in the timer already stays as it is. */
function timerRefusal(
  properties: StoredProperties,
  timer: Pick<TimerPlacement, 'place'>,
  wishes: PropertyWishes,
): Refusal | undefined {
  wishes.timerOutMs = 0;
  const timed =
    properties.has('TIMER_DELIVER_MS') ||
    properties.has('TIMER_DELAY_SEC') ||
    properties.has('TIMER_DELAY_MS');
  if (!timed) return undefined;
  if (wishes.delayLevel > 0) {
    properties.remove('TIMER_DELIVER_MS');
    properties.remove('TIMER_DELAY_SEC');
    properties.remove('TIMER_DELAY_MS');
    return undefined;
  }
  if (properties.has('TIMER_OUT_MS')) return undefined;
  const wish = {
    delaySec: properties.text('TIMER_DELAY_SEC'),
    delayMs: properties.text('TIMER_DELAY_MS'),
    deliverMs: properties.text('TIMER_DELIVER_MS'),
  };
  // A half message is placed at its commit. What could not be placed then is better refused before anything is stored.
  const placed = timer.place(wish, properties.has('TIMER_DEL_UNIQKEY'));
  if (typeof placed !== 'number') return placed;
  wishes.timerOutMs = placed;
  return undefined;
}

/** As Java's `Boolean.parseBoolean`. */
const saysTrue = (properties: StoredProperties, key: 'WAIT' | 'TRAN_MSG'): boolean =>
  properties.is(key, TRUE) || properties.text(key)?.toLowerCase() === 'true';
