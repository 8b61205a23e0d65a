import { invariant, type Logger } from '@rocketmq-ts/kernel';
import {
  BLANK_MIN_BYTES,
  checkRecord,
  HOST_V4_BYTES,
  isHiddenTransaction,
  MAGIC_BLANK,
  MAGIC_V1,
  MAGIC_V2,
  RecordAt,
  recordSizeBytes,
} from '@rocketmq-ts/protocol';
import type { CommitLog } from '../commit-log/commit-log.js';
import { isFiller } from '../commit-log/log-scanner.js';
import type { LogSegments } from '../commit-log/log-segments.js';
import type { LogSync } from '../commit-log/log-sync.js';
import type { LogWriter } from '../commit-log/log-writer.js';
import {
  RecordFacts,
  type RecordFactsOptions,
  type ScannedRecord,
} from '../commit-log/record-facts.js';
import { ConsumeQueue } from '../consume-queue/consume-queue.js';
import type { ConsumeQueues } from '../consume-queue/consume-queues.js';
import { markAt } from '../dispatch-mark.js';
import type { Dispatcher } from '../dispatcher.js';
import { LIGHT_QUEUE_ID } from '../light-queue/light-places.js';
import { isDirectoryName } from '../consume-queue/queue-files.js';
import type { StoreCounters } from '../store-counters.js';
import { CopiedRecordError } from '../store-errors.js';
import type { StoreHealth } from '../store-health.js';
import type { StoreProgress } from '../store-progress.js';
import { CopiedEntry } from './copied-entry.js';

/** A record without topic, body and properties, whose hosts are IPv4. */
const RECORD_BYTES_MIN = recordSizeBytes(0, 0, 0, HOST_V4_BYTES, HOST_V4_BYTES);
/** Most messages that a queue may miss in between; Apache's broker leaves gaps of single ones when it stumbles. */
const GAP_COUNT_MAX = 100_000;

/**
 * Takes the bytes of another log at the same places, for a store that follows a master. Nothing else is appended meanwhile.
 *
 * Invariants:
 *  I1  only whole records that are sound, and the filler at the end of files, reach the log;
 *  I2  the log is byte for byte the other one, from where it began;
 *  I3  what was taken is dispatched as a master dispatches its own: queues, index and light queues follow from the log.
 */
export class ReplicaLog {
  private readonly facts: RecordFacts;
  private readonly check = { verifyBody: true, commitLogOffset: 0 };
  /** Up to here the log is filler; behind the end of the log while one is being taken. */
  private fillerEndOffset = 0;

  constructor(
    private readonly parts: {
      readonly logger: Logger;
      readonly segments: LogSegments;
      readonly queues: ConsumeQueues;
      readonly health: StoreHealth;
      readonly counters: StoreCounters;
      readonly commitLog: CommitLog;
      readonly writer: LogWriter;
      readonly sync: LogSync;
      readonly dispatcher: Dispatcher;
      readonly progress: StoreProgress;
    },
    options: RecordFactsOptions,
  ) {
    this.facts = new RecordFacts(options);
  }

  /** Where the next byte goes. */
  get endOffset(): number {
    return this.parts.commitLog.appendOffset;
  }

  /** The system has everything below; where a record or a file ends. */
  get writtenOffset(): number {
    return this.parts.writer.writtenOffset;
  }

  /** Everything below is on stable storage. */
  get flushedOffset(): number {
    return this.parts.sync.flushedOffset;
  }

  /** Whether the log has not a single byte. */
  get isEmpty(): boolean {
    const { segments } = this.parts;
    return this.endOffset === segments.minOffset && segments.all.length <= 1;
  }

  /**
   * The log, which is empty, begins here: at the start of a file, which another log has first.
   * @throws {InvariantError} it is not empty, or that is no start of a file. @throws system error
   */
  async beginAt(commitLogOffset: number): Promise<void> {
    const { segments, commitLog, writer, sync, dispatcher, progress } = this.parts;
    invariant(this.isEmpty, 'a log begins elsewhere only while it is empty');
    invariant(
      segments.startOf(commitLogOffset) === commitLogOffset,
      'a log begins where a file begins',
    );
    if (commitLogOffset === segments.minOffset) return;
    await segments.restartAt(commitLogOffset);
    commitLog.restartAt(commitLogOffset);
    writer.writtenOffset = commitLogOffset;
    sync.flushedOffset = commitLogOffset;
    dispatcher.restartAt(commitLogOffset);
    await progress.restartAt(markAt(commitLogOffset));
  }

  /**
   * Takes what `bytes`, which belong at `endOffset`, hold of whole records and filler. They are copied. While the store refuses
   * messages nothing is taken; whoever gives more while `writeRefusal()` says `BUSY` fills the memory.
   * @returns bytes taken; an unfinished record at the end is to be given again with what follows it
   * @throws {CopiedRecordError} something is no sound record of this place; what stands in front of it was taken
   */
  take(bytes: Buffer): number {
    if (this.parts.health.refusal) return 0;
    let at = 0;
    while (at < bytes.length) {
      const taken = this.takeNext(bytes, at);
      if (taken === 0) break;
      at += taken;
    }
    return at;
  }

  /** @returns bytes of the record or filler at `at`; 0 where it goes on behind the bytes. */
  private takeNext(bytes: Buffer, at: number): number {
    const { commitLog } = this.parts;
    const offset = commitLog.appendOffset;
    const available = bytes.length - at;
    if (offset < this.fillerEndOffset) {
      const fillerBytes = Math.min(available, this.fillerEndOffset - offset);
      commitLog.copy(bytes, at, at + fillerBytes, undefined);
      return fillerBytes;
    }
    if (available < BLANK_MIN_BYTES) return 0;
    const sizeBytes = bytes.readInt32BE(at);
    const magic = bytes.readInt32BE(at + RecordAt.MAGIC);
    const roomBytes = this.fileEnd(offset) - offset;
    if (magic === MAGIC_BLANK) {
      if (sizeBytes !== roomBytes) throw new CopiedRecordError(offset, 'blank');
      this.fillerEndOffset = offset + roomBytes;
      return this.takeNext(bytes, at);
    }
    // The mark that ends a file must fit behind it.
    if (sizeBytes > roomBytes - BLANK_MIN_BYTES) throw new CopiedRecordError(offset, 'size');
    if (sizeBytes > available && (magic === MAGIC_V1 || magic === MAGIC_V2)) return 0;
    this.check.commitLogOffset = offset;
    const checked = checkRecord(bytes, at, bytes.length, this.check);
    if (typeof checked === 'string') throw new CopiedRecordError(offset, checked);
    this.takeRecord(bytes, at, this.facts.of(bytes, at, offset, checked));
    return checked;
  }

  private fileEnd(offset: number): number {
    const { segments } = this.parts;
    return segments.startOf(offset) + segments.segmentSizeBytes;
  }

  private takeRecord(bytes: Buffer, at: number, record: ScannedRecord): void {
    const { commitLog, queues, counters, logger } = this.parts;
    const { topic, queueId, sizeBytes } = record;
    const named = isDirectoryName(topic) && queueId >= 0;
    if (!named && !isFiller(record)) {
      const { commitLogOffset } = record;
      logger.error('message with an impossible topic or queue, left out of the queues', {
        topic: topic.slice(0, 64),
        queueId,
        commitLogOffset,
      });
    }
    if (named && !isHiddenTransaction(record.sysFlag)) {
      this.checkPlace(record.commitLogOffset, topic, queueId, record.queueOffset);
      for (const { name, queueOffset } of record.lightPlaces ?? []) {
        this.checkPlace(record.commitLogOffset, name, LIGHT_QUEUE_ID, queueOffset);
      }
    }
    const entry = named
      ? new CopiedEntry(record, queues.get(topic, queueId), true)
      : new CopiedEntry(record, this.nowhere, false);
    if (named && record.lightPlaces !== undefined) {
      entry.lightUnits = record.lightPlaces.map(({ name, queueOffset }) => ({
        queue: queues.get(name, LIGHT_QUEUE_ID),
        queueOffset,
      }));
    }
    commitLog.copy(bytes, at, at + sizeBytes, entry);
    counters.appendedMessages++;
    counters.appendedBytes += sizeBytes;
  }

  /**
   * No checksum covers the place in the queue, and the queue is filled up to it: a place that no history of the log explains is
   * damage. Before this record there cannot have been more messages than fit in the log in front of it.
   */
  private checkPlace(
    commitLogOffset: number,
    topic: string,
    queueId: number,
    queueOffset: number,
  ): void {
    const queue = this.parts.queues.get(topic, queueId);
    const possible = queueOffset >= 0 && queueOffset <= commitLogOffset / RECORD_BYTES_MIN;
    const begun = queue.hasUnits || queue.nextOffset > queue.maxOffset;
    const near = !begun || queueOffset - queue.nextOffset <= GAP_COUNT_MAX;
    if (!possible || !near) throw new CopiedRecordError(commitLogOffset, 'queue-offset');
    queue.nextOffset = queueOffset + 1;
  }

  /** Stands for the queue of what is in none; it is not in the store's list. */
  private readonly nowhere = new ConsumeQueue('', 0, 0);
}
