import { describeError } from '@rocketmq-ts/kernel';
import type { Clock } from '@rocketmq-ts/kernel';
import { AppendEntry } from '@rocketmq-ts/storage';
import type { StoreOutcome, StoreQueue, WriteRefusal } from '@rocketmq-ts/storage';
import type { BrokerIdentity } from '../broker-identity.js';
import { storedPropertiesText } from '../send/broker-message.js';
import type { MessageSink } from '../store-access.js';
import { slotBefore } from '../timer/timer-rules.js';
import { TIMER_TOPIC } from '../topic/topic-name.js';
import type { ReviveText } from './revive-record.js';

/** What became of a record: the place behind it in the log, or why it was not taken. */
export type LogOutcome =
  | { readonly stored: true; readonly endOffset: number }
  | { readonly stored: false; readonly refusal: WriteRefusal };

/** What the log works with. */
export interface ReviveLogParts {
  readonly clock: Clock;
  readonly identity: BrokerIdentity;
  readonly store: MessageSink;
  /** Name of the revive topic. */
  readonly topic: string;
  /** Grain of the timer in which records wait until they are due; undefined: they stand in the revive log at once. */
  readonly timerPrecisionMs: number | undefined;
}

/** Furthest due time that the timer takes. Source: rocketmq 5.x `MessageStoreConfig#timerMaxDelaySec`. */
const TIMER_DELAY_MS_MAX = 3 * 86_400_000;

/**
 * Writes checkpoints and acknowledgements so that Apache's broker could go on with them.
 * Source: rocketmq 5.5.0 `PopMessageProcessor#buildCkMsg`, `AckMessageProcessor#appendAck`, `HookUtils#transformTimerMessage`.
 */
export class ReviveLog {
  /** Records written, by tag. */
  readonly written = new Map<string, number>();

  constructor(private readonly parts: ReviveLogParts) {}

  /** @param done called once, never from inside this call */
  append(text: ReviveText, reviveQueueId: number, done: (outcome: LogOutcome) => void): void {
    const { store, identity, clock, timerPrecisionMs } = this.parts;
    const nowMs = clock.nowMs();
    const dueMs = Math.min(text.deliverAtMs, nowMs + TIMER_DELAY_MS_MAX);
    const properties = new Map([
      ['TAGS', text.tag],
      ['UNIQ_KEY', text.uniqKey],
    ]);
    let queue: StoreQueue;
    if (timerPrecisionMs !== undefined && dueMs > nowMs) {
      properties.set('TIMER_DELIVER_MS', String(text.deliverAtMs));
      properties.set('TIMER_OUT_MS', String(slotBefore(dueMs, timerPrecisionMs)));
      properties.set('REAL_TOPIC', this.parts.topic);
      properties.set('REAL_QID', String(reviveQueueId));
      queue = store.queue(TIMER_TOPIC, 0);
    } else {
      queue = store.queue(this.parts.topic, reviveQueueId);
    }
    const entry = new ReviveEntry(queue, text, properties, done);
    entry.bornTimestampMs = nowMs;
    entry.bornHostBytes = identity.storeHostBytes;
    this.written.set(text.tag, (this.written.get(text.tag) ?? 0) + 1);
    try {
      store.append(entry);
    } catch (error) {
      // The store is closed. The caller is told as of any other refusal.
      const refusal: WriteRefusal = { reason: 'CLOSED', message: describeError(error) };
      clock.afterTick(() => done({ stored: false, refusal }));
    }
  }
}

class ReviveEntry extends AppendEntry {
  constructor(
    queue: StoreQueue,
    text: ReviveText,
    properties: ReadonlyMap<string, string>,
    private readonly done: (outcome: LogOutcome) => void,
  ) {
    super();
    this.queue = queue;
    this.setTopic(Buffer.from(queue.topic));
    this.bodyBytes = Buffer.from(text.body);
    this.bodyEnd = this.bodyBytes.length;
    this.propertiesBytes = Buffer.from(storedPropertiesText(properties));
    this.propertiesEnd = this.propertiesBytes.length;
    this.indexUniqKey(text.uniqKey);
    this.indexTags(text.tag);
    this.tagsCode = this.tagsHash;
  }

  override onStored(outcome: StoreOutcome): void {
    this.done(
      outcome.kind === 'REFUSED'
        ? { stored: false, refusal: outcome.refusal }
        : { stored: true, endOffset: this.commitLogOffset + this.sizeBytes },
    );
  }
}
