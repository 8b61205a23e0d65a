import type { PopAckRecord, PopCheckpointRecord } from '@rocketmq-ts/protocol';
import type { Timed } from '../pull/deadline-wheel.js';
import { RingLink } from '../pull/linked-ring.js';
import { CHECKPOINT_COUNT_MAX, allBits } from './checkpoint.js';
import { indexInCheckpoint, mergeKeyOf, offsetInCheckpoint } from './revive-record.js';

/** A checkpoint of the revive log whose messages are not all settled. */
export class LoggedCheckpoint implements Timed {
  readonly deadlineLink = new RingLink<this>(this);
  state: 'waiting' | 'reviving' | 'resolved' = 'waiting';
  /** Bit per message: acknowledged, or stored again. */
  settledBits: number;
  /** The progress may pass it only when the store's log is flushed up to here. */
  durableAt = 0;
  /** Attempts to store its messages again that failed. */
  failureCount = 0;

  constructor(
    readonly record: PopCheckpointRecord,
    /** Its place in the queue of the revive log. */
    readonly logOffset: number,
    readonly key: string,
  ) {
    this.settledBits = record.bm;
  }

  get reviveAtMs(): number {
    return this.record.pt + this.record.it;
  }

  get allSettled(): boolean {
    const all = allBits(this.record.n);
    return (this.settledBits & all) === all;
  }

  settle(queueOffset: number): void {
    const index = indexInCheckpoint(this.record, queueOffset);
    if (index >= 0 && index < this.record.n) this.settledBits |= 1 << index;
  }

  get openOffsets(): number[] {
    const offsets: number[] = [];
    for (let i = 0; i < this.record.n; i++) {
      if ((this.settledBits & (1 << i)) === 0) offsets.push(offsetInCheckpoint(this.record, i));
    }
    return offsets;
  }
}

/** Whether a record can be worked with: one of another kind is passed over, as Apache does. */
export const isUsable = (record: PopCheckpointRecord): boolean =>
  record.n >= 0 &&
  record.n <= CHECKPOINT_COUNT_MAX &&
  (record.d === undefined || record.d.length === 0 || record.d.length >= record.n);

const isSame = (a: PopCheckpointRecord, b: PopCheckpointRecord): boolean =>
  a.n === b.n && a.it === b.it && (a.d ?? []).join() === (b.d ?? []).join();

/**
 * Puts the records of one queue of the revive log together.
 *
 * Invariants:
 *  I1  a checkpoint that was read stands here until all its messages are settled;
 *  I2  the progress never passes one that stands here, nor one that a power loss could bring back (`durableAt`);
 *  I3  reading everything behind the progress again gives the same table, whatever was settled since.
 *
 * Source: rocketmq 5.5.0 `PopReviveService#consumeReviveMessage`, `#mergeAndRevive`.
 */
export class ReviveTable {
  private order: LoggedCheckpoint[] = [];
  private head = 0;
  private readonly byKey = new Map<string, LoggedCheckpoint>();
  private lastRead: number;

  /**
   * @param progress place of the last record that is over and done with; −1: none
   * @param brokerName what records mean that name no broker
   */
  constructor(
    private progress: number,
    private readonly brokerName: string,
  ) {
    this.lastRead = progress;
  }

  /** Checkpoints that stand here. */
  get size(): number {
    return this.byKey.size;
  }

  /** Due time of the oldest one that stands here. */
  get oldestReviveAtMs(): number | undefined {
    return this.order[this.head]?.reviveAtMs;
  }

  /** A checkpoint was read. @returns undefined where it is over already, or known */
  addCheckpoint(record: PopCheckpointRecord, logOffset: number): LoggedCheckpoint | undefined {
    this.noteRead(logOffset);
    if (!isUsable(record)) return undefined;
    let key = mergeKeyOf(record, this.brokerName);
    const known = this.byKey.get(key);
    if (known && isSame(known.record, record)) {
      // Written twice: the first writing was thought to have failed.
      known.settledBits |= record.bm;
      return undefined;
    }
    // Another one of the same name: no acknowledgement can be told to be its own, so its messages come again.
    if (known) key = `${key}@${logOffset}`;
    const checkpoint = new LoggedCheckpoint(record, logOffset, key);
    this.order.push(checkpoint);
    if (checkpoint.allSettled) {
      checkpoint.state = 'resolved';
      return undefined;
    }
    this.byKey.set(key, checkpoint);
    return checkpoint;
  }

  /** An acknowledgement was read. @returns the checkpoint where this was what it waited for */
  addAck(
    ack: PopAckRecord,
    queueOffsets: readonly number[],
    logOffset: number,
  ): LoggedCheckpoint | undefined {
    this.noteRead(logOffset);
    const checkpoint = this.byKey.get(mergeKeyOf(ack, this.brokerName));
    if (checkpoint?.state !== 'waiting') return undefined;
    for (const queueOffset of queueOffsets) checkpoint.settle(queueOffset);
    return checkpoint.allSettled ? checkpoint : undefined;
  }

  /** A record of no use was read, or a place where there is none any more. */
  noteRead(logOffset: number): void {
    this.lastRead = Math.max(this.lastRead, logOffset);
  }

  /** All messages of a checkpoint are settled. */
  resolve(checkpoint: LoggedCheckpoint): void {
    checkpoint.state = 'resolved';
    this.byKey.delete(checkpoint.key);
  }

  /** Place of the last record that is over and done with. @param flushedOffset the store's log is durable up to here */
  advance(flushedOffset: number): number {
    while (this.head < this.order.length) {
      const first = this.order[this.head]!;
      if (first.state !== 'resolved' || first.durableAt > flushedOffset) break;
      this.progress = Math.max(this.progress, first.logOffset);
      this.head++;
    }
    if (this.head === this.order.length) {
      this.order = [];
      this.head = 0;
      this.progress = Math.max(this.progress, this.lastRead);
    } else if (this.head > 1024 && this.head * 2 > this.order.length) {
      this.order = this.order.slice(this.head);
      this.head = 0;
    }
    return this.progress;
  }
}
