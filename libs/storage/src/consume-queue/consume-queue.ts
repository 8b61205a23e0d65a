import { invariant, javaHashCode, viewOf } from '@rocketmq-ts/kernel';
import { isLightQueue } from '../light-queue/light-places.js';
import type { StoreQueue } from '../message-store.types.js';
import { QueueGapError } from '../store-errors.js';
import { unitCommitLogOffset, unitSizeBytes, UNIT_BYTES, writeUnit } from './queue-unit.js';

const TAIL_UNITS_MIN = 16;
/** A buffer larger than this is given back when all of it is written. */
const TAIL_UNITS_KEPT = 64;
const NO_BYTES = Buffer.alloc(0);
const NO_VIEW = viewOf(NO_BYTES);

/** Units that are to be written to one file. */
export interface UnwrittenUnits {
  readonly fromQueueOffset: number;
  readonly toQueueOffset: number;
  readonly bytes: Buffer;
}

/**
 * The index of one (topic, queueId): unit N tells where message N of that queue lies in the commit log. New units
 * gather in memory and are written out in the background; readers see memory and files as one.
 *
 * Invariants — `verify()` of the store checks them all:
 *  I1  offsets are dense: unit N of the files starts at byte N × 20, and memory holds [tailOffset, maxOffset);
 *  I2  minOffset ≤ maxOffset ≤ nextOffset;
 *  I3  commitLogOffset increases with N (places of lost messages share that of the record that stands for them);
 *  I4  writtenOffset is between tailOffset and maxOffset: nothing is dropped from memory before it is in a file.
 */
export class ConsumeQueue implements StoreQueue {
  // What every message touches comes first: with thousands of queues it has to be fetched each time, and lies together.
  /** Offset for the next append. */
  nextOffset = 0;
  readonly queueId: number;
  /** Its topic was removed; only its next offset is kept, should the topic come again. */
  retired = false;
  /** Behind the last unit. Visible to consumers. */
  maxOffset = 0;
  private tailOffset = 0;
  private tailView: DataView = NO_VIEW;
  /** Offsets below never come back: their messages were removed with the topic, or deleted. */
  floorOffset = 0;
  /** On the list of queues with units to write. */
  dirty = false;
  /** On the list of queues of which somebody is to be told that messages came. */
  arrived = false;
  /** Units below are in a file. */
  writtenOffset = 0;
  /** `javaHashCode` of the topic, for the index. */
  readonly topicHash: number;

  private tail: Buffer = NO_BYTES;
  readonly topic: string;
  /** Its records may belong to other topics. */
  readonly light: boolean;
  /** First queue offset that can be read: what lies below points to log that is deleted. */
  minOffset = 0;
  /** Units below are on stable storage. */
  syncedOffset = 0;
  /** Queue offset of the first unit of the first file; −1 while there is no file. */
  firstFileOffset = -1;
  /** The files disagree with the log: they are being built anew. Nothing is read meanwhile. */
  rebuilding = false;
  /** Distinguishes queues in caches; unique while the store is open. */
  readonly serial: number;
  /** Where the unit at `tailOffset − 1` points to; −1 without one. */
  private commitLogOffsetBeforeTail = -1;

  constructor(topic: string, queueId: number, serial: number) {
    this.topicHash = javaHashCode(topic);
    this.topic = topic;
    this.light = isLightQueue(topic);
    this.queueId = queueId;
    this.serial = serial;
  }

  /** Queue offset from which on units are in memory. */
  get memoryOffset(): number {
    return this.tailOffset;
  }

  /** Whether there is any unit, in memory or in a file. */
  get hasUnits(): boolean {
    return this.firstFileOffset >= 0 || this.maxOffset > this.tailOffset;
  }

  get unwrittenCount(): number {
    return this.maxOffset - this.writtenOffset;
  }

  /** Sets the state found in files: units [firstFileOffset, maxOffset) exist there. */
  restore(found: {
    firstFileOffset: number;
    minOffset: number;
    maxOffset: number;
    lastCommitLogOffset: number;
  }): void {
    this.firstFileOffset = found.firstFileOffset;
    this.minOffset = found.minOffset;
    this.maxOffset = found.maxOffset;
    this.nextOffset = found.maxOffset;
    this.writtenOffset = found.maxOffset;
    this.syncedOffset = found.maxOffset;
    this.tailOffset = found.maxOffset;
    this.setTail(NO_BYTES);
    this.commitLogOffsetBeforeTail = found.lastCommitLogOffset;
  }

  /** Empties the queue; its next message gets this offset, or recovery sets another one. */
  clear(nextQueueOffset: number): void {
    this.restore({
      firstFileOffset: -1,
      minOffset: nextQueueOffset,
      maxOffset: nextQueueOffset,
      lastCommitLogOffset: -1,
    });
  }

  /** The files hold units of messages that are gone: the queue ends here. */
  restoreMax(queueOffset: number): void {
    this.restore({
      firstFileOffset: this.firstFileOffset,
      minOffset: Math.min(this.minOffset, queueOffset),
      maxOffset: queueOffset,
      lastCommitLogOffset: -1,
    });
  }

  /**
   * Forgets the units from `queueOffset` on, so that recovery can add them again. Units below stay as they are.
   */
  rewind(queueOffset: number, lastCommitLogOffset: number): void {
    this.maxOffset = queueOffset;
    this.nextOffset = queueOffset;
    this.writtenOffset = Math.min(this.writtenOffset, queueOffset);
    this.syncedOffset = Math.min(this.syncedOffset, queueOffset);
    this.tailOffset = queueOffset;
    this.setTail(NO_BYTES);
    this.minOffset = Math.min(this.minOffset, queueOffset);
    this.commitLogOffsetBeforeTail = lastCommitLogOffset;
  }

  /**
   * Indexes one message. An empty queue may begin at any offset: its earlier messages are deleted.
   * @throws {QueueGapError} a message in between is missing: the queue must be rebuilt (I1).
   */
  add(queueOffset: number, commitLogOffset: number, sizeBytes: number, tagsCode: number): void {
    if (queueOffset !== this.maxOffset) this.beginAt(queueOffset);
    invariant(
      commitLogOffset >= this.lastUnitCommitLogOffset,
      'I3: the log is dispatched in order',
    );
    this.put(queueOffset, commitLogOffset, sizeBytes, tagsCode);
  }

  /** Keeps the place of a message that was lost; the unit points to the record that stands for the lost ones. */
  addLost(queueOffset: number, commitLogOffset: number, sizeBytes: number): void {
    invariant(queueOffset === this.maxOffset, 'I1: units follow each other');
    this.put(queueOffset, commitLogOffset, sizeBytes, 0);
  }

  /** Position of a unit inside `memory`, for an offset in [memoryOffset, maxOffset). */
  memoryPosition(queueOffset: number): number {
    return (queueOffset - this.tailOffset) * UNIT_BYTES;
  }

  private put(
    queueOffset: number,
    commitLogOffset: number,
    sizeBytes: number,
    tagsCode: number,
  ): void {
    let at = this.memoryPosition(queueOffset);
    if (at >= this.tailView.byteLength) {
      this.grow(at);
      at = this.memoryPosition(queueOffset);
    }
    writeUnit(this.tailView, at, commitLogOffset, sizeBytes, tagsCode);
    this.maxOffset = queueOffset + 1;
    if (this.nextOffset < this.maxOffset) this.nextOffset = this.maxOffset;
  }

  /** The bytes of the units in memory; changes when units are added or written. */
  get memory(): Buffer {
    return this.tail;
  }

  /** A view of `memory`. */
  get memoryView(): DataView {
    return this.tailView;
  }

  /** Where the last unit points to; −1 for an empty queue. */
  get lastUnitCommitLogOffset(): number {
    if (this.maxOffset === this.tailOffset) return this.commitLogOffsetBeforeTail;
    return unitCommitLogOffset(this.tailView, this.memoryPosition(this.maxOffset - 1));
  }

  /** The oldest units that are not in a file, as far as one file takes them; undefined when all are. */
  unwritten(fileUnitCount: number): UnwrittenUnits | undefined {
    const from = this.writtenOffset;
    if (from === this.maxOffset) return undefined;
    const fileEnd = from - (from % fileUnitCount) + fileUnitCount;
    const to = Math.min(this.maxOffset, fileEnd);
    return {
      fromQueueOffset: from,
      toQueueOffset: to,
      bytes: this.tail.subarray(this.memoryPosition(from), this.memoryPosition(to)),
    };
  }

  /** The units below are in a file now; memory that is no longer needed is given back (I4). */
  markWritten(queueOffset: number): void {
    this.writtenOffset = queueOffset;
    if (queueOffset < this.maxOffset) return;
    this.commitLogOffsetBeforeTail = this.lastUnitCommitLogOffset;
    this.tailOffset = queueOffset;
    if (this.tail.length > TAIL_UNITS_KEPT * UNIT_BYTES) this.setTail(NO_BYTES);
  }

  /** Calls `visit` for each unit in memory, for checks. */
  forEachInMemory(
    visit: (queueOffset: number, commitLogOffset: number, sizeBytes: number) => void,
  ): void {
    const { tailView } = this;
    for (let offset = this.tailOffset; offset < this.maxOffset; offset++) {
      const at = this.memoryPosition(offset);
      visit(offset, unitCommitLogOffset(tailView, at), unitSizeBytes(tailView, at));
    }
  }

  private beginAt(queueOffset: number): void {
    if (this.hasUnits || queueOffset < this.maxOffset) {
      throw new QueueGapError(this.topic, this.queueId, this.maxOffset, queueOffset);
    }
    this.minOffset = queueOffset;
    this.maxOffset = queueOffset;
    this.writtenOffset = queueOffset;
    this.syncedOffset = queueOffset;
    this.tailOffset = queueOffset;
  }

  /** Makes room behind byte `usedBytes`: written units in front are dropped, and the buffer doubles. */
  private grow(usedBytes: number): void {
    const kept = this.tail.subarray(this.memoryPosition(this.writtenOffset), usedBytes);
    const size = Math.max(TAIL_UNITS_MIN * UNIT_BYTES, kept.length * 2);
    // A new buffer also when there would be room in front: a write may be reading the old one.
    const grown = Buffer.allocUnsafeSlow(size);
    grown.set(kept, 0);
    this.setTail(grown);
    this.tailOffset = this.writtenOffset;
  }

  private setTail(bytes: Buffer): void {
    this.tail = bytes;
    this.tailView = bytes === NO_BYTES ? NO_VIEW : viewOf(bytes);
  }
}
