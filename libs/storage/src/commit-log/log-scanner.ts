import { KIB, MIB } from '@rocketmq-ts/kernel';
import {
  checkRecord,
  MAGIC_V1,
  MAGIC_V2,
  MessageSysFlag,
  RecordAt,
  type RecordDefect,
} from '@rocketmq-ts/protocol';
import type { Segment } from '../segment.js';
import type { LogSegments } from './log-segments.js';
import { RecordFacts, type RecordFactsOptions, type ScannedRecord } from './record-facts.js';

const WINDOW_BYTES = MIB;
/** Records up to this size may lie across two windows without an extra buffer. */
const HEADROOM_BYTES = 64 * KIB;
const NO_BYTES = Buffer.alloc(0);
/** A size beyond is taken for damage: no broker is set up for such messages. */
const RECORD_BYTES_MAX = 256 * MIB;

/** Where a scan ended, and why. `limit`: it came to the offset where it was to end. */
export interface ScanEnd {
  readonly offset: number;
  readonly reason: Exclude<RecordDefect, 'blank'> | 'limit' | 'end-of-files';
}

/** A part of a file in memory: bytes [start, end) of `buffer` are the log from `offset` on. */
interface Window {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  readonly offset: number;
}

/**
 * Reads a file window by window, one ahead, into two buffers in turn. In front of each window there is room for the record
 * that the one before cut off.
 */
class WindowReader {
  private readonly buffers: Buffer[] = [];
  private turn = 0;
  private ahead: Promise<Window>;

  constructor(
    private readonly segment: Segment,
    offset: number,
  ) {
    this.ahead = this.read(offset);
  }

  /** The window behind the last one, with `rest` (the end of the last one) in front of it. */
  async next(rest: Buffer): Promise<Window> {
    const window = await this.ahead;
    const joined = joinedTo(rest, window);
    // Only now: the read fills the buffer that `rest` lies in.
    this.ahead = this.read(window.offset + window.end - window.start);
    return joined;
  }

  /** Waits for the read that is under way, so that the file may be closed. */
  async stop(): Promise<void> {
    await this.ahead;
  }

  private read(offset: number): Promise<Window> {
    this.turn = 1 - this.turn;
    const buffer = (this.buffers[this.turn] ??= Buffer.allocUnsafeSlow(
      HEADROOM_BYTES + WINDOW_BYTES,
    ));
    const length = Math.min(WINDOW_BYTES, this.segment.endOffset - offset);
    if (length <= 0)
      return Promise.resolve({ buffer, start: HEADROOM_BYTES, end: HEADROOM_BYTES, offset });
    const into = buffer.subarray(HEADROOM_BYTES, HEADROOM_BYTES + length);
    return new Promise((resolve, reject) => {
      this.segment.file.read(into, offset - this.segment.startOffset, (error, bytesRead) => {
        if (error) reject(error);
        else resolve({ buffer, start: HEADROOM_BYTES, end: HEADROOM_BYTES + bytesRead, offset });
      });
    });
  }
}

/** The window with the end of the one before in front of it. */
function joinedTo(rest: Buffer, window: Window): Window {
  if (rest.length === 0) return window;
  const offset = window.offset - rest.length;
  if (rest.length > window.start) {
    const buffer = Buffer.concat([rest, window.buffer.subarray(window.start, window.end)]);
    return { buffer, start: 0, end: buffer.length, offset };
  }
  const start = window.start - rest.length;
  rest.copy(window.buffer, start);
  return { buffer: window.buffer, start, end: window.end, offset };
}

/**
 * Walks over the records of the log from one place on, checking each one as recovery must: lengths, its own offset, checksums.
 * The next part of the file is read while the present one is checked.
 */
export class LogScanner {
  private readonly facts: RecordFacts;
  private readonly check = { verifyBody: true, commitLogOffset: 0 };

  constructor(
    private readonly segments: LogSegments,
    options: RecordFactsOptions,
  ) {
    this.facts = new RecordFacts(options);
  }

  /**
   * Calls `visit` for each record in [fromOffset, toOffset). When it returns a promise the scan waits for it.
   * @throws system error; what `visit` throws
   */
  async scan(
    fromOffset: number,
    toOffset: number,
    visit: (record: ScannedRecord) => void | Promise<void>,
  ): Promise<ScanEnd> {
    let offset = fromOffset;
    while (offset < toOffset) {
      const segment = this.segments.find(offset);
      if (!segment) return { offset, reason: 'end-of-files' };
      const end = await this.scanSegment(segment, offset, toOffset, visit);
      if (end.reason !== 'blank') return { offset: end.offset, reason: end.reason };
      offset = segment.endOffset;
    }
    return { offset, reason: 'limit' };
  }

  /** Checks the one record at `offset`. @returns its size, or undefined where there is no sound record */
  async recordSizeAt(offset: number): Promise<number | undefined> {
    const segment = this.segments.find(offset);
    if (!segment) return undefined;
    const head = await readAt(segment, offset, 8);
    const size = head.length < 8 ? 0 : head.readInt32BE(0);
    if (
      size < RecordAt.BORN_HOST ||
      size > Math.min(segment.endOffset - offset, RECORD_BYTES_MAX)
    ) {
      return undefined;
    }
    const magic = head.readInt32BE(RecordAt.MAGIC);
    if (magic !== MAGIC_V1 && magic !== MAGIC_V2) return undefined;
    const bytes = await readAt(segment, offset, size);
    this.check.commitLogOffset = offset;
    return typeof checkRecord(bytes, 0, bytes.length, this.check) === 'number' ? size : undefined;
  }

  private async scanSegment(
    segment: Segment,
    fromOffset: number,
    toOffset: number,
    visit: (record: ScannedRecord) => void | Promise<void>,
  ): Promise<{ offset: number; reason: RecordDefect | 'limit' }> {
    const reader = new WindowReader(segment, fromOffset);
    let offset = fromOffset;
    let rest: Buffer = NO_BYTES;
    for (;;) {
      const window = await reader.next(rest);
      const windowEnd = window.offset + window.end - window.start;
      const gotMore = window.end - window.start > rest.length;
      const moreFollows = gotMore && windowEnd < segment.endOffset;
      let position = window.start;
      for (;;) {
        const outcome =
          offset >= toOffset ? 'limit' : this.checkAt(window, position, offset, moreFollows);
        if (outcome === 'more') break;
        if (typeof outcome === 'string') {
          await reader.stop();
          return { offset, reason: outcome };
        }
        const waiting = visit(this.facts.of(window.buffer, position, offset, outcome));
        if (waiting) await waiting;
        position += outcome;
        offset += outcome;
      }
      rest = window.buffer.subarray(position, window.end);
    }
  }

  /** @returns the size of a sound record, `more` when it goes on behind the window, or what is wrong. */
  private checkAt(
    { buffer, end }: Window,
    position: number,
    offset: number,
    moreFollows: boolean,
  ): number | RecordDefect | 'more' {
    const available = end - position;
    if (available < 8) return moreFollows ? 'more' : 'nothing';
    const size = buffer.readInt32BE(position);
    if (size > available && moreFollows && size <= RECORD_BYTES_MAX) {
      const magic = buffer.readInt32BE(position + RecordAt.MAGIC);
      if (magic === MAGIC_V1 || magic === MAGIC_V2) return 'more';
    }
    this.check.commitLogOffset = offset;
    return checkRecord(buffer, position, end, this.check);
  }
}

/** A record that a repair put in the place of lost ones: in no queue, in no index. */
export const isFiller = (record: { queueId: number; sysFlag: number }): boolean =>
  record.queueId === FILLER_QUEUE_ID &&
  (record.sysFlag & MessageSysFlag.TRANSACTION_MASK) === MessageSysFlag.TRANSACTION_ROLLBACK;

/** Queue id of fillers; no topic has such a queue. */
export const FILLER_QUEUE_ID = -1;

/** Reads up to `length` bytes. @throws system error */
export function readAt(segment: Segment, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  return new Promise((resolve, reject) => {
    segment.file.read(buffer, offset - segment.startOffset, (error, bytesRead) => {
      if (error) reject(error);
      else resolve(buffer.subarray(0, bytesRead));
    });
  });
}
