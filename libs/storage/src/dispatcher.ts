import { isHiddenTransaction, MessageSysFlag } from '@rocketmq-ts/protocol';
import { traceOf, type Logger } from '@rocketmq-ts/kernel';
import type { LogEntry } from './append-entry.js';
import type { LogBatch } from './commit-log/log-batch.js';
import type { ConsumeQueue } from './consume-queue/consume-queue.js';
import type { ConsumeQueues } from './consume-queue/consume-queues.js';
import type { QueueWriter } from './consume-queue/queue-writer.js';
import { markAt, type DispatchMark } from './dispatch-mark.js';
import { HASHES_PER_MESSAGE } from './message-store.types.js';
import type { IndexSink, StoreQueue } from './message-store.types.js';
import { fillLost } from './consume-queue/lost-units.js';
import { CopiedEntry } from './replication/copied-entry.js';

/** The entry's queue as the store's own class; the store checked it when the entry was appended. */
export type QueueOf = (queue: StoreQueue) => ConsumeQueue;

/** Rolled-back messages are in no index. Source: rocketmq 5.5.0 `IndexService#buildIndex`. */
export const isIndexed = (sysFlag: number): boolean =>
  (sysFlag & MessageSysFlag.TRANSACTION_MASK) !== MessageSysFlag.TRANSACTION_ROLLBACK;

/**
 * Makes messages known: adds queue units and index entries, in the order of the log, and tells who waits for arrivals.
 *
 * Invariant I1: `dispatchedOffset` only grows; every message below has its unit.
 */
export class Dispatcher {
  private listener: ((queue: StoreQueue) => void) | undefined;
  private arrivals: ConsumeQueue[] = [];
  /** Of the batch that is being dispatched. */
  private keyHashes = new Int32Array(1_024);
  private lastMessageOffset: number;
  private lastStoreTimestampMs: number;
  dispatchedOffset: number;

  constructor(
    private readonly parts: {
      readonly logger: Logger;
      readonly queues: ConsumeQueues;
      readonly queueOf: QueueOf;
      readonly index: IndexSink | undefined;
      readonly queueWriter: () => QueueWriter;
    },
    recovered: DispatchMark,
  ) {
    this.dispatchedOffset = recovered.commitLogOffset;
    this.lastMessageOffset = recovered.lastMessageOffset;
    this.lastStoreTimestampMs = recovered.lastStoreTimestampMs;
  }

  /** The log, still empty, begins here. */
  restartAt(commitLogOffset: number): void {
    const mark = markAt(commitLogOffset);
    this.dispatchedOffset = commitLogOffset;
    this.lastMessageOffset = mark.lastMessageOffset;
    this.lastStoreTimestampMs = mark.lastStoreTimestampMs;
  }

  /** How far it came. */
  mark(): DispatchMark {
    return {
      commitLogOffset: this.dispatchedOffset,
      lastMessageOffset: this.lastMessageOffset,
      lastStoreTimestampMs: this.lastStoreTimestampMs,
    };
  }

  /** Calls `listener` for each queue that got messages, once per dispatched batch. */
  onArrival(listener: (queue: StoreQueue) => void): void {
    this.listener = listener;
  }

  /** The messages of a batch can be read from now on. */
  dispatch(batch: LogBatch): void {
    const { entries } = batch;
    for (let i = 0; i < entries.length; i++) this.addUnit(entries[i]!);
    if (this.parts.index) this.addKeys(this.parts.index, entries);
    this.dispatchedOffset = batch.endOffset;
  }

  /** Tells of the arrivals since the last call: after the senders have been answered. */
  announce(): void {
    const { arrivals, listener } = this;
    if (arrivals.length === 0) return;
    this.arrivals = [];
    for (const queue of arrivals) {
      queue.arrived = false;
      if (!listener) continue;
      try {
        listener(queue);
      } catch (error) {
        this.parts.logger.error('a listener for arrivals failed', { error: traceOf(error) });
      }
    }
  }

  private addUnit(entry: LogEntry): void {
    this.lastMessageOffset = entry.commitLogOffset;
    this.lastStoreTimestampMs = entry.storeTimestampMs;
    if (isHiddenTransaction(entry.sysFlag)) return;
    this.addTo(this.parts.queueOf(entry.queue), entry.queueOffset, entry);
    if (entry.lightUnits === undefined) return;
    for (const { queue, queueOffset } of entry.lightUnits) this.addTo(queue, queueOffset, entry);
  }

  private addTo(queue: ConsumeQueue, queueOffset: number, entry: LogEntry): void {
    if (queueOffset !== queue.maxOffset && !this.settle(queue, queueOffset, entry)) return;
    // The topic was removed while the message was on its way.
    if (queueOffset < queue.floorOffset) return;
    queue.add(queueOffset, entry.commitLogOffset, entry.sizeBytes, entry.tagsCode);
    if (!queue.dirty) this.parts.queues.markDirty(queue);
    if (!queue.arrived) {
      queue.arrived = true;
      this.arrivals.push(queue);
    }
    if ((queue.unwrittenCount & 0xffff) === 0) this.parts.queueWriter().noteUnits(queue);
  }

  /**
   * Another log may have a history that this one never had: of two records for one place the first counts, missing ones keep
   * their places, and a queue that begins again at 0 (Apache's broker does that when a topic is made anew) begins again here.
   * @returns whether the entry is to be added
   */
  private settle(queue: ConsumeQueue, queueOffset: number, entry: LogEntry): boolean {
    if (!(entry instanceof CopiedEntry) || !queue.hasUnits) return true;
    const { topic, queueId, maxOffset } = queue;
    if (queueOffset === 0) {
      queue.floorOffset = 0;
      queue.rewind(0, queue.lastUnitCommitLogOffset);
      return true;
    }
    if (queueOffset < maxOffset) return false;
    const gap = { topic, queueId, fromQueueOffset: maxOffset, toQueueOffset: queueOffset };
    this.parts.logger.warn('the copied log has no messages for places of a queue', gap);
    fillLost(queue, queueOffset, entry);
    return true;
  }

  private addKeys(index: IndexSink, entries: readonly LogEntry[]): void {
    const hashCount = entries.length * HASHES_PER_MESSAGE;
    if (this.keyHashes.length < hashCount) this.keyHashes = new Int32Array(hashCount * 2);
    const { keyHashes } = this;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      index.hashKeys(entry, entry.queue.topicHash, keyHashes, i * HASHES_PER_MESSAGE);
    }
    index.fetchSlots(keyHashes, hashCount);
    for (let i = 0; i < entries.length; i++) {
      const { sysFlag, keys, queue, commitLogOffset, storeTimestampMs } = entries[i]!;
      if (!isIndexed(sysFlag)) continue;
      const at = i * HASHES_PER_MESSAGE;
      index.putHashed(keyHashes, at, keys, queue.topicHash, commitLogOffset, storeTimestampMs);
    }
  }
}
