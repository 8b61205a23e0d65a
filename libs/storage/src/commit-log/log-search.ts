import { MIB } from '@rocketmq-ts/kernel';
import { RecordAt } from '@rocketmq-ts/protocol';
import type { Segment } from '../segment.js';
import { readAt, type LogScanner } from './log-scanner.js';
import type { LogSegments } from './log-segments.js';

const WINDOW_BYTES = 4 * MIB;
/** What the two record magics have in common: their first three bytes. */
const MAGIC_START = Buffer.from([0xda, 0xa3, 0x20]);
const OVERLAP_BYTES = RecordAt.MAGIC + MAGIC_START.length - 1;

/** What lies behind a place where no sound record is. */
export interface Behind {
  /** Where the next sound record begins; undefined where there is none up to the end of the last file. */
  readonly nextRecordOffset: number | undefined;
  /** Whether any byte between here and there (or the end) is not zero. */
  readonly hasBytes: boolean;
}

/**
 * Looks for a sound record behind `offset`: at every position of this file and of those that follow. A record counts when
 * all its checks hold, its own offset included, so bytes of a message body cannot be mistaken for one.
 * @throws system error
 */
export async function lookBehind(
  segments: LogSegments,
  scanner: LogScanner,
  offset: number,
): Promise<Behind> {
  let hasBytes = false;
  let segment = segments.find(offset);
  let from = offset;
  while (segment) {
    const found = await lookInSegment(segment, scanner, from);
    hasBytes ||= found.hasBytes;
    if (found.nextRecordOffset !== undefined) {
      return { nextRecordOffset: found.nextRecordOffset, hasBytes };
    }
    from = segment.endOffset;
    segment = segments.find(from);
  }
  return { nextRecordOffset: undefined, hasBytes };
}

async function lookInSegment(
  segment: Segment,
  scanner: LogScanner,
  fromOffset: number,
): Promise<Behind> {
  const zeros = Buffer.alloc(WINDOW_BYTES);
  let hasBytes = false;
  // One window ahead is not worth it here: nearly always these are zeros that no disk has to deliver.
  for (let at = fromOffset; at < segment.endOffset; at += WINDOW_BYTES - OVERLAP_BYTES) {
    const window = await readAt(segment, at, Math.min(WINDOW_BYTES, segment.endOffset - at));
    if (window.length === 0) break;
    if (window.equals(zeros.subarray(0, window.length))) continue;
    hasBytes = true;
    let hit = window.indexOf(MAGIC_START);
    while (hit >= 0) {
      const candidate = at + hit - RecordAt.MAGIC;
      if (candidate >= fromOffset && (await scanner.recordSizeAt(candidate)) !== undefined) {
        return { nextRecordOffset: candidate, hasBytes };
      }
      hit = window.indexOf(MAGIC_START, hit + 1);
    }
  }
  return { nextRecordOffset: undefined, hasBytes };
}
