import { crc32 } from 'node:zlib';
import { getInt64, memoryViewOf } from '@rocketmq-ts/kernel';
import {
  BLANK_MIN_BYTES,
  MAGIC_BLANK,
  RecordAt,
  RecordLayout,
  bodyCrcOf,
  locateRecord,
} from './message-record.js';
import type { LayoutDefect } from './message-record.js';
import { PropertyName } from './property-name.js';

/**
 * Why no record stands somewhere in a commit-log file:
 *  - `blank`: the mark that ends a file; the next record opens the next file;
 *  - `nothing`: fewer than 8 bytes are left, or the size there is zero: never written;
 *  - `truncated`: the size says more than is there;
 *  - `magic`, `size`, `body-length`, `topic-length`, `properties-length`: no record, or one whose lengths contradict;
 *  - `offset`: it says that it lies elsewhere;
 *  - `body-checksum`, `record-checksum`: bytes were changed.
 */
export type RecordDefect =
  'blank' | 'nothing' | 'truncated' | 'offset' | 'body-checksum' | 'record-checksum' | LayoutDefect;

export interface RecordCheck {
  /** Compare the body, and the record where it carries a checksum of its own, with the checksums. */
  readonly verifyBody: boolean;
  /** Where the record lies in the commit log; compared with what it says of itself when given. */
  readonly commitLogOffset?: number;
}

const scratch = new RecordLayout();

/**
 * Checks the record at `position` without reading beyond `end`.
 * Source: rocketmq 5.5.0 `CommitLog#checkMessageAndReturnSize`.
 * @returns its size in bytes, or what is wrong.
 */
export function checkRecord(
  bytes: Buffer,
  position: number,
  end: number,
  check: RecordCheck,
): number | RecordDefect {
  const available = end - position;
  if (available < BLANK_MIN_BYTES) return 'nothing';
  const view = memoryViewOf(bytes);
  const at = bytes.byteOffset + position;
  const size = view.getInt32(at);
  const magic = view.getInt32(at + RecordAt.MAGIC);
  if (magic === MAGIC_BLANK) return 'blank';
  if (size === 0 && magic === 0) return 'nothing';
  const defect = locateRecord(bytes, position, end, scratch);
  if (defect === 'size' && size > available) return 'truncated';
  if (defect !== undefined) return defect;
  const { commitLogOffset } = check;
  const liesAt = getInt64(view, at + RecordAt.COMMIT_LOG_OFFSET);
  if (commitLogOffset !== undefined && liesAt !== commitLogOffset) return 'offset';
  return check.verifyBody ? verify(bytes, position, size) : size;
}

function verify(bytes: Buffer, position: number, size: number): number | RecordDefect {
  const { bodyStart, bodyEnd } = scratch;
  const stored = bytes.readInt32BE(position + RecordAt.BODY_CRC);
  if (bodyEnd > bodyStart && bodyCrcOf(bytes, bodyStart, bodyEnd) !== stored) {
    return 'body-checksum';
  }
  const checksumAt = position + size - RECORD_CRC_BYTES;
  if (checksumAt < scratch.propertiesStart || !hasRecordCrc(bytes, checksumAt)) return size;
  const expected = crc32(bytes.subarray(position, checksumAt)) & 0x7fff_ffff;
  return readRecordCrc(bytes, checksumAt) === expected ? size : 'record-checksum';
}

const RECORD_CRC_NAME = Buffer.from(`${PropertyName.CRC32}\u0001`, 'latin1');
const RECORD_CRC_DIGITS = 10;
/** The property with which Apache's broker can end a record (`enabledAppendPropCRC`). */
export const RECORD_CRC_BYTES = RECORD_CRC_NAME.length + RECORD_CRC_DIGITS + 1;

function hasRecordCrc(bytes: Buffer, at: number): boolean {
  for (let i = 0; i < RECORD_CRC_NAME.length; i++) {
    if (bytes[at + i] !== RECORD_CRC_NAME[i]) return false;
  }
  return true;
}

/** Ten decimal digits, the lowest first. Source: rocketmq 5.5.0 `MessageDecoder#createCrc32`. */
function readRecordCrc(bytes: Buffer, at: number): number {
  let value = 0;
  for (let i = RECORD_CRC_DIGITS - 1; i >= 0; i--) {
    value = value * 10 + bytes[at + RECORD_CRC_NAME.length + i]! - 0x30;
  }
  return value;
}
