import { crc32 } from 'node:zlib';
import { MIB, type Disk, type Logger } from '@rocketmq-ts/kernel';
import {
  BLANK_MIN_BYTES,
  encodeRecord,
  MAGIC_BLANK,
  MessageSysFlag,
  recordSizeBytes,
} from '@rocketmq-ts/protocol';
import { writeAndSync } from '../checkpoint.js';
import { segmentName, type Segment } from '../segment.js';
import { CorruptionError } from '../store-errors.js';
import { FILLER_QUEUE_ID, readAt } from './log-scanner.js';
import type { LogSegments } from './log-segments.js';

/** Topic of the records that stand for lost ones. */
const FILLER_TOPIC = Buffer.from('R', 'latin1');
const FILLER_HOST = Buffer.alloc(8);
const NO_BYTES = Buffer.alloc(0);
const STEP_BYTES = MIB;
/** Folder in the store's root for bytes that recovery took out of the log. */
export const REMOVED_DIRECTORY = 'rocketmq-ts.removed';

/**
 * Ends the log at `offset`: the rest of the file becomes a hole that reads as zeros, later files go, and all that is durable
 * before it returns. Without this, records of an earlier life could come back after another crash.
 * @throws system error
 */
export async function cutLog(
  disk: Disk,
  segments: LogSegments,
  directory: string,
  offset: number,
): Promise<void> {
  for (;;) {
    const last = segments.all.at(-1);
    if (!last || last.startOffset <= offset) break;
    segments.dropLast();
    await last.file.close();
    await disk.remove(last.file.path);
  }
  const segment = segments.find(offset);
  if (segment) {
    // Two steps that a crash may part: a short last file is brought to its length at the next start.
    await segment.file.truncate(offset - segment.startOffset);
    await segment.file.truncate(segment.sizeBytes);
    await syncFile(segment);
  }
  await disk.syncDirectory(directory);
}

/**
 * Copies the bytes from `fromOffset` to `toOffset` into a file of their own, named after their place in the log, before they
 * are removed or overwritten. Zeros stay holes.
 * @returns path of the copy. @throws system error
 */
export async function keepCopy(
  { disk, logger }: { disk: Disk; logger: Logger },
  segments: LogSegments,
  rootPath: string,
  fromOffset: number,
  toOffset: number,
): Promise<string> {
  const directory = `${rootPath}/${REMOVED_DIRECTORY}`;
  await disk.makeDirectory(directory);
  const path = `${directory}/${segmentName(fromOffset)}`;
  const copy = await disk.open(path, { create: true });
  try {
    const zeros = Buffer.alloc(STEP_BYTES);
    let at = fromOffset;
    while (at < toOffset) {
      const segment = segments.find(at);
      if (!segment) break;
      const length = Math.min(STEP_BYTES, toOffset - at, segment.endOffset - at);
      const bytes = await readAt(segment, at, length);
      if (!bytes.equals(zeros.subarray(0, bytes.length))) {
        await writeAndSync(copy, bytes, at - fromOffset, false);
      }
      at += length;
    }
    await new Promise<void>((resolve, reject) => {
      copy.dataSync((error) => (error ? reject(error) : resolve()));
    });
  } finally {
    await copy.close();
  }
  await disk.syncDirectory(directory);
  logger.warn('bytes taken out of the commit log were kept', { path, fromOffset, toOffset });
  return path;
}

/**
 * Bridges a damaged range so that every reader of the format steps over it: with a record that belongs to no queue, or with
 * the end-of-file mark where the next sound record is in a later file. Durable when it returns.
 * @throws {CorruptionError} the range is too short for a record: then it was not a record that was damaged.
 * @throws system error
 */
export async function bridgeGap(
  segments: LogSegments,
  fromOffset: number,
  nextRecordOffset: number,
  /** Store time of the record before the range: what stands there must not disturb searches by time. */
  storeTimestampMs: number,
): Promise<void> {
  let at = fromOffset;
  while (at < nextRecordOffset) {
    const segment = segments.find(at)!;
    if (nextRecordOffset >= segment.endOffset) {
      await endFile(segment, at, storeTimestampMs);
      at = segment.endOffset;
    } else {
      await writeFiller(segment, at, nextRecordOffset - at, storeTimestampMs);
      at = nextRecordOffset;
    }
  }
}

/** Fills a file that stands for a missing one: a small record that lost messages can point to, then the end mark. */
export async function writeGapFile(segment: Segment): Promise<void> {
  await endFile(segment, segment.startOffset, 0);
}

const fillerBytes = (bodyBytes: number): number =>
  recordSizeBytes(FILLER_TOPIC.length, bodyBytes, 0, FILLER_HOST.length, FILLER_HOST.length);

async function endFile(segment: Segment, offset: number, storeTimestampMs: number): Promise<void> {
  const remaining = segment.endOffset - offset;
  if (remaining < BLANK_MIN_BYTES) {
    throw new CorruptionError(
      segment.file.path,
      offset - segment.startOffset,
      `only ${remaining} bytes are left of the file, too few for its end mark`,
    );
  }
  // A filler in front where there is room: places of lost messages need a record to point to.
  const room = remaining - BLANK_MIN_BYTES;
  const at = room >= fillerBytes(0) ? offset + fillerBytes(0) : offset;
  if (at > offset) await writeFiller(segment, offset, at - offset, storeTimestampMs);
  const mark = Buffer.alloc(BLANK_MIN_BYTES);
  mark.writeInt32BE(segment.endOffset - at, 0);
  mark.writeInt32BE(MAGIC_BLANK, 4);
  await writeAndSync(segment.file, mark, at - segment.startOffset, true);
}

async function writeFiller(
  segment: Segment,
  offset: number,
  sizeBytes: number,
  storeTimestampMs: number,
): Promise<void> {
  const bodyBytes = sizeBytes - fillerBytes(0);
  if (bodyBytes < 0) {
    throw new CorruptionError(
      segment.file.path,
      offset - segment.startOffset,
      `${sizeBytes} bytes between two records are too few for a record of their own`,
    );
  }
  const body = Buffer.alloc(bodyBytes);
  const record = Buffer.alloc(sizeBytes);
  encodeRecord(record, 0, {
    topicBytes: FILLER_TOPIC,
    queueId: FILLER_QUEUE_ID,
    flag: 0,
    queueOffset: 0,
    commitLogOffset: offset,
    sysFlag: MessageSysFlag.TRANSACTION_ROLLBACK,
    bornTimestampMs: 0,
    bornHostBytes: FILLER_HOST,
    storeTimestampMs,
    storeHostBytes: FILLER_HOST,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    bodyBytes: body,
    bodyStart: 0,
    bodyEnd: bodyBytes,
    bodyCrc: bodyBytes === 0 ? 0 : crc32(body) & 0x7fffffff,
    propertiesBytes: NO_BYTES,
    propertiesStart: 0,
    propertiesEnd: 0,
  });
  await writeAndSync(segment.file, record, offset - segment.startOffset, true);
}

function syncFile(segment: Segment): Promise<void> {
  return new Promise((resolve, reject) => {
    segment.file.dataSync((error) => (error ? reject(error) : resolve()));
  });
}
