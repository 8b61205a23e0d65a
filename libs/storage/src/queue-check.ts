import { describeError, viewOf, type DiskFile, type Logger } from '@rocketmq-ts/kernel';
import { LogScanner } from './commit-log/log-scanner.js';
import type { ScannedRecord } from './commit-log/record-facts.js';
import { lookBehind } from './commit-log/log-search.js';
import type { LogSegments } from './commit-log/log-segments.js';
import type { ConsumeQueue } from './consume-queue/consume-queue.js';
import type { QueueFiles } from './consume-queue/queue-files.js';
import type { QueueFlusher } from './consume-queue/queue-flusher.js';
import type { QueueWriter } from './consume-queue/queue-writer.js';
import { UNIT_BYTES, writeUnit } from './consume-queue/queue-unit.js';
import type { SuspectVerdict } from './read/reader-parts.js';
import { RECORD_HEAD_BYTES, findDefect, findLightDefect } from './read/stored-record.js';
import type { TimeSearch } from './read/time-search.js';
import type { UnitSource } from './read/unit-source.js';
import { readAt } from './commit-log/log-scanner.js';
import type { StoreCounters } from './store-counters.js';

/** Damaged messages that are remembered by place, so that they are not looked into again and again. */
const DAMAGED_MAX = 100_000;

/** Damaged messages that get a log line each; the counter tells of the others. */
const DAMAGE_LINES_MAX = 20;

/** Bounds between which a queue's units are not known to be right. */
interface Doubt {
  readonly fromQueueOffset: number;
  readonly toQueueOffset: number;
  readonly fromCommitLogOffset: number;
  readonly toCommitLogOffset: number;
}

/**
 * Mends queue units that do not lead to their messages while the store is running: the part of the log in which the messages
 * must lie is read, and the units are written anew. What is not found there is lost, and remembered as such.
 *
 * Invariants:
 *  I1  only units that were written before the check began are changed: it never meets the queue writer;
 *  I2  a unit that leads to its message is never changed.
 */
export class QueueCheck {
  private readonly checking = new Map<ConsumeQueue, Promise<void>>();
  private readonly damaged = new Set<string>();
  private readonly scanner: LogScanner;
  private stopped = false;

  constructor(
    private readonly parts: {
      readonly logger: Logger;
      readonly counters: StoreCounters;
      readonly segments: LogSegments;
      readonly files: QueueFiles;
      readonly flusher: QueueFlusher;
      readonly queueWriter: QueueWriter;
      readonly units: UnitSource;
      readonly timeSearch: TimeSearch;
      readonly dispatchedOffset: () => number;
      readonly deliverTimestampMs: (delayLevel: number, storeTimestampMs: number) => number;
    },
  ) {
    this.scanner = new LogScanner(parts.segments, { withKeys: false, ...parts });
  }

  /** A reader met a unit that leads nowhere. Begins a check unless one runs or has told already. */
  suspect(queue: ConsumeQueue, queueOffset: number, finding: string): SuspectVerdict {
    if (this.damaged.has(placeOf(queue, queueOffset))) return 'damaged';
    if (!this.checking.has(queue) && !this.stopped) {
      this.parts.logger.warn('consume-queue unit does not lead to its message, checking', {
        topic: queue.topic,
        queueId: queue.queueId,
        queueOffset,
        finding,
      });
      const check = this.check(queue, queueOffset).catch((error: unknown) => {
        this.parts.logger.error('checking a consume queue failed', { error: describeError(error) });
      });
      this.checking.set(
        queue,
        check.finally(() => this.checking.delete(queue)),
      );
    }
    return 'checking';
  }

  /** A message's body was changed on disk: it is not served, and counted once. */
  noteDamage(queue: ConsumeQueue, queueOffset: number, commitLogOffset: number): void {
    const place = placeOf(queue, queueOffset);
    if (this.damaged.has(place) || this.damaged.size >= DAMAGED_MAX) return;
    this.damaged.add(place);
    this.parts.counters.damagedRecords++;
    if (this.damaged.size > DAMAGE_LINES_MAX) return;
    this.parts.logger.error('message is damaged on disk and is not served', {
      topic: queue.topic,
      queueId: queue.queueId,
      queueOffset,
      commitLogOffset,
    });
  }

  /** Waits for the checks that run. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.checking.values());
  }

  private async check(queue: ConsumeQueue, queueOffset: number): Promise<void> {
    const doubt = await this.boundsAround(queue, queueOffset);
    const found = new Map<number, ScannedRecord>();
    await this.scanOver(doubt, (record) => {
      const offset = placeIn(queue, record);
      if (offset === undefined) return;
      const inside = offset >= doubt.fromQueueOffset && offset < doubt.toQueueOffset;
      if (inside && !found.has(offset)) found.set(offset, { ...record });
    });
    await this.rewrite(queue, doubt, found);
    this.parts.units.clear();
    for (let lost = doubt.fromQueueOffset; lost < doubt.toQueueOffset; lost++) {
      const record = found.get(lost);
      if (!record) this.noteDamage(queue, lost, -1);
    }
    this.parts.logger.info('consume queue checked', {
      topic: queue.topic,
      queueId: queue.queueId,
      fromQueueOffset: doubt.fromQueueOffset,
      toQueueOffset: doubt.toQueueOffset,
      messagesFound: found.size,
    });
  }

  /** Looks outwards from the unit for the next ones that are right; between them lies what has to be found again. */
  private async boundsAround(queue: ConsumeQueue, queueOffset: number): Promise<Doubt> {
    const { segments, dispatchedOffset } = this.parts;
    const end = queue.writtenOffset;
    const dispatched = dispatchedOffset();
    const first = Math.max(queue.minOffset, queue.firstFileOffset, 0);
    let below = queueOffset - 1;
    for (let step = 1; below >= first && !(await this.leadsHome(queue, below)); step *= 2) {
      below -= step;
    }
    let above = queueOffset + 1;
    for (let step = 1; above < end && !(await this.leadsHome(queue, above)); step *= 2) {
      above += step;
    }
    const unitBelow = below >= first ? await this.unitOrNone(queue, below) : undefined;
    const unitAbove = above < end ? await this.unitOrNone(queue, above) : undefined;
    return {
      fromQueueOffset: unitBelow ? below + 1 : first,
      toQueueOffset: unitAbove ? above : Math.min(above, end),
      fromCommitLogOffset: unitBelow
        ? unitBelow.commitLogOffset + unitBelow.sizeBytes
        : segments.minOffset,
      toCommitLogOffset: unitAbove ? unitAbove.commitLogOffset : dispatched,
    };
  }

  private async leadsHome(queue: ConsumeQueue, queueOffset: number): Promise<boolean> {
    const unit = await this.unitOrNone(queue, queueOffset);
    const segment = unit && this.parts.segments.find(unit.commitLogOffset);
    if (!unit || !segment) return false;
    const wanted = queue.light ? unit.sizeBytes : RECORD_HEAD_BYTES;
    const head = await readAt(segment, unit.commitLogOffset, wanted);
    if (head.length < Math.max(wanted, RECORD_HEAD_BYTES)) return false;
    const record = { buffer: head, view: viewOf(head), position: 0 };
    if (queue.light)
      return findLightDefect(record, { ...unit, queueOffset }, queue.topic, false) === undefined;
    const { queueId } = queue;
    return findDefect(record, { ...unit, queueId, queueOffset }, false) === undefined;
  }

  private async unitOrNone(
    queue: ConsumeQueue,
    queueOffset: number,
  ): Promise<{ commitLogOffset: number; sizeBytes: number } | undefined> {
    try {
      return await this.parts.timeSearch.unitAt(queue, queueOffset);
    } catch (error) {
      this.parts.logger.warn('consume-queue file cannot be read', { error: describeError(error) });
      return undefined;
    }
  }

  /** Scans a part of the log, stepping over what is damaged in it. */
  private async scanOver(doubt: Doubt, visit: (record: ScannedRecord) => void): Promise<void> {
    let from = doubt.fromCommitLogOffset;
    while (from < doubt.toCommitLogOffset && !this.stopped) {
      const end = await this.scanner.scan(from, doubt.toCommitLogOffset, visit);
      if (end.reason === 'limit' || end.reason === 'end-of-files') return;
      const { nextRecordOffset } = await lookBehind(
        this.parts.segments,
        this.scanner,
        end.offset + 1,
      );
      if (nextRecordOffset === undefined) return;
      from = nextRecordOffset;
    }
  }

  private async rewrite(
    queue: ConsumeQueue,
    doubt: Doubt,
    found: ReadonlyMap<number, ScannedRecord>,
  ): Promise<void> {
    const { files, flusher, queueWriter } = this.parts;
    // Alone with the files: a topic must not be removed meanwhile.
    await queueWriter.exclusively(async () => {
      if (queue.retired || queue.firstFileOffset < 0) return;
      for (const [queueOffset, record] of found) {
        if (queueOffset >= queue.writtenOffset || queueOffset < doubt.fromQueueOffset) continue;
        const unit = Buffer.alloc(UNIT_BYTES);
        writeUnit(viewOf(unit), 0, record.commitLogOffset, record.sizeBytes, record.tagsCode);
        const file = await files.acquireForWrite(queue, queueOffset);
        try {
          await write(file, unit, (queueOffset % files.unitCount) * UNIT_BYTES);
        } finally {
          files.release(file);
        }
      }
      flusher.noteUnsynced(queue);
    });
  }
}

/** The record's offset in the queue; undefined where it does not stand there. */
function placeIn(queue: ConsumeQueue, record: ScannedRecord): number | undefined {
  if (queue.light) {
    const place = record.lightPlaces?.find(({ name }) => name === queue.topic);
    if (place) return place.queueOffset;
  }
  const ours = record.topic === queue.topic && record.queueId === queue.queueId;
  return ours ? record.queueOffset : undefined;
}

const placeOf = (queue: ConsumeQueue, queueOffset: number): string =>
  `${queue.serial} ${queueOffset}`;

function write(file: DiskFile, bytes: Buffer, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    file.write([bytes], position, (error) => (error ? reject(error) : resolve()));
  });
}
