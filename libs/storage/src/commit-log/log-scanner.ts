import { KIB, MIB } from '@rocketmq-ts/kernel';
import {
  checkRecord,
  isHiddenTransaction,
  locateRecord,
  MAGIC_V1,
  MAGIC_V2,
  MessageSysFlag,
  RecordAt,
  RecordLayout,
  tagsCodeOfBytes,
  type RecordDefect,
} from '@rocketmq-ts/protocol';
import type { Segment } from '../segment.js';
import type { LogSegments } from './log-segments.js';
import { lightPlaces, type LightPlace } from '../light-queue/light-places.js';
import { PropertyWalk } from './property-walk.js';

const WINDOW_BYTES = MIB;
/** Records up to this size may lie across two windows without an extra buffer. */
const HEADROOM_BYTES = 64 * KIB;
const NO_BYTES = Buffer.alloc(0);
/** A size beyond is taken for damage: no broker is set up for such messages. */
const RECORD_BYTES_MAX = 256 * MIB;
const TWO_32 = 0x1_0000_0000;
const SCHEDULE_TOPIC = 'SCHEDULE_TOPIC_XXXX';
const TOPICS_KNOWN_MAX = 100_000;

/** A record as the scanner saw it. The object is reused for the next one. */
export interface ScannedRecord {
  readonly commitLogOffset: number;
  readonly sizeBytes: number;
  readonly topic: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly sysFlag: number;
  readonly storeTimestampMs: number;
  readonly tagsCode: number;
  readonly uniqKey: string | undefined;
  readonly keys: string | undefined;
  readonly tags: string | undefined;
  /** Its places in light queues; undefined where it has none. */
  readonly lightPlaces: readonly LightPlace[] | undefined;
}

/** Where a scan ended, and why. `limit`: it came to the offset where it was to end. */
export interface ScanEnd {
  readonly offset: number;
  readonly reason: Exclude<RecordDefect, 'blank'> | 'limit' | 'end-of-files';
}

class Scanned implements ScannedRecord {
  commitLogOffset = 0;
  sizeBytes = 0;
  topic = '';
  queueId = 0;
  queueOffset = 0;
  sysFlag = 0;
  storeTimestampMs = 0;
  tagsCode = 0;
  uniqKey: string | undefined = undefined;
  keys: string | undefined = undefined;
  tags: string | undefined = undefined;
  lightPlaces: readonly LightPlace[] | undefined = undefined;
}

const int64At = (bytes: Buffer, at: number): number =>
  bytes.readInt32BE(at) * TWO_32 + bytes.readUInt32BE(at + 4);

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
  private readonly record = new Scanned();
  private readonly layout = new RecordLayout();
  private readonly properties = new PropertyWalk();
  private readonly topics = new Map<number, { bytes: Buffer; text: string }>();
  private readonly check = { verifyBody: true, commitLogOffset: 0 };

  constructor(
    private readonly segments: LogSegments,
    private readonly options: {
      /** Read the keys for an index. */
      readonly withKeys: boolean;
      readonly deliverTimestampMs: (delayLevel: number, storeTimestampMs: number) => number;
    },
  ) {}

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
        this.fill(window.buffer, position, offset, outcome);
        const waiting = visit(this.record);
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

  private fill(bytes: Buffer, position: number, offset: number, sizeBytes: number): void {
    const { record, layout } = this;
    locateRecord(bytes, position, position + sizeBytes, layout);
    record.commitLogOffset = offset;
    record.sizeBytes = sizeBytes;
    record.queueId = bytes.readInt32BE(position + RecordAt.QUEUE_ID);
    record.queueOffset = int64At(bytes, position + RecordAt.QUEUE_OFFSET);
    record.sysFlag = layout.sysFlag;
    record.storeTimestampMs = int64At(bytes, layout.storeTimestampAt);
    record.topic = this.topicText(bytes, layout.topicStart, layout.topicEnd);
    const { properties } = this;
    properties.find(bytes, layout.propertiesStart, layout.propertiesEnd);
    record.tagsCode = this.tagsCode(bytes);
    record.lightPlaces = this.lightPlaces(bytes);
    if (!this.options.withKeys) return;
    record.uniqKey = properties.text(bytes, 'UNIQ_KEY');
    record.keys = properties.text(bytes, 'KEYS');
    record.tags = properties.text(bytes, 'TAGS');
  }

  /** Source: rocketmq 5.5.0 `CommitLog#checkMessageAndReturnSize`. */
  private tagsCode(bytes: Buffer): number {
    const { record, properties } = this;
    if (record.topic === SCHEDULE_TOPIC) {
      const level = Number.parseInt(properties.text(bytes, 'DELAY') ?? '', 10);
      if (level > 0) return this.options.deliverTimestampMs(level, record.storeTimestampMs);
    }
    const { TAGS } = properties.found;
    return TAGS.end > TAGS.start ? tagsCodeOfBytes(bytes, TAGS.start, TAGS.end) : 0;
  }

  private lightPlaces(bytes: Buffer): LightPlace[] | undefined {
    const offsets = this.properties.text(bytes, 'INNER_MULTI_QUEUE_OFFSET');
    if (offsets === undefined || isHiddenTransaction(this.record.sysFlag)) return undefined;
    const names = this.properties.text(bytes, 'INNER_MULTI_DISPATCH');
    return names === undefined ? undefined : lightPlaces(this.record.topic, names, offsets);
  }

  /** The topic as text; the same few topics come again and again. */
  private topicText(bytes: Buffer, start: number, end: number): string {
    let hash = end - start;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const known = this.topics.get(hash);
    if (known && known.bytes.length === end - start && isSame(bytes, start, known.bytes)) {
      return known.text;
    }
    const text = bytes.toString('utf8', start, end);
    if (this.topics.size >= TOPICS_KNOWN_MAX) this.topics.clear();
    this.topics.set(hash, { bytes: Buffer.from(bytes.subarray(start, end)), text });
    return text;
  }
}

function isSame(bytes: Buffer, start: number, other: Buffer): boolean {
  for (let i = 0; i < other.length; i++) if (bytes[start + i] !== other[i]) return false;
  return true;
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
