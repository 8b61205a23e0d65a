import type { StoreQueue } from '@rocketmq-ts/storage';
import type { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import type { FirstOffsets } from '../offset/first-offsets.js';
import { isRetryTopic } from '../topic/topic-name.js';
import type { CheckpointBuffer } from './checkpoint-buffer.js';
import type { OrderTable } from './order-table.js';
import type { PopQueue } from './pop-queue.js';
import type { PopTable } from './pop-table.js';

/** Where a new group begins. Source: rocketmq 5.5.0 `ConsumeInitMode`. */
export const InitMode = { MIN: 0, MAX: 1 } as const;

/** What decides where pops begin. */
export interface PopOffsetParts {
  readonly offsets: ConsumerOffsetTable;
  readonly firsts: Pick<FirstOffsets, 'startsAtZero'>;
  readonly table: PopTable;
  readonly buffer: CheckpointBuffer;
  readonly orders: OrderTable;
  /** Whether a group that wants to begin at the end begins at the start of a young queue. */
  readonly youngFromStart: () => boolean;
}

/**
 * Where the next pop of a queue begins: behind what memory knows to be given out, or at the committed offset.
 * Source: rocketmq 5.5.0 `PopMessageProcessor#getPopOffset`, `#getInitOffset`, `#resetPopOffset`.
 */
export class PopOffsets {
  constructor(private readonly parts: PopOffsetParts) {
    // What was given out before a reset must not move the offset on from the old place.
    parts.offsets.onReset((group, topic, queueId) => {
      const queue = parts.table.find(topic, group)?.find(queueId);
      if (queue) parts.buffer.forget(queue);
      parts.orders.clear(topic, group, queueId);
    });
  }

  /** Undefined where the group has never been here. */
  next(queue: PopQueue): number | undefined {
    const { topic, group, queueId, latestOffset } = queue;
    const committed = this.parts.offsets.query(group, topic, queueId);
    if (latestOffset === undefined) return committed;
    return Math.max(latestOffset, committed ?? 0);
  }

  /** An operator has moved the group: it goes on from there. */
  obeyReset(queue: PopQueue): void {
    const { topic, group, queueId } = queue;
    const { offsets, buffer, orders } = this.parts;
    const queueOffset = offsets.takeReset(group, topic, queueId);
    if (queueOffset === undefined) return;
    buffer.forget(queue);
    orders.clear(topic, group, queueId);
    offsets.commit(group, topic, queueId, queueOffset);
  }

  /** Where a group begins that has never been here; a promise where the store must be asked. */
  first(queue: PopQueue, stored: StoreQueue, initMode: number): number | Promise<number> {
    if (initMode === InitMode.MIN || isRetryTopic(queue.topic)) return stored.minOffset;
    // The last message is given, so that there is something to commit.
    const last = Math.max(stored.maxOffset - 1, 0);
    if (!this.parts.youngFromStart() || stored.minOffset > 0) return last;
    return this.parts.firsts
      .startsAtZero(queue.topic, queue.queueId)
      .then((young) => (young ? 0 : last));
  }

  /** For figures alone: the group was given everything below `queueOffset`. */
  noteGiven({ group, topic, queueId }: PopQueue, queueOffset: number): void {
    this.parts.offsets.notePulled(group, topic, queueId, queueOffset);
  }

  commit(queue: PopQueue, queueOffset: number): void {
    this.parts.offsets.commit(queue.group, queue.topic, queue.queueId, queueOffset);
  }
}
