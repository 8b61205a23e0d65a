import type { Clock } from '@rocketmq-ts/kernel';
import { ResponseCode } from '@rocketmq-ts/protocol';
import type { BatchAck } from '@rocketmq-ts/protocol';
import type { ConsumeRefusal } from '../consume-refusals.js';
import type { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { unavailable } from '../send/send-decision.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import type { MessageSource } from '../store-access.js';
import type { CheckpointBuffer } from './checkpoint-buffer.js';
import type { OrderTable } from './order-table.js';
import type { PopQueue } from './pop-queue.js';
import type { PopTable } from './pop-table.js';
import { ORDER_REVIVE_QUEUE, markedTopic } from './pop-topic-name.js';
import { ackText, checkpointText } from './revive-record.js';
import type { LogOutcome, ReviveLog } from './revive-log.js';

/** Which messages of which checkpoint were consumed. */
export interface AckOf {
  /** The topic they were popped from, which may be a pop retry topic. */
  readonly topic: string;
  readonly group: string;
  readonly queueId: number;
  readonly startOffset: number;
  readonly popTimeMs: number;
  readonly invisibleTimeMs: number;
  readonly reviveQueueId: number;
  readonly brokerName: string;
}

/** What acknowledging works with. */
export interface AckParts {
  readonly clock: Clock;
  readonly store: MessageSource;
  readonly offsets: ConsumerOffsetTable;
  readonly table: PopTable;
  readonly buffer: CheckpointBuffer;
  readonly orders: OrderTable;
  readonly log: ReviveLog;
  readonly stats: BrokerStats;
  readonly brokerName: string;
  readonly reviveQueueCount: number;
  /** An ordered queue may give out messages again. */
  readonly onFree: (queue: Pick<PopQueue, 'topic' | 'group' | 'queueId'>) => void;
}

/** Messages acknowledged, by where that is noted; for metrics. */
export interface AckCounts {
  inMemory: number;
  inLog: number;
  ordered: number;
}

/** Undefined: all is well. */
export type AckOutcome = ConsumeRefusal | undefined;

/**
 * Notes what was consumed: in memory where the checkpoint is there, in the revive log otherwise, and in the table of
 * ordered pops for those.
 * Source: rocketmq 5.5.0 `AckMessageProcessor#appendAck`, `#ackOrderly`, `ChangeInvisibleTimeProcessor`.
 */
export class Acknowledgements {
  readonly counts: AckCounts = { inMemory: 0, inLog: 0, ordered: 0 };

  constructor(private readonly parts: AckParts) {}

  /** @param done called once, at once where nothing need be written */
  acknowledge(
    of: AckOf,
    queueOffsets: readonly number[],
    done: (outcome: AckOutcome) => void,
  ): void {
    if (of.reviveQueueId === ORDER_REVIVE_QUEUE) {
      let outcome: AckOutcome;
      for (const queueOffset of queueOffsets) outcome = this.acknowledgeInOrder(of, queueOffset);
      done(outcome);
      return;
    }
    const refusal = this.reviveQueueDefect(of.reviveQueueId);
    if (refusal || queueOffsets.length === 0) {
      done(refusal);
      return;
    }
    this.parts.stats.countAck(of.group, of.topic, queueOffsets.length);
    const checkpoint = this.openCheckpoint(of);
    if (checkpoint) {
      this.counts.inMemory += queueOffsets.length;
      this.parts.buffer.settle(checkpoint, queueOffsets);
      done(undefined);
      return;
    }
    this.counts.inLog += queueOffsets.length;
    this.log(of, queueOffsets, (outcome) => done(outcome.stored ? undefined : refused(outcome)));
  }

  /** One part of a batch. What it names that is no more, or never was, is passed over as Apache does. */
  acknowledgeBatch(ack: BatchAck, brokerName: string, done: (outcome: AckOutcome) => void): void {
    const topic = markedTopic(ack.t, ack.c, ack.r);
    const queue = topic === undefined ? undefined : this.parts.store.findQueue(topic, ack.q);
    if (topic === undefined || !queue) {
      done(undefined);
      return;
    }
    const queueOffsets = ack.b
      .map((distance) => ack.so + distance)
      .filter((queueOffset) => queueOffset >= queue.minOffset && queueOffset <= queue.maxOffset);
    const of: AckOf = {
      topic,
      group: ack.c,
      queueId: ack.q,
      startOffset: ack.so,
      popTimeMs: ack.pt,
      invisibleTimeMs: ack.it,
      reviveQueueId: ack.rq,
      brokerName,
    };
    this.acknowledge(of, queueOffsets, done);
  }

  /**
   * Gives a message a new invisible time: a checkpoint of its own is written, then the old one is told that it need not
   * bother. In this order, so that a crash in between loses nothing.
   * @param done told the moment from which the new time counts
   */
  postpone(
    of: AckOf,
    queueOffset: number,
    change: { readonly invisibleTimeMs: number; readonly suspended: boolean },
    done: (outcome: { readonly popTimeMs: number } | ConsumeRefusal) => void,
  ): void {
    const refusal = this.reviveQueueDefect(of.reviveQueueId);
    if (refusal) {
      done(refusal);
      return;
    }
    const { clock, log } = this.parts;
    // Never that of the old handle, which would name the same checkpoint.
    const popTimeMs = Math.max(clock.nowMs(), of.popTimeMs + 1);
    const text = checkpointText({
      so: queueOffset,
      pt: popTimeMs,
      it: change.invisibleTimeMs,
      bm: 0,
      n: 1,
      q: of.queueId,
      t: of.topic,
      c: of.group,
      ro: 0,
      d: [0],
      bn: of.brokerName,
      sp: change.suspended,
    });
    log.append(text, of.reviveQueueId, (outcome) => {
      if (!outcome.stored) {
        done(refused(outcome));
        return;
      }
      const checkpoint = this.openCheckpoint(of);
      if (checkpoint) {
        this.parts.buffer.settle(checkpoint, [queueOffset], outcome.endOffset);
        done({ popTimeMs });
      } else {
        // Were this refused the message would come twice; the new handle is good whatever happens.
        this.log(of, [queueOffset], () => done({ popTimeMs }));
      }
    });
  }

  /** @returns the new handle's times. Source: rocketmq 5.5.0 `ChangeInvisibleTimeProcessor#processChangeInvisibleTimeForOrder`. */
  postponeInOrder(
    of: AckOf,
    queueOffset: number,
    invisibleTimeMs: number,
  ): { readonly popTimeMs: number; readonly invisibleTimeMs: number } | undefined {
    const { offsets, orders, clock } = this.parts;
    if (queueOffset < (offsets.query(of.group, of.topic, of.queueId) ?? -1)) return undefined;
    const { popTimeMs } = of;
    const visibleAtMs = clock.nowMs() + invisibleTimeMs;
    orders.setVisibleAt(of.topic, of.group, of.queueId, { queueOffset, popTimeMs, visibleAtMs });
    return { popTimeMs, invisibleTimeMs: visibleAtMs - popTimeMs };
  }

  private acknowledgeInOrder(of: AckOf, queueOffset: number): AckOutcome {
    const { offsets, orders, table, onFree } = this.parts;
    const { topic, group, queueId, popTimeMs } = of;
    const committed = offsets.query(group, topic, queueId) ?? -1;
    if (queueOffset < committed) return undefined;
    const outcome = orders.acknowledge(topic, group, queueId, { queueOffset, popTimeMs });
    if (outcome.kind === 'unknown') {
      return {
        code: ResponseCode.MESSAGE_ILLEGAL,
        remark: `offset is illegal, key:${topic}@${group}@${queueId}, old:${committed}, commit:${queueOffset}, next:-1`,
      };
    }
    if (outcome.kind === 'stale') return undefined;
    this.counts.ordered++;
    this.parts.stats.countAck(group, topic, 1);
    offsets.commit(group, topic, queueId, outcome.queueOffset);
    const queue = table.find(topic, group)?.find(queueId);
    if (queue) queue.inFlightCount = Math.max(queue.inFlightCount - 1, 0);
    const attempt = { attemptId: undefined, invisibleTimeMs: of.invisibleTimeMs };
    if (!orders.blocks(topic, group, queueId, attempt)) onFree({ topic, group, queueId });
    return undefined;
  }

  private openCheckpoint(of: AckOf): ReturnType<PopQueue['find']> {
    if (of.brokerName !== this.parts.brokerName) return undefined;
    const queue = this.parts.table.find(of.topic, of.group)?.find(of.queueId);
    return queue?.find(of.startOffset, of.popTimeMs);
  }

  private log(
    of: AckOf,
    queueOffsets: readonly number[],
    done: (outcome: LogOutcome) => void,
  ): void {
    const record = {
      t: of.topic,
      c: of.group,
      q: of.queueId,
      so: of.startOffset,
      pt: of.popTimeMs,
      bn: of.brokerName,
    };
    const text = ackText(record, queueOffsets, of.popTimeMs + of.invisibleTimeMs);
    const queue = this.parts.table.find(of.topic, of.group)?.find(of.queueId);
    this.parts.log.append(text, of.reviveQueueId, (outcome) => {
      if (outcome.stored && queue) {
        queue.inFlightCount = Math.max(queue.inFlightCount - queueOffsets.length, 0);
      }
      done(outcome);
    });
  }

  /** A handle that names a queue that the revive log does not have was not made here. */
  private reviveQueueDefect(reviveQueueId: number): ConsumeRefusal | undefined {
    if (reviveQueueId < this.parts.reviveQueueCount) return undefined;
    return {
      code: ResponseCode.MESSAGE_ILLEGAL,
      remark: `the handle names queue ${reviveQueueId} of the revive log, which has ${this.parts.reviveQueueCount}`,
    };
  }
}

const refused = (outcome: LogOutcome & { readonly stored: false }): ConsumeRefusal => {
  const { code, remark } = unavailable(outcome.refusal);
  return { code, remark };
};
