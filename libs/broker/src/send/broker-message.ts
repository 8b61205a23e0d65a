import { parsePropertiesBytes, tagsCodeOf } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import { AppendEntry } from '@rocketmq-ts/storage';
import type { StoreOutcome, StoreQueue } from '@rocketmq-ts/storage';
import type { DelayLevels } from '../delay/delay-levels.js';
import { queueIdOfLevel } from '../delay/delay-levels.js';
import { javaHashMapOrder } from './stored-properties.js';

/** Properties of a stored message, in a form that can be changed. */
export const propertiesOf = (record: MessageRecord): Map<string, string> =>
  parsePropertiesBytes(record.propertiesBytes, record.propertiesStart, record.propertiesEnd);

/** The text under which Apache's broker would store these properties. */
export const storedPropertiesText = (properties: ReadonlyMap<string, string>): string =>
  javaHashMapOrder([...properties.keys()])
    .map((key) => `${key}\u0001${properties.get(key)}\u0002`)
    .join('');

/**
 * A message that the broker itself stores, made from one that is stored already. Off the hot path: `stored` is a promise
 * per message.
 */
export class BrokerMessage extends AppendEntry {
  /** The outcome; never rejects. */
  readonly stored: Promise<StoreOutcome>;
  private settle!: (outcome: StoreOutcome) => void;

  constructor(queue: StoreQueue, origin: MessageRecord, properties: ReadonlyMap<string, string>) {
    super();
    this.stored = new Promise((resolve) => {
      this.settle = resolve;
    });
    this.queue = queue;
    this.topicBytes = Buffer.from(queue.topic);
    this.sysFlag = origin.sysFlag;
    this.flag = origin.flag;
    this.bornTimestampMs = origin.bornTimestampMs;
    this.bornHostBytes = origin.bornHostBytes;
    this.reconsumeTimes = origin.reconsumeTimes;
    this.bodyBytes = origin.bodyBytes;
    this.bodyStart = origin.bodyStart;
    this.bodyEnd = origin.bodyEnd;
    this.propertiesBytes = Buffer.from(storedPropertiesText(properties));
    this.propertiesEnd = this.propertiesBytes.length;
    this.tagsCode = tagsCodeOf(properties.get('TAGS'));
    this.uniqKey = properties.get('UNIQ_KEY');
    this.keys = properties.get('KEYS');
    this.tags = properties.get('TAGS');
    this.multiDispatch = properties.get('INNER_MULTI_DISPATCH');
  }

  override onStored(outcome: StoreOutcome): void {
    this.settle(outcome);
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
