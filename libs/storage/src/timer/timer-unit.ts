import { writeSafeInt64 } from '@rocketmq-ts/kernel';
import { MAGIC_BLANK } from '@rocketmq-ts/protocol';

/** Size of a unit of the timer log. Source: rocketmq 5.5.0 `TimerLog#UNIT_SIZE`. */
export const TIMER_UNIT_BYTES = 52;
/** What a timer-log file keeps free behind its last unit for the mark that ends it. Source: `TimerLog#MIN_BLANK_LEN`. */
export const TIMER_BLANK_BYTES = 16;
/** No unit stands in front of this one. */
export const NO_POSITION = -1;

/** Bits of a unit's magic. Source: rocketmq 5.5.0 `TimerMessageStore#MAGIC_DEFAULT`, `#MAGIC_ROLL`, `#MAGIC_DELETE`. */
export const TimerMagic = { DEFAULT: 1, ROLL: 2, DELETE: 4 } as const;
const MAGIC_BITS = 0xf;

const At = {
  SIZE: 0,
  PREVIOUS: 4,
  MAGIC: 12,
  WRITE_TIME: 16,
  DELAY: 24,
  COMMIT_LOG_OFFSET: 28,
  RECORD_SIZE: 36,
  TOPIC_HASH: 40,
  DUE: 44,
} as const;

/** One waiting message as it is to be noted in the timer log. */
export interface NewTimerUnit {
  /** Bits of `TimerMagic`. */
  readonly magic: number;
  /** When the unit was made, cut to the precision. */
  readonly writeTimeMs: number;
  /** The slot that the unit lies in: `writeTimeMs` + the delay that stands in the file. */
  readonly slotTimeMs: number;
  /** The message in the commit log, and the size of its record. */
  readonly commitLogOffset: number;
  readonly recordBytes: number;
  /** Java's hash of the topic that the message is for. */
  readonly topicHash: number;
  /**
   * When the message is due, to the millisecond. Stands in eight bytes that Apache's broker keeps free and writes as 0;
   * 0 here: due at the end of the slot, as there.
   */
  readonly dueMs: number;
}

/** One waiting message as the timer log notes it. */
export interface TimerUnit extends NewTimerUnit {
  /** Position in the timer log of the unit that came before into the same slot, `NO_POSITION` for none. */
  readonly previousPosition: number;
}

export function encodeTimerUnit(
  into: Buffer,
  position: number,
  unit: NewTimerUnit,
  previousPosition: number,
): void {
  into.writeInt32BE(TIMER_UNIT_BYTES, position + At.SIZE);
  writeSafeInt64(into, position + At.PREVIOUS, previousPosition);
  into.writeInt32BE(unit.magic, position + At.MAGIC);
  writeSafeInt64(into, position + At.WRITE_TIME, unit.writeTimeMs);
  into.writeInt32BE(unit.slotTimeMs - unit.writeTimeMs, position + At.DELAY);
  writeSafeInt64(into, position + At.COMMIT_LOG_OFFSET, unit.commitLogOffset);
  into.writeInt32BE(unit.recordBytes, position + At.RECORD_SIZE);
  into.writeInt32BE(unit.topicHash, position + At.TOPIC_HASH);
  writeSafeInt64(into, position + At.DUE, unit.dueMs);
}

/** Whether the mark that ends a file stands here. */
export const isTimerBlank = (bytes: Buffer, position: number): boolean =>
  bytes.readInt32BE(position + At.MAGIC) === MAGIC_BLANK;

/** Writes the mark that ends a file. */
export function encodeTimerBlank(into: Buffer, position: number, remainingBytes: number): void {
  into.writeInt32BE(remainingBytes, position);
  writeSafeInt64(into, position + At.PREVIOUS, 0);
  into.writeInt32BE(MAGIC_BLANK, position + At.MAGIC);
}

/**
 * The unit at `position` of `bytes`, which is that at `logPosition` of the log; undefined where what stands there is none:
 * of another size, of unknown kind, or with numbers that cannot be.
 */
export function decodeTimerUnit(
  bytes: Buffer,
  position: number,
  logPosition: number,
): TimerUnit | undefined {
  if (bytes.readInt32BE(position + At.SIZE) !== TIMER_UNIT_BYTES) return undefined;
  const magic = bytes.readInt32BE(position + At.MAGIC);
  if ((magic & ~MAGIC_BITS) !== 0 || (magic & TimerMagic.DEFAULT) === 0) return undefined;
  const previousPosition = readInt64(bytes, position + At.PREVIOUS);
  const writeTimeMs = readInt64(bytes, position + At.WRITE_TIME);
  const commitLogOffset = readInt64(bytes, position + At.COMMIT_LOG_OFFSET);
  const recordBytes = bytes.readInt32BE(position + At.RECORD_SIZE);
  if (previousPosition < NO_POSITION || previousPosition >= logPosition) return undefined;
  if (!(writeTimeMs > 0) || !(commitLogOffset >= 0) || recordBytes <= 0) return undefined;
  const dueMs = readInt64(bytes, position + At.DUE);
  return {
    previousPosition,
    magic,
    writeTimeMs,
    slotTimeMs: writeTimeMs + bytes.readInt32BE(position + At.DELAY),
    commitLogOffset,
    recordBytes,
    topicHash: bytes.readInt32BE(position + At.TOPIC_HASH),
    dueMs: dueMs > 0 ? dueMs : 0,
  };
}

/** A 64-bit integer that may be anything; NaN where it is no safe number. */
export function readInt64(bytes: Buffer, position: number): number {
  const value = bytes.readInt32BE(position) * 0x1_0000_0000 + bytes.readUInt32BE(position + 4);
  return Number.isSafeInteger(value) ? value : NaN;
}
