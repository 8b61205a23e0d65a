import type { PopCheckpointRecord } from '@rocketmq-ts/protocol';
import { RingLink } from '../pull/linked-ring.js';
import type { Timed } from '../pull/deadline-wheel.js';
import type { PopQueue } from './pop-queue.js';

/**
 * `buffered`: only memory knows of it. `storing`: on its way into the revive log. `stored`: the revive log knows of it.
 * `reviving`: its time is up, its messages are being stored again. `done`: every message was acknowledged or stored again.
 */
export type CheckpointState = 'buffered' | 'storing' | 'stored' | 'reviving' | 'done';

/** Most messages of one checkpoint: their acknowledgements are the bits of one integer. */
export const CHECKPOINT_COUNT_MAX = 32;

/** What is said of a pop when it happens. */
export interface CheckpointFacts {
  /** Where reading began: names the checkpoint, even where the filter passed over that message. */
  readonly startOffset: number;
  /** Where the next pop of the queue begins. */
  readonly nextOffset: number;
  /** Wall-clock ms. */
  readonly popTimeMs: number;
  readonly invisibleTimeMs: number;
  readonly reviveQueueId: number;
  /** In ascending order, 1 to 32. */
  readonly queueOffsets: readonly number[];
}

/** What one pop took out of one queue. Lives in memory until it is done or stored. */
export class Checkpoint implements Timed {
  readonly deadlineLink = new RingLink<this>(this);
  state: CheckpointState = 'buffered';
  /** Bit per message: acknowledged, or stored again. */
  settledBits = 0;
  /** The offset may pass it only when the log is flushed up to here (commit-log offset). */
  durableAt = 0;
  readonly startOffset: number;
  readonly nextOffset: number;
  readonly popTimeMs: number;
  readonly invisibleTimeMs: number;
  readonly reviveQueueId: number;
  readonly count: number;
  /** Distances from `startOffset`; undefined where the messages follow it without gaps. */
  private readonly distances: readonly number[] | undefined;

  constructor(
    readonly queue: PopQueue,
    facts: CheckpointFacts,
  ) {
    const { startOffset, queueOffsets } = facts;
    this.startOffset = startOffset;
    this.nextOffset = facts.nextOffset;
    this.popTimeMs = facts.popTimeMs;
    this.invisibleTimeMs = facts.invisibleTimeMs;
    this.reviveQueueId = facts.reviveQueueId;
    this.count = queueOffsets.length;
    const gapless = queueOffsets[this.count - 1] === startOffset + this.count - 1;
    this.distances = gapless ? undefined : queueOffsets.map((offset) => offset - startOffset);
  }

  /** Wall-clock ms at which its messages become visible again. */
  get reviveAtMs(): number {
    return this.popTimeMs + this.invisibleTimeMs;
  }

  get allSettled(): boolean {
    return this.settledBits === allBits(this.count);
  }

  /** Notes that a message is settled. @returns false where it is not part of this or was settled before */
  settle(queueOffset: number): boolean {
    const distance = queueOffset - this.startOffset;
    const index = this.distances ? this.distances.indexOf(distance) : distance;
    if (index < 0 || index >= this.count) return false;
    const bit = 1 << index;
    if ((this.settledBits & bit) !== 0) return false;
    this.settledBits |= bit;
    return true;
  }

  /** Queue offsets whose bit in `bits` is set. */
  offsetsOf(bits: number): number[] {
    const offsets: number[] = [];
    for (let i = 0; i < this.count; i++) {
      if ((bits & (1 << i)) !== 0) offsets.push(this.startOffset + (this.distances?.[i] ?? i));
    }
    return offsets;
  }

  /** Queue offsets that are not settled. */
  get openOffsets(): number[] {
    return this.offsetsOf(~this.settledBits);
  }

  /** As it stands in the revive log. */
  record(brokerName: string): PopCheckpointRecord {
    return {
      so: this.startOffset,
      pt: this.popTimeMs,
      it: this.invisibleTimeMs,
      bm: this.settledBits,
      n: this.count,
      q: this.queue.queueId,
      t: this.queue.topic,
      c: this.queue.group,
      ro: 0,
      d: this.distances ? [...this.distances] : Array.from({ length: this.count }, (_, i) => i),
      bn: brokerName,
      sp: false,
    };
  }
}

/** The bits of `count` messages. */
export const allBits = (count: number): number => (count >= 32 ? -1 : ((1 << count) - 1) | 0);
