import type { Disk } from '@rocketmq-ts/kernel';
import {
  checkRecord,
  decodeRecord,
  MAGIC_V1,
  MAGIC_V2,
  RecordAt,
  type MessageRecord,
  type RecordDefect,
} from '@rocketmq-ts/protocol';
import { parseSegmentName } from '../segment.js';

/** What stands in a commit log, in order. */
export type LogFinding =
  | { readonly kind: 'record'; readonly record: MessageRecord }
  /** The mark that ends a file. */
  | { readonly kind: 'blank'; readonly commitLogOffset: number; readonly file: string }
  /** The log ends here: only zeros follow. */
  | { readonly kind: 'end'; readonly commitLogOffset: number }
  /** Bytes that are no record; `sizeBytes` of them until the next record or the end of the file. */
  | {
      readonly kind: 'damage';
      readonly commitLogOffset: number;
      readonly file: string;
      readonly sizeBytes: number;
      readonly defect: RecordDefect;
    }
  /** A file is missing between two others, or has another length than the first. */
  | { readonly kind: 'file'; readonly file: string; readonly finding: string };

/** One file of the log. */
export interface LogFile {
  readonly name: string;
  readonly path: string;
  readonly startOffset: number;
  readonly sizeBytes: number;
}

/** Read at once; larger than any record, so that a record that crosses the end of a window fits the next one. */
const WINDOW_BYTES = 16 * 1024 * 1024;

export async function listLogFiles(disk: Disk, directory: string): Promise<LogFile[]> {
  const files: LogFile[] = [];
  for (const { name, directory: isDirectory, sizeBytes } of await disk.list(directory)) {
    const startOffset = isDirectory ? undefined : parseSegmentName(name);
    if (startOffset !== undefined)
      files.push({ name, path: `${directory}/${name}`, startOffset, sizeBytes });
  }
  return files;
}

/**
 * Reads a log from its first file to its end, whatever state it is in, and changes nothing. Behind damage it goes on at
 * the next place where a record stands that knows its own position.
 */
export async function* walkLog(
  disk: Disk,
  directory: string,
  verifyBody: boolean,
): AsyncGenerator<LogFinding> {
  const files = await listLogFiles(disk, directory);
  let expectedStart = files[0]?.startOffset;
  for (const [number, file] of files.entries()) {
    if (expectedStart !== undefined && file.startOffset !== expectedStart) {
      yield {
        kind: 'file',
        file: file.path,
        finding: `begins at ${file.startOffset}; ${expectedStart} was expected`,
      };
    }
    if (file.sizeBytes !== files[0]?.sizeBytes) {
      yield {
        kind: 'file',
        file: file.path,
        finding: `has ${file.sizeBytes} bytes; the first file has ${files[0]?.sizeBytes ?? 0}`,
      };
    }
    expectedStart = file.startOffset + file.sizeBytes;
    yield* walkFile(disk, file, verifyBody, number === files.length - 1);
  }
}

async function* walkFile(
  disk: Disk,
  file: LogFile,
  verifyBody: boolean,
  isLast: boolean,
): AsyncGenerator<LogFinding> {
  const handle = await disk.open(file.path, { create: false, readOnly: true });
  const window = Buffer.alloc(Math.min(WINDOW_BYTES, file.sizeBytes));
  let windowStart = 0;
  let windowBytes = handle.readNow(window, 0);
  let at = 0;
  try {
    while (at < file.sizeBytes) {
      // Records are checked in memory; the window moves when less than half of it is left.
      if (at - windowStart > window.length / 2 && windowStart + windowBytes < file.sizeBytes) {
        windowStart = at;
        windowBytes = handle.readNow(window, windowStart);
      }
      const commitLogOffset = file.startOffset + at;
      const inWindow = at - windowStart;
      const checked = checkRecord(window, inWindow, windowBytes, { verifyBody, commitLogOffset });
      if (typeof checked === 'number') {
        yield { kind: 'record', record: decodeRecord(window, inWindow, inWindow + checked) };
        at += checked;
      } else if (checked === 'blank') {
        yield { kind: 'blank', commitLogOffset, file: file.path };
        return;
      } else if (checked === 'nothing' && isZero(handle, at, file.sizeBytes)) {
        if (isLast) yield { kind: 'end', commitLogOffset };
        else
          yield {
            kind: 'damage',
            commitLogOffset,
            file: file.path,
            sizeBytes: file.sizeBytes - at,
            defect: checked,
          };
        return;
      } else {
        const next = findNextRecord(handle, at + 1, file);
        yield {
          kind: 'damage',
          commitLogOffset,
          file: file.path,
          sizeBytes: next - at,
          defect: checked,
        };
        at = next;
        windowStart = at;
        windowBytes = handle.readNow(window, windowStart);
      }
    }
  } finally {
    await handle.close();
  }
}

interface Readable {
  readNow(into: Uint8Array, position: number): number;
}

/** @returns position of the next sound record, or the size of the file. */
function findNextRecord(handle: Readable, from: number, file: LogFile): number {
  const bytes = Buffer.alloc(Math.min(WINDOW_BYTES, file.sizeBytes));
  for (let start = from; start < file.sizeBytes;) {
    const length = handle.readNow(bytes, start);
    for (let at = 0; at + RecordAt.BORN_HOST <= length; at++) {
      const magic = bytes.readInt32BE(at + RecordAt.MAGIC);
      if (magic !== MAGIC_V1 && magic !== MAGIC_V2) continue;
      const commitLogOffset = file.startOffset + start + at;
      if (typeof checkRecord(bytes, at, length, { verifyBody: true, commitLogOffset }) === 'number')
        return start + at;
    }
    if (start + length >= file.sizeBytes) break;
    start += Math.max(1, Math.trunc(length / 2)); // a record may cross the end of this window
  }
  return file.sizeBytes;
}

function isZero(handle: Readable, from: number, to: number): boolean {
  const bytes = Buffer.alloc(Math.min(1024 * 1024, to - from));
  for (let at = from; at < to;) {
    const length = handle.readNow(bytes, at);
    if (length === 0) return true; // shorter than its name says; what is not there reads as zero
    if (bytes.subarray(0, Math.min(length, to - at)).some((byte) => byte !== 0)) return false;
    at += length;
  }
  return true;
}
