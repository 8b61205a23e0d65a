import type { Clock, Logger } from '@rocketmq-ts/kernel';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import type { TimerStore } from '@rocketmq-ts/storage';
import type { MessageSink, MessageSource, RecordSource } from '../store-access.js';
import type { TimerFigures } from './timer-figures.js';

/** Settings of the timer; those that can change while the broker runs are functions. */
export interface TimerSettings {
  /** Slots that the wheel holds ahead; what lies further away rolls. */
  readonly rollWindowSlots: number;
  readonly flushIntervalMs: number;
  readonly stopEnqueue: () => boolean;
  readonly stopDequeue: () => boolean;
}

/** What the parts of the timer work with. */
export interface TimerParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: MessageSink & MessageSource & RecordSource;
  readonly timers: TimerStore;
  readonly figures: TimerFigures;
  readonly settings: TimerSettings;
  /** Names of all topics. */
  readonly topics: () => Iterable<string>;
}

/** A message that the timer cannot deliver: it is in the log, and that is all. */
export function logDropped(logger: Logger, record: MessageRecord, reason: string): void {
  logger.error('a timed message cannot be delivered; it is dropped', {
    reason,
    queueOffset: record.queueOffset,
    commitLogOffset: record.commitLogOffset,
    uniqKey: record.properties.get('UNIQ_KEY'),
    topic: record.properties.get('REAL_TOPIC'),
  });
}
