import { KIB, type Clock } from '@rocketmq-ts/kernel';
import { BLANK_MIN_BYTES, isHiddenTransaction } from '@rocketmq-ts/protocol';
import type { AppendEntry, LogEntry } from '../append-entry.js';
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import type { StoreCounters } from '../store-counters.js';
import { RecordLimitError } from '../store-errors.js';
import type { TailCache } from '../tail-cache.js';
import { LogBatch } from './log-batch.js';
import type { LogSegments } from './log-segments.js';
import type { LogSlab, LogSlabPool } from './log-slab.js';
import type { LogWriter } from './log-writer.js';
import { encodeBlankInto, encodeRecordInto, recordSizeOf } from './record-encoder.js';

/** Filler of a copied file is taken in steps of this size: it may be longer than a slab. */
const FILLER_STEP_BYTES = 64 * KIB;

/**
 * Puts messages at the end of the log: gives out places and queue offsets, encodes records into the newest slab and
 * gathers them in batches for the writer.
 *
 * Invariants:
 *  I1  a record lies wholly in one file, and the end-of-file mark fits behind it;
 *  I2  each file but the last ends in the mark; the next record begins the next file;
 *  I3  records appended together lie in one file (batch sends are all there or not at all after a crash of the roll);
 *  I4  queue offsets of a queue are given out in the order of commit-log offsets, without gaps.
 */
export class CommitLog {
  private slab: LogSlab | undefined;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly segments: LogSegments;
      readonly pool: LogSlabPool;
      readonly tailCache: TailCache;
      readonly writer: LogWriter;
      readonly counters: StoreCounters;
      /** Advertised address for the record's store host. */
      storeHostBytes: Buffer;
    },
    /** End of the log, whether written or not. */
    public appendOffset: number,
  ) {}

  set storeHostBytes(bytes: Buffer) {
    this.parts.storeHostBytes = bytes;
  }

  /** @throws {RecordLimitError} it can never be stored. */
  append(entry: AppendEntry, queue: ConsumeQueue): void {
    const sizeBytes = this.sizeOf(entry);
    this.reserve(sizeBytes);
    this.place(entry, queue, sizeBytes);
    this.parts.writer.noteGrowth();
    this.parts.writer.schedule();
  }

  /**
   * Appends the messages one behind the other in one file. `queues` are those of the entries.
   * @throws {RecordLimitError} one of them, or all together, can never be stored; nothing was appended.
   */
  appendBatch(entries: readonly AppendEntry[], queues: readonly ConsumeQueue[]): void {
    const sizes: number[] = [];
    let totalBytes = 0;
    for (const entry of entries) {
      const sizeBytes = this.sizeOf(entry);
      sizes.push(sizeBytes);
      totalBytes += sizeBytes;
    }
    const limit = this.parts.segments.segmentSizeBytes - BLANK_MIN_BYTES;
    if (totalBytes > limit) throw new RecordLimitError('record', totalBytes, limit);
    if (totalBytes > this.roomInFile()) this.roll();
    for (let i = 0; i < entries.length; i++) {
      this.reserve(sizes[i]!);
      this.place(entries[i]!, queues[i]!, sizes[i]!);
    }
    // Not before all of them are placed: what belongs together is written, and seen or refused, together.
    this.parts.writer.noteGrowth();
    this.parts.writer.schedule();
  }

  /** The log, still empty, begins here. */
  restartAt(commitLogOffset: number): void {
    this.appendOffset = commitLogOffset;
    this.slab = undefined;
  }

  /**
   * Takes bytes of another log at the end of this one, as they are. They lie in one file.
   * @param entry what the bytes are a record of, its result fields set; without one they are filler
   */
  copy(bytes: Buffer, start: number, end: number, entry: LogEntry | undefined): void {
    let at = start;
    while (at < end) {
      const bytesNow = entry ? end - at : Math.min(end - at, FILLER_STEP_BYTES);
      this.copyPiece(bytes, at, at + bytesNow);
      at += bytesNow;
    }
    if (entry) this.openBatch(entry.commitLogOffset).entries.push(entry);
    if (this.appendOffset === this.parts.segments.startOf(this.appendOffset)) this.endFile();
    this.parts.writer.schedule();
  }

  private copyPiece(bytes: Buffer, start: number, end: number): void {
    const { counters } = this.parts;
    const sizeBytes = end - start;
    const current = this.slab;
    const fits =
      current && current.freeBytes >= sizeBytes && current.endOffset === this.appendOffset;
    const slab = fits ? current : this.openSlab(sizeBytes);
    const batch = this.openBatch(this.appendOffset);
    bytes.copy(slab.buffer, slab.usedBytes, start, end);
    slab.usedBytes += sizeBytes;
    this.appendOffset += sizeBytes;
    batch.extend(slab, sizeBytes, this.appendOffset);
    counters.unwrittenBytes += sizeBytes;
  }

  /** The file is full to its last byte: what follows begins the next one, in a batch of its own. */
  private endFile(): void {
    const { writer, segments } = this.parts;
    const { open } = writer;
    if (open) open.sealed = true;
    this.slab = undefined;
    segments.prepare(this.appendOffset);
  }

  private sizeOf(entry: AppendEntry): number {
    const sizeBytes = recordSizeOf(entry, this.parts.storeHostBytes);
    const limit = this.parts.segments.segmentSizeBytes - BLANK_MIN_BYTES;
    if (sizeBytes > limit) throw new RecordLimitError('record', sizeBytes, limit);
    return sizeBytes;
  }

  /** Bytes that records may still take in the current file (I1). */
  private roomInFile(): number {
    const { segments } = this.parts;
    const end = segments.startOf(this.appendOffset) + segments.segmentSizeBytes;
    return end - this.appendOffset - BLANK_MIN_BYTES;
  }

  /** Makes sure that a record of this size, and a mark behind it, fit in the file and in the slab. */
  private reserve(sizeBytes: number): void {
    if (sizeBytes > this.roomInFile()) this.roll();
    const needed = sizeBytes + BLANK_MIN_BYTES;
    if (this.slab && this.slab.freeBytes >= needed && this.slab.endOffset === this.appendOffset) {
      return;
    }
    this.openSlab(needed);
  }

  private openSlab(neededBytes: number): LogSlab {
    const { pool, tailCache, writer } = this.parts;
    const slab = pool.take(this.appendOffset, neededBytes);
    tailCache.add(slab, writer.writtenOffset);
    this.slab = slab;
    return slab;
  }

  private place(entry: AppendEntry, queue: ConsumeQueue, sizeBytes: number): void {
    const { parts } = this;
    const slab = this.slab!;
    entry.commitLogOffset = this.appendOffset;
    entry.sizeBytes = sizeBytes;
    entry.storeTimestampMs = parts.clock.nowMs();
    entry.queueOffset = isHiddenTransaction(entry.sysFlag) ? 0 : queue.nextOffset++;
    encodeRecordInto(slab, entry, parts.storeHostBytes);
    this.appendOffset += sizeBytes;
    const batch = this.openBatch(entry.commitLogOffset);
    batch.extend(slab, sizeBytes, this.appendOffset);
    batch.entries.push(entry);
    parts.counters.appendedMessages++;
    parts.counters.appendedBytes += sizeBytes;
    parts.counters.unwrittenBytes += sizeBytes;
  }

  private openBatch(startOffset: number): LogBatch {
    const { writer } = this.parts;
    const open = writer.open;
    if (open) return open;
    const batch = new LogBatch(startOffset);
    writer.enqueue(batch);
    return batch;
  }

  /** Ends the current file with the mark and goes on at the start of the next (I2). */
  private roll(): void {
    const { segments, counters } = this.parts;
    const start = this.appendOffset;
    const end = segments.startOf(start) + segments.segmentSizeBytes;
    const current = this.slab;
    const slab =
      current && current.freeBytes >= BLANK_MIN_BYTES && current.endOffset === start
        ? current
        : this.openSlab(BLANK_MIN_BYTES);
    encodeBlankInto(slab, end - start);
    const batch = this.openBatch(start);
    batch.extend(slab, BLANK_MIN_BYTES, end);
    batch.sealed = true;
    counters.unwrittenBytes += BLANK_MIN_BYTES;
    this.appendOffset = end;
    this.slab = undefined;
    segments.prepare(end);
  }
}
