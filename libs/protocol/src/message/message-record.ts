import { crc32 } from 'node:zlib';
import { memoryViewOf, readSafeInt64, RocketMQError, writeSafeInt64 } from '@rocketmq-ts/kernel';
import { parsePropertiesBytes } from './message-properties.js';
import type { MessageProperties } from './message-properties.js';
import { HOST_V4_BYTES, HOST_V6_BYTES } from './host-address.js';
import { MessageSysFlag } from './sys-flag.js';

/** Marks a record whose topic has at most 127 bytes. */
export const MAGIC_V1 = 0xdaa320a7 | 0;
/** Marks a record whose topic length takes two bytes. */
export const MAGIC_V2 = 0xdaa320ab | 0;
/** Marks the end of a commit-log file: 4 bytes of what remains, these 4, then anything. */
export const MAGIC_BLANK = 0xcbd43194 | 0;
/** What a commit-log file keeps free behind its last record for that mark. */
export const BLANK_MIN_BYTES = 8;

/** Longest topic that a v1 record holds. */
export const TOPIC_BYTES_MAX_V1 = 127;
export const TOPIC_BYTES_MAX_V2 = 0x7fff;

/** Positions of the fields in front of the hosts: equal in every record. Layout: FORMAT.md. */
export const RecordAt = {
  TOTAL_SIZE: 0,
  MAGIC: 4,
  BODY_CRC: 8,
  QUEUE_ID: 12,
  FLAG: 16,
  QUEUE_OFFSET: 20,
  COMMIT_LOG_OFFSET: 28,
  SYS_FLAG: 36,
  BORN_TIMESTAMP: 40,
  BORN_HOST: 48,
} as const;

/** storeTimestamp 8, reconsumeTimes 4, preparedTransactionOffset 8, bodyLength 4, propertiesLength 2. */
const FIXED_BEHIND_HOSTS_BYTES = 26;

/**
 * What a record is made of. Bytes stand as a buffer and a range in it, so that nothing is cut out on the way from a
 * request to the log.
 */
export interface RecordSource {
  readonly topicBytes: Buffer;
  readonly queueId: number;
  readonly flag: number;
  /** As stored; 0 for half and rolled-back messages, which is the caller's decision. */
  readonly queueOffset: number;
  readonly commitLogOffset: number;
  /** Without the host bits: those follow from the lengths of the hosts. */
  readonly sysFlag: number;
  readonly bornTimestampMs: number;
  /** 8 or 20 bytes, see `hostBytes()`. */
  readonly bornHostBytes: Buffer;
  readonly storeTimestampMs: number;
  readonly storeHostBytes: Buffer;
  readonly reconsumeTimes: number;
  readonly preparedTransactionOffset: number;
  readonly bodyBytes: Buffer;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  /** `bodyCrcOf` the body. */
  readonly bodyCrc: number;
  readonly propertiesBytes: Buffer;
  readonly propertiesStart: number;
  readonly propertiesEnd: number;
}

/** A record as it was read. The buffers are views of the bytes it was read from. */
export interface MessageRecord extends RecordSource {
  readonly sizeBytes: number;
  readonly version: 1 | 2;
  readonly topic: string;
  readonly properties: MessageProperties;
}

/** Bytes that should be a record are none. */
export class MalformedRecordError extends RocketMQError {
  override readonly code = 'ROCKETMQ_MALFORMED_RECORD';

  constructor(reason: string) {
    super(`malformed message record: ${reason}`);
  }
}

/**
 * The checksum that a record keeps of its body.
 * Source: rocketmq 5.5.0 `UtilAll#crc32`.
 */
export const bodyCrcOf = (bytes: Buffer, start: number, end: number): number =>
  start === end ? 0 : crc32(bytes.subarray(start, end)) & 0x7fff_ffff;

/** The size of the record that `encodeRecord` will write. */
export function recordSizeBytes(
  topicBytes: number,
  bodyBytes: number,
  propertiesBytes: number,
  bornHostBytes: number,
  storeHostBytes: number,
): number {
  const topicLengthBytes = topicBytes > TOPIC_BYTES_MAX_V1 ? 2 : 1;
  return (
    RecordAt.BORN_HOST +
    bornHostBytes +
    storeHostBytes +
    FIXED_BEHIND_HOSTS_BYTES +
    bodyBytes +
    topicLengthBytes +
    topicBytes +
    propertiesBytes
  );
}

/**
 * Writes a record, v2 where the topic is longer than 127 bytes, and returns its size. The caller has made sure that
 * `into` has room for `recordSizeBytes` and that topic and properties are within their limits.
 * Source: rocketmq 5.5.0 `MessageExtEncoder#encode`, `CommitLog.DefaultAppendMessageCallback#doAppend`.
 */
export function encodeRecord(into: Buffer, position: number, record: RecordSource): number {
  const { topicBytes, bornHostBytes, storeHostBytes, bodyStart, bodyEnd } = record;
  const long = topicBytes.length > TOPIC_BYTES_MAX_V1;
  into.writeInt32BE(long ? MAGIC_V2 : MAGIC_V1, position + RecordAt.MAGIC);
  into.writeInt32BE(record.bodyCrc, position + RecordAt.BODY_CRC);
  into.writeInt32BE(record.queueId, position + RecordAt.QUEUE_ID);
  into.writeInt32BE(record.flag, position + RecordAt.FLAG);
  writeSafeInt64(into, position + RecordAt.QUEUE_OFFSET, record.queueOffset);
  writeSafeInt64(into, position + RecordAt.COMMIT_LOG_OFFSET, record.commitLogOffset);
  into.writeInt32BE(sysFlagWithHosts(record), position + RecordAt.SYS_FLAG);
  writeSafeInt64(into, position + RecordAt.BORN_TIMESTAMP, record.bornTimestampMs);
  let at = position + RecordAt.BORN_HOST;
  at += bornHostBytes.copy(into, at);
  writeSafeInt64(into, at, record.storeTimestampMs);
  at += 8;
  at += storeHostBytes.copy(into, at);
  into.writeInt32BE(record.reconsumeTimes, at);
  writeSafeInt64(into, at + 4, record.preparedTransactionOffset);
  into.writeInt32BE(bodyEnd - bodyStart, at + 12);
  at += 16;
  if (bodyEnd > bodyStart) at += record.bodyBytes.copy(into, at, bodyStart, bodyEnd);
  at = long ? into.writeInt16BE(topicBytes.length, at) : into.writeUInt8(topicBytes.length, at);
  at += topicBytes.copy(into, at);
  const { propertiesStart, propertiesEnd } = record;
  at = into.writeInt16BE(propertiesEnd - propertiesStart, at);
  if (propertiesEnd > propertiesStart) {
    at += record.propertiesBytes.copy(into, at, propertiesStart, propertiesEnd);
  }
  into.writeInt32BE(at - position, position + RecordAt.TOTAL_SIZE);
  return at - position;
}

function sysFlagWithHosts(record: RecordSource): number {
  let sysFlag = record.sysFlag & ~(MessageSysFlag.BORN_HOST_V6 | MessageSysFlag.STORE_HOST_V6);
  if (record.bornHostBytes.length === HOST_V6_BYTES) sysFlag |= MessageSysFlag.BORN_HOST_V6;
  if (record.storeHostBytes.length === HOST_V6_BYTES) sysFlag |= MessageSysFlag.STORE_HOST_V6;
  return sysFlag;
}

/**
 * Where the parts of a record lie that have no fixed place; filled by `locateRecord` and overwritten by its next call.
 */
export class RecordLayout {
  version: 1 | 2 = 1;
  sysFlag = 0;
  storeTimestampAt = 0;
  storeHostAt = 0;
  storeHostEnd = 0;
  bodyStart = 0;
  bodyEnd = 0;
  topicStart = 0;
  topicEnd = 0;
  propertiesStart = 0;
  /** Also the end of the record as its lengths say; equal to position + total size in a sound one. */
  propertiesEnd = 0;
}

/** What is wrong with a record's lengths. */
export type LayoutDefect = 'magic' | 'size' | 'body-length' | 'topic-length' | 'properties-length';

/**
 * Finds the parts of the record at `position`, trusting no length: nothing beyond `end` is looked at.
 * @returns undefined where the lengths fit one another and the total size.
 */
export function locateRecord(
  bytes: Buffer,
  position: number,
  end: number,
  layout: RecordLayout,
): LayoutDefect | undefined {
  if (end - position < RecordAt.BORN_HOST) return 'size';
  const view = memoryViewOf(bytes);
  const base = bytes.byteOffset;
  const size = view.getInt32(base + position);
  if (size < RecordAt.BORN_HOST || size > end - position) return 'size';
  const magic = view.getInt32(base + position + RecordAt.MAGIC);
  if (magic !== MAGIC_V1 && magic !== MAGIC_V2) return 'magic';
  const recordEnd = position + size;
  const sysFlag = view.getInt32(base + position + RecordAt.SYS_FLAG);
  const bornHostBytes = sysFlag & MessageSysFlag.BORN_HOST_V6 ? HOST_V6_BYTES : HOST_V4_BYTES;
  const storeHostBytes = sysFlag & MessageSysFlag.STORE_HOST_V6 ? HOST_V6_BYTES : HOST_V4_BYTES;
  layout.version = magic === MAGIC_V1 ? 1 : 2;
  layout.sysFlag = sysFlag;
  layout.storeTimestampAt = position + RecordAt.BORN_HOST + bornHostBytes;
  layout.storeHostAt = layout.storeTimestampAt + 8;
  layout.storeHostEnd = layout.storeHostAt + storeHostBytes;
  layout.bodyStart = layout.storeHostEnd + 16;
  if (layout.bodyStart > recordEnd) return 'size';
  const bodyBytes = view.getInt32(base + layout.bodyStart - 4);
  if (bodyBytes < 0 || bodyBytes > recordEnd - layout.bodyStart) return 'body-length';
  layout.bodyEnd = layout.bodyStart + bodyBytes;
  return locateTail(view, base, recordEnd, layout);
}

function locateTail(
  view: DataView,
  base: number,
  recordEnd: number,
  layout: RecordLayout,
): LayoutDefect | undefined {
  layout.topicStart = layout.bodyEnd + layout.version;
  if (layout.topicStart > recordEnd) return 'topic-length';
  const topicBytes =
    layout.version === 1
      ? view.getUint8(base + layout.bodyEnd)
      : view.getInt16(base + layout.bodyEnd);
  layout.topicEnd = layout.topicStart + topicBytes;
  if (topicBytes < 0 || layout.topicEnd > recordEnd) return 'topic-length';
  layout.propertiesStart = layout.topicEnd + 2;
  if (layout.propertiesStart > recordEnd) return 'properties-length';
  const propertiesBytes = view.getInt16(base + layout.topicEnd);
  layout.propertiesEnd = layout.propertiesStart + propertiesBytes;
  if (propertiesBytes < 0 || layout.propertiesEnd !== recordEnd) return 'properties-length';
  return undefined;
}

const scratch = new RecordLayout();

/**
 * Reads the record at `position`. Its checksum is not looked at, see `checkRecord`.
 * @throws {MalformedRecordError} its lengths contradict each other or exceed `end`.
 * @throws {UnsafeInt64Error} an offset or timestamp is beyond a safe number.
 */
export function decodeRecord(
  bytes: Buffer,
  position: number,
  end: number = bytes.length,
): MessageRecord {
  const defect = locateRecord(bytes, position, end, scratch);
  if (defect !== undefined) throw new MalformedRecordError(defect);
  const at = scratch;
  const { propertiesStart, propertiesEnd } = at;
  let properties: MessageProperties | undefined;
  return {
    sizeBytes: propertiesEnd - position,
    version: at.version,
    bodyCrc: bytes.readInt32BE(position + RecordAt.BODY_CRC),
    queueId: bytes.readInt32BE(position + RecordAt.QUEUE_ID),
    flag: bytes.readInt32BE(position + RecordAt.FLAG),
    queueOffset: readSafeInt64(bytes, position + RecordAt.QUEUE_OFFSET),
    commitLogOffset: readSafeInt64(bytes, position + RecordAt.COMMIT_LOG_OFFSET),
    sysFlag: at.sysFlag,
    bornTimestampMs: readSafeInt64(bytes, position + RecordAt.BORN_TIMESTAMP),
    bornHostBytes: bytes.subarray(position + RecordAt.BORN_HOST, at.storeTimestampAt),
    storeTimestampMs: readSafeInt64(bytes, at.storeTimestampAt),
    storeHostBytes: bytes.subarray(at.storeHostAt, at.storeHostEnd),
    reconsumeTimes: bytes.readInt32BE(at.storeHostEnd),
    preparedTransactionOffset: readSafeInt64(bytes, at.storeHostEnd + 4),
    bodyBytes: bytes,
    bodyStart: at.bodyStart,
    bodyEnd: at.bodyEnd,
    topicBytes: bytes.subarray(at.topicStart, at.topicEnd),
    topic: bytes.toString('utf8', at.topicStart, at.topicEnd),
    propertiesBytes: bytes,
    propertiesStart,
    propertiesEnd,
    get properties() {
      return (properties ??= parsePropertiesBytes(bytes, propertiesStart, propertiesEnd));
    },
  };
}

/** The records of a pull answer's body, one behind the other. @throws as `decodeRecord` */
export function decodeRecords(bytes: Buffer): MessageRecord[] {
  const records: MessageRecord[] = [];
  let at = 0;
  while (at < bytes.length) {
    const record = decodeRecord(bytes, at);
    records.push(record);
    at += record.sizeBytes;
  }
  return records;
}
