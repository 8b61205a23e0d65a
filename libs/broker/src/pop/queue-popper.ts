import type { Clock } from '@rocketmq-ts/kernel';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { ReadResult, StoreQueue } from '@rocketmq-ts/storage';
import type { FlowControl } from '../flow-control/flow-control.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import type { MessageSource } from '../store-access.js';
import { Checkpoint } from './checkpoint.js';
import type { CheckpointBuffer } from './checkpoint-buffer.js';
import type { OrderTable } from './order-table.js';
import { readFilter } from './pending-pop.js';
import type { PendingPop } from './pending-pop.js';
import type { PopOffsets } from './pop-offsets.js';
import type { PopStep } from './pop-plan.js';
import type { PopQueue } from './pop-queue.js';
import type { PopTable } from './pop-table.js';
import { queueOffsetsIn, underOriginalTopic } from './popped-records.js';
import { formatReceiptHandle } from './receipt-handle.js';

/** Read anew at each use. */
export interface QueuePopSettings {
  readonly maxBytes: number;
  readonly checkpointsPerQueueMax: number;
  /** Messages under way of one queue and group; undefined: no limit. */
  readonly inFlightCountMax: number | undefined;
}

/** What popping works with. */
export interface QueuePopperParts {
  readonly clock: Clock;
  readonly store: MessageSource;
  readonly table: PopTable;
  readonly buffer: CheckpointBuffer;
  readonly orders: OrderTable;
  readonly offsets: PopOffsets;
  readonly stats: BrokerStats;
  readonly flow: FlowControl<ServerConnection>;
  readonly brokerName: string;
  readonly settings: QueuePopSettings;
  /** A queue that somebody left out since it was busy is free again. */
  readonly onFree: (queue: PopQueue) => void;
}

/** A queue that is being read for a pop. */
interface Reading {
  readonly pop: PendingPop;
  readonly step: PopStep;
  readonly queue: PopQueue;
  readonly stored: StoreQueue;
  readonly done: () => void;
  /** The offset was wrong and has been put right. */
  corrected: boolean;
}

/** What was read for a pop. */
interface Found {
  readonly startOffset: number;
  readonly queueOffsets: readonly number[];
  readonly records: Buffer;
  readonly fromDisk: boolean;
}

/**
 * Takes messages out of one queue for a pop.
 *
 * Invariants:
 *  I1  one pop at a time reads a queue for a group; the others leave it out and are told when it is free;
 *  I2  messages are given out only when a checkpoint, or the table of ordered pops, knows of them.
 *
 * Source: rocketmq 5.5.0 `PopMessageProcessor#popMsgFromQueue`.
 */
export class QueuePopper {
  constructor(private readonly parts: QueuePopperParts) {}

  /**
   * Takes one step of a pop.
   * @param done called when the step is over, if that is not at once
   * @returns whether it was over at once
   */
  take(pop: PendingPop, step: PopStep, done: () => void): boolean {
    const { store, table, clock, offsets } = this.parts;
    const stored = store.findQueue(step.topic, step.queueId);
    if (!stored) return true;
    const queue = table.topic(step.topic, pop.header.consumerGroup).queue(step.queueId);
    queue.lastUsedMs = clock.monotonicMs();
    if (queue.busy) {
      queue.contended = true;
      if (!pop.header.order) pop.restCount += restOf(stored, offsets.next(queue));
      return true;
    }
    offsets.obeyReset(queue);
    if (this.isShut(pop, queue, stored)) return true;
    const offset = offsets.next(queue);
    // Most queues of a topic without backlog: nothing to read.
    if (offset === stored.maxOffset) return true;
    let atOnce = true;
    let over = false;
    queue.busy = true;
    const reading: Reading = {
      pop,
      step,
      queue,
      stored,
      corrected: false,
      done: () => {
        this.free(queue);
        over = true;
        if (!atOnce) done();
      },
    };
    if (offset === undefined) this.begin(reading);
    else this.read(reading, offset);
    atOnce = false;
    return over;
  }

  /** Whether nothing may be taken out of the queue now, or the pop has enough. */
  private isShut(pop: PendingPop, queue: PopQueue, stored: StoreQueue): boolean {
    const { settings, orders, offsets } = this.parts;
    const { order, attemptId, consumerGroup } = pop.header;
    if (order) {
      const attempt = { attemptId, invisibleTimeMs: pop.terms.invisibleTimeMs };
      if (orders.blocks(queue.topic, consumerGroup, queue.queueId, attempt)) return true;
      queue.inFlightCount = 0;
    }
    if (pop.wantedCount <= 0) {
      pop.restCount += restOf(stored, offsets.next(queue));
      return true;
    }
    const { inFlightCountMax, checkpointsPerQueueMax } = settings;
    const full =
      queue.entryCount >= checkpointsPerQueueMax ||
      (inFlightCountMax !== undefined && queue.inFlightCount > inFlightCountMax);
    if (!full) return this.isTooCold(pop, queue, stored);
    queue.contended = true;
    pop.restCount += restOf(stored, offsets.next(queue));
    return true;
  }

  /** Whether the group has read too much from the disk to read this queue now. */
  private isTooCold(pop: PendingPop, queue: PopQueue, stored: StoreQueue): boolean {
    const { flow, offsets } = this.parts;
    const putOff = flow.putOffColdRead(queue.group, queue.topic, queue.queueId);
    if (!putOff) return false;
    if (putOff.waitMs < (pop.putOff?.waitMs ?? Infinity)) pop.putOff = putOff;
    pop.restCount += restOf(stored, offsets.next(queue));
    return true;
  }

  private begin(reading: Reading): void {
    const { pop, queue, stored } = reading;
    const first = this.parts.offsets.first(queue, stored, pop.header.initMode);
    if (typeof first === 'number') {
      this.beginAt(reading, first);
      return;
    }
    first.then(
      (offset) => this.beginAt(reading, offset),
      () => reading.done(),
    );
  }

  private beginAt(reading: Reading, offset: number): void {
    this.parts.offsets.commit(reading.queue, offset);
    this.read(reading, offset);
  }

  private read(reading: Reading, queueOffset: number): void {
    const { pop, stored } = reading;
    this.parts.store.read(
      {
        queue: stored,
        queueOffset,
        maxCount: pop.wantedCount,
        maxBytes: this.parts.settings.maxBytes,
        ...readFilter(pop.terms.filter),
      },
      (result) => this.onRead(reading, queueOffset, result),
    );
  }

  private onRead(reading: Reading, queueOffset: number, result: ReadResult): void {
    const { pop, queue, done } = reading;
    const next = result.nextQueueOffset;
    switch (result.status) {
      case 'FOUND':
        this.onFound(reading, queueOffset, result);
        return;
      case 'OFFSET_TOO_SMALL':
      case 'OFFSET_OVERFLOW_BADLY':
      case 'OFFSET_FOUND_NULL':
        result.release();
        if (reading.corrected || next === queueOffset) break;
        reading.corrected = true;
        // Messages that are gone can be waited for no more; beyond the end there never were any.
        if (next < queueOffset) this.parts.buffer.forget(queue);
        if (queue.latestOffset === undefined) this.parts.offsets.commit(queue, next);
        else this.parts.buffer.skip(queue, next);
        this.read(reading, next);
        return;
      case 'NO_MATCHED_MESSAGE':
      case 'MESSAGE_WAS_REMOVING':
        result.release();
        if (next > queueOffset) this.pass(pop, queue, next);
        pop.restCount += Math.max(result.maxQueueOffset - next, 0);
        break;
      default:
        result.release();
    }
    done();
  }

  /** The filter has passed over messages: the next pop need not look at them. */
  private pass(pop: PendingPop, queue: PopQueue, next: number): void {
    if (pop.header.order) this.parts.offsets.commit(queue, next);
    else this.parts.buffer.skip(queue, next);
  }

  private onFound(reading: Reading, startOffset: number, result: ReadResult): void {
    const { pop, queue, done } = reading;
    const records = Buffer.allocUnsafe(result.totalBytes);
    result.copyTo(records, 0);
    const { nextQueueOffset, maxQueueOffset } = result;
    result.release();
    // Nobody is there to be given anything.
    if (pop.connection.closed) {
      done();
      return;
    }
    const queueOffsets = queueOffsetsIn(records);
    const found: Found = { startOffset, queueOffsets, records, fromDisk: result.fromDisk };
    pop.restCount += Math.max(maxQueueOffset - nextQueueOffset, 0);
    if (pop.header.order) {
      this.noteOrder(reading, found);
      this.give(reading, found);
      done();
      return;
    }
    const checkpoint = new Checkpoint(queue, {
      startOffset,
      nextOffset: nextQueueOffset,
      popTimeMs: pop.popTimeMs,
      invisibleTimeMs: pop.terms.invisibleTimeMs,
      reviveQueueId: pop.reviveQueueId,
      queueOffsets,
    });
    this.parts.buffer.take(checkpoint, (kept) => {
      if (kept) this.give(reading, found);
      done();
    });
  }

  private noteOrder({ pop, queue }: Reading, { startOffset, queueOffsets }: Found): void {
    const { topic, group, queueId } = queue;
    const info = this.parts.orders.popped(topic, group, queueId, {
      attemptId: pop.header.attemptId,
      popTimeMs: pop.popTimeMs,
      invisibleTimeMs: pop.terms.invisibleTimeMs,
      queueOffsets,
    });
    pop.info.addOrderCounts(topic, queueId, info.counts, info.leastCount);
    this.parts.offsets.commit(queue, startOffset);
    queue.inFlightCount += queueOffsets.length;
  }

  private give({ pop, step, queue }: Reading, found: Found): void {
    const { stats, flow, clock, offsets } = this.parts;
    const { startOffset, queueOffsets, records, fromDisk } = found;
    const { group, topic, queueId } = queue;
    pop.info.add(topic, queueId, startOffset, queueOffsets);
    offsets.noteGiven(queue, queueOffsets[queueOffsets.length - 1]! + 1);
    const given = step.retry ? this.underOriginalTopic(pop, queue, found) : records;
    pop.give(given, queueOffsets.length);
    const messageCount = queueOffsets.length;
    const bytes = records.length;
    flow.notePull(pop.connection, { group, topic, queueId }, { messageCount, bytes, fromDisk });
    const latencyMs = Math.max(clock.nowMs() - pop.popTimeMs, 0);
    stats.countGet({ group, topic, queueId, messageCount, bytes, fromDisk, latencyMs });
  }

  private underOriginalTopic(pop: PendingPop, queue: PopQueue, found: Found): Buffer {
    const { brokerName } = this.parts;
    const { popTimeMs, reviveQueueId, terms } = pop;
    return underOriginalTopic(found.records, pop.header.topic, (queueId, queueOffset) =>
      formatReceiptHandle({
        startOffset: found.startOffset,
        popTimeMs,
        invisibleTimeMs: terms.invisibleTimeMs,
        reviveQueueId,
        topic: queue.topic,
        brokerName,
        queueId,
        queueOffset,
      }),
    );
  }

  private free(queue: PopQueue): void {
    queue.busy = false;
    if (!queue.contended) return;
    queue.contended = false;
    this.parts.onFree(queue);
  }
}

const restOf = (stored: StoreQueue, offset: number | undefined): number =>
  Math.max(stored.maxOffset - (offset ?? stored.minOffset), 0);
