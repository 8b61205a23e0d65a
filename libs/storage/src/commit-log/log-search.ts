import { KIB, MIB } from '@rocketmq-ts/kernel';
import { RecordAt } from '@rocketmq-ts/protocol';
import type { Segment } from '../segment.js';
import type { LogScanner } from './log-scanner.js';
import type { LogSegments } from './log-segments.js';

const WINDOW_BYTES = MIB;
/** Behind the place in question every byte is looked at up to here; no write that was under way is longer. */
const THOROUGH_BYTES = 40 * MIB;
/** Further on one probe in each stretch of this length is read: reading zeros out of a hole costs as much as reading data. */
const PROBE_DISTANCE_BYTES = MIB;
const PROBE_BYTES = 16 * KIB;
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
 * Looks for a sound record behind `offset`, in this file and in those that follow. A record counts when all its checks hold,
 * its own offset included, so bytes of a message body cannot be mistaken for one. Every position is tried within
 * `THOROUGH_BYTES`, and everywhere else unless the rest of a file looks empty: probes that are closer together than any
 * stretch of log that is worth mentioning all find zeros.
 * @throws system error
 */
export async function lookBehind(
  segments: LogSegments,
  scanner: LogScanner,
  offset: number,
): Promise<Behind> {
  let hasBytes = false;
  let from = offset;
  for (let segment = segments.find(from); segment; segment = segments.find(from)) {
    const thoroughEnd = Math.min(from + THOROUGH_BYTES, segment.endOffset);
    const rest = (await isEmpty(segment, thoroughEnd)) ? thoroughEnd : segment.endOffset;
    const found = await lookIn(segment, scanner, from, rest);
    hasBytes ||= found.hasBytes || rest > thoroughEnd;
    if (found.nextRecordOffset !== undefined) {
      return { nextRecordOffset: found.nextRecordOffset, hasBytes };
    }
    from = segment.endOffset;
  }
  return { nextRecordOffset: undefined, hasBytes };
}

/** Whether probes from `fromOffset` to the end of the file find zeros alone. */
async function isEmpty(segment: Segment, fromOffset: number): Promise<boolean> {
  const probe = Buffer.alloc(PROBE_BYTES);
  const zeros = Buffer.alloc(PROBE_BYTES);
  for (let at = fromOffset; at < segment.endOffset; at += PROBE_DISTANCE_BYTES) {
    const length = await readInto(segment, at, probe, segment.endOffset - at);
    if (!probe.subarray(0, length).equals(zeros.subarray(0, length))) return false;
  }
  return true;
}

async function lookIn(
  segment: Segment,
  scanner: LogScanner,
  fromOffset: number,
  toOffset: number,
): Promise<Behind> {
  const buffer = Buffer.alloc(WINDOW_BYTES);
  const zeros = Buffer.alloc(WINDOW_BYTES);
  let hasBytes = false;
  for (let at = fromOffset; at < toOffset; at += WINDOW_BYTES - OVERLAP_BYTES) {
    const length = await readInto(segment, at, buffer, toOffset - at);
    if (length === 0) break;
    const window = buffer.subarray(0, length);
    if (window.equals(zeros.subarray(0, length))) continue;
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

/** Fills `buffer` with what the file has from `offset` on, `lengthMax` bytes at most. @returns count of bytes */
function readInto(
  segment: Segment,
  offset: number,
  buffer: Buffer,
  lengthMax: number,
): Promise<number> {
  const into = lengthMax < buffer.length ? buffer.subarray(0, lengthMax) : buffer;
  return new Promise((resolve, reject) => {
    segment.file.read(into, offset - segment.startOffset, (error, bytesRead) => {
      if (error) reject(error);
      else resolve(bytesRead);
    });
  });
}
