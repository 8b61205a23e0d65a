import { getInt64, memoryViewOf } from '@rocketmq-ts/kernel';
import {
  bodyCrcOf,
  MAGIC_V1,
  MAGIC_V2,
  HOST_V6_BYTES,
  HOST_V4_BYTES,
  MessageSysFlag,
  PropertyWalk,
  RecordAt,
  RecordLayout,
  locateRecord,
} from '@rocketmq-ts/protocol';
import { lightPlaces } from '../light-queue/light-places.js';

const HOST_V6_EXTRA_BYTES = HOST_V6_BYTES - HOST_V4_BYTES;
/** Bytes from the start of a record to its body, IPv4 hosts. */
const BODY_AT_V4 = RecordAt.BORN_HOST + 2 * HOST_V4_BYTES + 24;

/** Where a record's bytes lie. */
export interface RecordLocation {
  readonly buffer: Buffer;
  /** Of `buffer`. */
  readonly view: DataView;
  readonly position: number;
}

/** What a queue unit says of a record. */
export interface ExpectedRecord {
  readonly commitLogOffset: number;
  readonly sizeBytes: number;
  readonly queueId: number;
  readonly queueOffset: number;
}

/** `other`: something else lies there than the unit says. `body`: it is the record, but its body was changed. */
export type StoredRecordDefect = 'other' | 'body';

/** Where the store timestamp of the record at `position` lies. */
export function storeTimestampAt(bytes: Buffer, position: number): number {
  const sysFlag = bytes.readInt32BE(position + RecordAt.SYS_FLAG);
  const bornHostBytes = sysFlag & MessageSysFlag.BORN_HOST_V6 ? HOST_V6_BYTES : HOST_V4_BYTES;
  return position + RecordAt.BORN_HOST + bornHostBytes;
}

/** Bytes from a record's start that hold its store timestamp, whatever its hosts. */
export const STORE_TIMESTAMP_END_MAX = RecordAt.BORN_HOST + HOST_V6_BYTES + 8;

/** Bytes from a record's start that `findDefect` needs when it does not look at the body. */
export const RECORD_HEAD_BYTES: number = RecordAt.SYS_FLAG;

/** When the record at `position` was stored, ms since 1970. */
export function storeTimestampOf(bytes: Buffer, position: number): number {
  return getInt64(memoryViewOf(bytes), bytes.byteOffset + storeTimestampAt(bytes, position));
}

/** The place in its queue that the record at `position` claims. */
export function recordQueueOffset({ view, position }: RecordLocation): number {
  return getInt64(view, position + RecordAt.QUEUE_OFFSET);
}

/**
 * As `findDefect` for a unit of a light queue: the record belongs to another queue, and says in its properties that it
 * stands here, too.
 */
export function findLightDefect(
  record: RecordLocation,
  expected: Omit<ExpectedRecord, 'queueId'>,
  lightQueue: string,
  checkCrc: boolean,
): StoredRecordDefect | undefined {
  const place = placeInLightQueue(record, expected.sizeBytes, lightQueue);
  if (place !== expected.queueOffset) return 'other';
  const queueId = record.view.getInt32(record.position + RecordAt.QUEUE_ID);
  const own = recordQueueOffset(record);
  return findDefect(record, { ...expected, queueId, queueOffset: own }, checkCrc);
}

/** The offset that the record has in a light queue; undefined where it does not stand there. */
export function placeInLightQueue(
  record: RecordLocation,
  sizeBytes: number,
  lightQueue: string,
): number | undefined {
  const { buffer: bytes, position } = record;
  const end = position + sizeBytes;
  if (end > bytes.length || locateRecord(bytes, position, end, layout) !== undefined) {
    return undefined;
  }
  const topic = bytes.toString('utf8', layout.topicStart, layout.topicEnd);
  // Somebody sent it to the light queue itself.
  if (topic === lightQueue) return recordQueueOffset(record);
  properties.find(bytes, layout.propertiesStart, layout.propertiesEnd);
  const names = properties.text(bytes, 'INNER_MULTI_DISPATCH') ?? '';
  const offsets = properties.text(bytes, 'INNER_MULTI_QUEUE_OFFSET') ?? '';
  return lightPlaces(topic, names, offsets).find(({ name }) => name === lightQueue)?.queueOffset;
}

const layout = new RecordLayout();
const properties = new PropertyWalk();

/**
 * Checks that the record, of which all bytes are there, is the one that a queue unit points to, before it
 * is served (P14). The parts of its lengths were checked when it was written or recovered.
 * @returns undefined when it is sound.
 */
export function findDefect(
  { buffer, view, position }: RecordLocation,
  expected: ExpectedRecord,
  checkCrc: boolean,
): StoredRecordDefect | undefined {
  const magic = view.getInt32(position + RecordAt.MAGIC);
  if (
    view.getInt32(position) !== expected.sizeBytes ||
    (magic !== MAGIC_V1 && magic !== MAGIC_V2) ||
    getInt64(view, position + RecordAt.COMMIT_LOG_OFFSET) !== expected.commitLogOffset ||
    view.getInt32(position + RecordAt.QUEUE_ID) !== expected.queueId ||
    getInt64(view, position + RecordAt.QUEUE_OFFSET) !== expected.queueOffset
  ) {
    return 'other';
  }
  if (!checkCrc) return undefined;
  const sysFlag = view.getInt32(position + RecordAt.SYS_FLAG);
  const bodyAt =
    position +
    BODY_AT_V4 +
    (sysFlag & MessageSysFlag.BORN_HOST_V6 ? HOST_V6_EXTRA_BYTES : 0) +
    (sysFlag & MessageSysFlag.STORE_HOST_V6 ? HOST_V6_EXTRA_BYTES : 0);
  const bodyEnd = bodyAt + view.getInt32(bodyAt - 4);
  if (bodyEnd < bodyAt || bodyEnd > position + expected.sizeBytes) return 'body';
  const stored = view.getInt32(position + RecordAt.BODY_CRC);
  return bodyCrcOf(buffer, bodyAt, bodyEnd) === stored ? undefined : 'body';
}
