import type { Clock } from '@rocketmq-ts/kernel';
import type { ConsumerOrderInfoFile, OrderInfoRecord } from '@rocketmq-ts/protocol';
import { ChangingTable } from '../metadata/changing-table.js';
import { DeadlineWheel } from '../pull/deadline-wheel.js';
import { RingLink } from '../pull/linked-ring.js';
import { OrderInfo } from './order-info.js';
import type { OrderAck } from './order-info.js';

/** Time without a pop after which a queue is forgotten. Source: rocketmq 5.5.0 `QueueLevelConsumerManager`. */
const FORGOTTEN_AFTER_MS = 86_400_000;

/** Whether topic, group and queue are still there. */
export type StillThere = (topic: string, group: string, queueId: number) => boolean;

class OrderedQueue {
  readonly deadlineLink = new RingLink<this>(this);

  constructor(
    readonly topic: string,
    readonly group: string,
    readonly queueId: number,
    public info: OrderInfo,
  ) {}
}

/**
 * What ordered pops have given out.
 *
 * Invariants:
 *  I1  a queue is in the wheel exactly while it blocks and it is known until when.
 *
 * Source: rocketmq 5.5.0 `QueueLevelConsumerManager`, `QueueLevelConsumerOrderInfoLockManager`.
 */
export class OrderTable extends ChangingTable {
  private readonly byKey = new Map<string, Map<number, OrderedQueue>>();
  private readonly wheel: DeadlineWheel<OrderedQueue>;

  /** @param onFree called when a queue may give out messages again since the time of what it gave out is up */
  constructor(
    private readonly clock: Clock,
    onFree: (topic: string, group: string, queueId: number) => void,
  ) {
    super();
    this.wheel = new DeadlineWheel(clock, ({ topic, group, queueId }) =>
      onFree(topic, group, queueId),
    );
  }

  get size(): number {
    return this.byKey.size;
  }

  restore(saved: ConsumerOrderInfoFile | undefined): void {
    for (const [key, queues] of saved?.table ?? []) {
      const [topic, group, ...rest] = key.split('@');
      if (topic === undefined || group === undefined || rest.length > 0) continue;
      for (const [queueId, record] of queues) {
        this.put(topic, group, queueId, OrderInfo.fromRecord(record));
      }
    }
    this.changed = false;
  }

  blocks(
    topic: string,
    group: string,
    queueId: number,
    attempt: { readonly attemptId: string | undefined; readonly invisibleTimeMs: number },
  ): boolean {
    const info = this.find(topic, group, queueId)?.info;
    return info?.blocks(attempt.attemptId, attempt.invisibleTimeMs, this.clock.nowMs()) ?? false;
  }

  /** An ordered pop took messages. @returns what to tell the client of earlier tries */
  popped(
    topic: string,
    group: string,
    queueId: number,
    pop: Omit<Parameters<typeof OrderInfo.popped>[0], never>,
  ): OrderInfo {
    const before = this.find(topic, group, queueId)?.info;
    const info = OrderInfo.popped(pop, before, this.clock.nowMs());
    this.put(topic, group, queueId, info);
    return info;
  }

  /**
   * A message was consumed. Where nothing is known of the queue the message counts as the last that was given out.
   * Source: rocketmq 5.5.0 `QueueLevelConsumerManager#commitAndNext`.
   */
  acknowledge(
    topic: string,
    group: string,
    queueId: number,
    message: { readonly queueOffset: number; readonly popTimeMs: number },
  ): OrderAck {
    const queue = this.find(topic, group, queueId);
    if (!queue) return { kind: 'next', queueOffset: message.queueOffset + 1 };
    const outcome = queue.info.acknowledge(message.queueOffset, message.popTimeMs);
    if (outcome.kind === 'next') this.touch(queue);
    return outcome;
  }

  setVisibleAt(
    topic: string,
    group: string,
    queueId: number,
    message: {
      readonly queueOffset: number;
      readonly popTimeMs: number;
      readonly visibleAtMs: number;
    },
  ): void {
    const queue = this.find(topic, group, queueId);
    const { queueOffset, popTimeMs, visibleAtMs } = message;
    if (queue?.info.setVisibleAt(queueOffset, popTimeMs, visibleAtMs)) this.touch(queue);
  }

  /** The group was moved: what it was given counts no more. */
  clear(topic: string, group: string, queueId: number): void {
    const queues = this.byKey.get(keyOf(topic, group));
    const queue = queues?.get(queueId);
    if (!queue) return;
    this.unschedule(queue);
    queues!.delete(queueId);
    if (queues!.size === 0) this.byKey.delete(keyOf(topic, group));
    this.changed = true;
  }

  /** Forgets what is no more, or was not popped for a day. */
  clean(stillThere: StillThere): void {
    const oldestMs = this.clock.nowMs() - FORGOTTEN_AFTER_MS;
    for (const queues of [...this.byKey.values()]) {
      for (const { topic, group, queueId, info } of [...queues.values()]) {
        if (info.lastConsumedAtMs < oldestMs || !stillThere(topic, group, queueId)) {
          this.clear(topic, group, queueId);
        }
      }
    }
  }

  /** Everything, as Apache's file has it. */
  content(): ConsumerOrderInfoFile {
    const table = new Map<string, Map<number, OrderInfoRecord>>();
    for (const [key, queues] of this.byKey) {
      const records = new Map<number, OrderInfoRecord>();
      for (const [queueId, { info }] of queues) records.set(queueId, info.toRecord());
      table.set(key, records);
    }
    return { table };
  }

  private find(topic: string, group: string, queueId: number): OrderedQueue | undefined {
    return this.byKey.get(keyOf(topic, group))?.get(queueId);
  }

  private put(topic: string, group: string, queueId: number, info: OrderInfo): void {
    const key = keyOf(topic, group);
    let queues = this.byKey.get(key);
    if (!queues) this.byKey.set(key, (queues = new Map<number, OrderedQueue>()));
    let queue = queues.get(queueId);
    if (queue) queue.info = info;
    else queues.set(queueId, (queue = new OrderedQueue(topic, group, queueId, info)));
    this.touch(queue);
  }

  /** What it gave out changed: so may the time at which it blocks no more. */
  private touch(queue: OrderedQueue): void {
    this.changed = true;
    this.unschedule(queue);
    const nowMs = this.clock.nowMs();
    const freeAtMs = queue.info.freeAtMs(nowMs);
    if (freeAtMs !== undefined && freeAtMs > nowMs) this.wheel.add(queue, freeAtMs - nowMs);
  }

  private unschedule(queue: OrderedQueue): void {
    if (!queue.deadlineLink.alone) this.wheel.remove(queue);
  }
}

const keyOf = (topic: string, group: string): string => `${topic}@${group}`;
