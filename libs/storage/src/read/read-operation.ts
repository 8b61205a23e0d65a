import { viewOf } from '@rocketmq-ts/kernel';
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import {
  BLANK_UNIT_SIZE,
  unitCommitLogOffset,
  unitSizeBytes,
  unitTagsCode,
  UNIT_BYTES,
} from '../consume-queue/queue-unit.js';
import type { ReadRequest, ReadResult, ReadStatus } from '../message-store.types.js';
import type { Chunk } from './chunk-cache.js';
import type { LogSlab } from '../commit-log/log-slab.js';
import { RecordFetch } from './record-fetch.js';
import { RecordSpans } from './record-spans.js';
import type { ReaderParts } from './reader-parts.js';
import {
  findDefect,
  findLightDefect,
  placeInLightQueue,
  recordQueueOffset,
  type RecordLocation,
} from './stored-record.js';
import { covers } from './unit-source.js';

/** Bytes of units that a filtered read looks at. Source: rocketmq 5.5.0 `MessageStoreConfig#maxFilterMessageSize`. */
const SCAN_UNIT_BYTES_MIN = 16_000;
/** Source: rocketmq 5.5.0 `DefaultMessageStore#getMessage`, `MAX_PULL_MSG_SIZE`. */
const READ_BYTES_MIN = 100;
const READ_BYTES_MAX = 128 * 1024 * 1024;

const NO_UNITS = viewOf(Buffer.alloc(0));

/** How far a step came: through, or waiting for a file. */
type Progress = 'done' | 'waiting';

/**
 * One read from start to answer; it is its own result. It runs as far as memory goes, asks for what is missing in one go
 * and continues when that is there.
 *
 * Source: rocketmq 5.5.0 `DefaultMessageStore#getMessage`: statuses, limits and the order of its checks.
 */
export class ReadOperation implements ReadResult {
  status: ReadStatus = 'NO_MATCHED_MESSAGE';
  nextQueueOffset = 0;
  minQueueOffset = 0;
  maxQueueOffset = 0;
  messageCount = 0;
  totalBytes = 0;
  fromDisk = false;

  /** Bytes of records that were looked at in files. */
  private fileBytes = 0;
  private isAdmitted = false;
  private readonly slabs: LogSlab[] = [];
  /** Made when a file is needed: most reads find all in memory. */
  private fetch: RecordFetch | undefined;
  /** The message for which files were asked last: asking twice for the same one would never end. */
  private askedForOffset = -1;
  private unitsUnreadable = false;
  private readonly bytesMax: number;
  private readonly scanUnitsMax: number;

  // Where units come from at the moment.
  private unitChunk: Chunk | undefined;
  private unitView: DataView = NO_UNITS;
  private unitStart = 0;
  private unitEnd = 0;

  private readonly spans = new RecordSpans();

  /** Units that point below are passed over: their file is gone. */
  private skipBelowOffset = -1;
  private released = false;

  constructor(
    private readonly parts: ReaderParts,
    private readonly request: ReadRequest,
    private readonly queue: ConsumeQueue,
    private readonly done: (result: ReadResult) => void,
  ) {
    this.bytesMax = Math.min(Math.max(request.maxBytes, READ_BYTES_MIN), READ_BYTES_MAX);
    this.scanUnitsMax = Math.max(SCAN_UNIT_BYTES_MIN, request.maxCount * UNIT_BYTES) / UNIT_BYTES;
    this.nextQueueOffset = request.queueOffset;
    this.minQueueOffset = queue.minOffset;
    this.maxQueueOffset = queue.maxOffset;
  }

  get pieceCount(): number {
    return this.spans.count;
  }

  get pieces(): Buffer[] {
    return this.spans.slices();
  }

  copyTo(into: Uint8Array, position: number): void {
    this.spans.copyTo(into, position);
  }

  /** Goes on as far as possible; calls `done` at the end. */
  run(): void {
    // Memory may have been rearranged while the read waited.
    if (!this.unitChunk) this.unitEnd = 0;
    if (this.advance() === 'waiting') return;
    this.dropUnitChunk();
    const { counters } = this.parts;
    counters.readMessages += this.messageCount;
    counters.readBytes += this.totalBytes;
    if (this.isAdmitted) this.parts.pace.leave(this.fileBytes);
    this.done(this);
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    const { pool } = this.parts;
    for (const slab of this.slabs) pool.release(slab);
    this.fetch?.release();
  }

  private advance(): Progress {
    const { request, parts } = this;
    const limits = parts.transferLimits;
    while (this.nextQueueOffset < this.maxQueueOffset) {
      const queueOffset = this.nextQueueOffset;
      if (queueOffset - request.queueOffset >= this.scanUnitsMax) break;
      if (queueOffset >= this.unitEnd) {
        const state = this.findUnits(queueOffset);
        if (state === 'waiting') return 'waiting';
        if (state === 'none') return 'done';
      }
      const at = (queueOffset - this.unitStart) * UNIT_BYTES;
      const commitLogOffset = unitCommitLogOffset(this.unitView, at);
      const sizeBytes = unitSizeBytes(this.unitView, at);
      if (this.messageCount > 0) {
        const near = parts.logEndOffset() - commitLogOffset <= limits.inMemoryDistanceBytes;
        const bytesMax = near ? limits.inMemoryBytesMax : limits.onDiskBytesMax;
        const countMax = near ? limits.inMemoryCountMax : limits.onDiskCountMax;
        const bytesAfter = this.totalBytes + sizeBytes;
        if (
          this.messageCount >= request.maxCount ||
          this.messageCount >= countMax ||
          bytesAfter > this.bytesMax ||
          bytesAfter > bytesMax
        ) {
          break;
        }
      }
      const step = this.takeOne(queueOffset, commitLogOffset, sizeBytes, at);
      if (step === 'waiting') return 'waiting';
      if (step === 'done') break;
    }
    return 'done';
  }

  /** Handles one unit. @returns `next` after it is dealt with. */
  private takeOne(
    queueOffset: number,
    commitLogOffset: number,
    sizeBytes: number,
    unitAt: number,
  ): Progress | 'next' {
    const { request, queue, parts } = this;
    const usable = sizeBytes > 0 && sizeBytes !== BLANK_UNIT_SIZE && commitLogOffset >= 0;
    if (commitLogOffset < this.skipBelowOffset) return this.skip();
    if (
      request.matchesTagsCode &&
      usable &&
      !request.matchesTagsCode(unitTagsCode(this.unitView, unitAt))
    ) {
      return this.skip('NO_MATCHED_MESSAGE');
    }
    if (!usable) return this.suspect(queueOffset, 'no unit');
    if (commitLogOffset < parts.logStartOffset()) {
      this.skipBelowOffset = parts.logStartOffset();
      return this.skip('MESSAGE_WAS_REMOVING');
    }
    const slab = parts.tailCache.find(commitLogOffset);
    if (slab) {
      const position = commitLogOffset - slab.startOffset;
      if (position + sizeBytes > slab.usedBytes) return this.suspect(queueOffset, 'size');
      if (!this.matchesRecord(slab.buffer, position, sizeBytes)) return this.reject();
      this.holdSlab(slab);
      this.addPiece(slab.buffer, position, sizeBytes);
      return this.found();
    }
    if (commitLogOffset + sizeBytes > parts.writtenOffset()) {
      return this.suspect(queueOffset, 'beyond the log');
    }
    if (!this.mayReadFiles()) return 'waiting';
    const location = this.locate(queueOffset, commitLogOffset, sizeBytes);
    if (location === 'waiting') return 'waiting';
    if (!location) return this.interrupt();
    this.fileBytes += sizeBytes;
    const expected = { commitLogOffset, sizeBytes, queueId: queue.queueId, queueOffset };
    const checkCrc = this.mustCheckCrc(commitLogOffset);
    const defect = queue.light
      ? findLightDefect(location, expected, queue.topic, checkCrc)
      : findDefect(location, expected, checkCrc);
    if (defect === 'other') {
      if (!this.isPlaceOfLost(location, commitLogOffset, sizeBytes)) {
        return this.suspect(queueOffset, 'another record');
      }
      parts.onDamage(queue, queueOffset, commitLogOffset);
      return this.skip('MESSAGE_WAS_REMOVING');
    }
    if (defect === 'body') {
      parts.onDamage(queue, queueOffset, commitLogOffset);
      return this.skip('MESSAGE_WAS_REMOVING');
    }
    if (!this.matchesRecord(location.buffer, location.position, sizeBytes)) return this.reject();
    this.addPiece(location.buffer, location.position, sizeBytes);
    return this.found();
  }

  private mustCheckCrc(commitLogOffset: number): boolean {
    const { checkCrcOnRead, lifeStartOffset, logEndOffset, transferLimits } = this.parts;
    if (checkCrcOnRead !== 'from-disk') return checkCrcOnRead === 'always';
    const distance = logEndOffset() - commitLogOffset;
    return commitLogOffset < lifeStartOffset || distance > transferLimits.inMemoryDistanceBytes;
  }

  /** Whether the unit was set to a neighbour's record on purpose, because its own message is lost. */
  private isPlaceOfLost(
    record: RecordLocation,
    commitLogOffset: number,
    sizeBytes: number,
  ): boolean {
    const { light, topic } = this.queue;
    const owner = light
      ? (placeInLightQueue(record, sizeBytes, topic) ?? -1)
      : recordQueueOffset(record);
    if (owner < this.unitStart || owner >= this.unitEnd) return false;
    const ownerAt = (owner - this.unitStart) * UNIT_BYTES;
    return unitCommitLogOffset(this.unitView, ownerAt) === commitLogOffset;
  }

  /** Keeps the read to the pace of the store, once; false: `run` is called when it may go on. */
  private mayReadFiles(): boolean {
    if (this.isAdmitted) return true;
    this.fromDisk = true;
    this.isAdmitted = true;
    return this.parts.pace.enter(this);
  }

  /** The record's bytes out of a file; undefined when they cannot be had. */
  private locate(
    queueOffset: number,
    commitLogOffset: number,
    sizeBytes: number,
  ): RecordLocation | 'waiting' | undefined {
    const { parts } = this;
    this.fetch ??= new RecordFetch(parts.log, parts.logger, () => this.run());
    const { fetch } = this;
    const here = fetch.locate(commitLogOffset, sizeBytes);
    if (here || fetch.failed || this.askedForOffset === queueOffset) return here;
    this.askedForOffset = queueOffset;
    this.requestAhead(fetch, queueOffset);
    // Everything may be here at once, in chunks that another reader had loaded.
    return fetch.waiting ? 'waiting' : fetch.locate(commitLogOffset, sizeBytes);
  }

  /** Passes over the unit; `status` counts as long as nothing is found. */
  private skip(status: ReadStatus = 'NO_MATCHED_MESSAGE'): 'next' {
    this.nextQueueOffset++;
    if (this.messageCount === 0) this.status = status;
    return 'next';
  }

  /** Passes over a record that the request does not want. */
  private reject(): 'next' | 'done' {
    this.skip();
    return this.request.isTired?.() ? 'done' : 'next';
  }

  private found(): 'next' {
    this.nextQueueOffset++;
    this.messageCount++;
    this.status = 'FOUND';
    return 'next';
  }

  /** The unit does not lead to its message: the queue's files are wrong, or the log is damaged there. */
  private suspect(queueOffset: number, finding: string): 'next' | 'done' {
    const verdict = this.parts.onSuspectUnit(this.queue, queueOffset, finding);
    return verdict === 'damaged' ? this.skip('MESSAGE_WAS_REMOVING') : this.interrupt();
  }

  /** Ends the read in front of a message that cannot be read now; the reader comes back for it. */
  private interrupt(): 'done' {
    if (this.messageCount === 0) this.status = 'OFFSET_FOUND_NULL';
    return 'done';
  }

  private matchesRecord(buffer: Buffer, position: number, sizeBytes: number): boolean {
    const { matchesRecord } = this.request;
    return !matchesRecord || matchesRecord(buffer.subarray(position, position + sizeBytes));
  }

  private holdSlab(slab: LogSlab): void {
    if (this.slabs[this.slabs.length - 1] === slab) return;
    slab.holds++;
    this.slabs.push(slab);
  }

  private addPiece(buffer: Buffer, position: number, sizeBytes: number): void {
    this.totalBytes += sizeBytes;
    this.spans.add(buffer, position, sizeBytes);
  }

  /** Finds the units from `queueOffset` on, in memory or in a chunk of the queue's file. */
  private findUnits(queueOffset: number): 'found' | 'waiting' | 'none' {
    const { queue, parts } = this;
    this.dropUnitChunk();
    if (queueOffset >= queue.memoryOffset) {
      this.unitView = queue.memoryView;
      this.unitStart = queue.memoryOffset;
      this.unitEnd = queue.maxOffset;
      return 'found';
    }
    const chunk = parts.units.chunkFor(queue, queueOffset);
    if (!chunk.loaded && !this.unitsUnreadable) {
      chunk.waiters.push(() => {
        this.unitsUnreadable = chunk.failure !== undefined;
        this.run();
      });
      return 'waiting';
    }
    if (this.unitsUnreadable || !covers(chunk, queueOffset)) {
      const verdict = parts.onSuspectUnit(queue, queueOffset, 'file of the queue unreadable');
      if (verdict === 'damaged') this.skipFile();
      this.interrupt();
      return 'none';
    }
    chunk.holds++;
    this.unitChunk = chunk;
    this.unitView = chunk.view;
    this.unitStart = chunk.startOffset;
    this.unitEnd = chunk.startOffset + Math.floor(chunk.validBytes / UNIT_BYTES);
    return 'found';
  }

  /** Source: rocketmq 5.5.0 `ConsumeQueue#rollNextFile`. */
  private skipFile(): void {
    const unitCount = this.parts.queueFileUnitCount;
    this.nextQueueOffset += unitCount - (this.nextQueueOffset % unitCount);
  }

  private dropUnitChunk(): void {
    if (this.unitChunk) this.parts.units.release(this.unitChunk);
    this.unitChunk = undefined;
  }

  /** Asks for all records that this read will probably give, from the one at `queueOffset` on. */
  private requestAhead(fetch: RecordFetch, queueOffset: number): void {
    const { request, parts } = this;
    const { matchesTagsCode } = request;
    const tailStart = parts.tailCache.startOffset;
    const countMax = request.maxCount - this.messageCount;
    const bytesMax = this.bytesMax - this.totalBytes;
    let count = 0;
    let bytes = 0;
    const end = Math.min(this.unitEnd, this.maxQueueOffset);
    for (let offset = queueOffset; offset < end; offset++) {
      const at = (offset - this.unitStart) * UNIT_BYTES;
      const commitLogOffset = unitCommitLogOffset(this.unitView, at);
      const sizeBytes = unitSizeBytes(this.unitView, at);
      if (commitLogOffset >= tailStart || sizeBytes <= 0) break;
      if (commitLogOffset + sizeBytes > parts.writtenOffset()) break;
      if (matchesTagsCode && !matchesTagsCode(unitTagsCode(this.unitView, at))) continue;
      if (count > 0 && (count >= countMax || bytes + sizeBytes > bytesMax)) break;
      fetch.want(commitLogOffset, sizeBytes);
      count++;
      bytes += sizeBytes;
    }
    fetch.start();
  }
}
