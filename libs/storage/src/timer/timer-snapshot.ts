import { crc32 } from 'node:zlib';
import { writeSafeInt64, type Disk } from '@rocketmq-ts/kernel';
import { done } from './timer-checkpoint.js';
import { readInt64, TIMER_UNIT_BYTES } from './timer-unit.js';
import type { TimerWheel } from './timer-wheel.js';

const MAGIC = Buffer.from('RMQTSTW1', 'latin1');
const HEADER_BYTES = 40 + TIMER_UNIT_BYTES;
const ENTRY_BYTES = 28;

/** The wheel as it was when the timer log ended at a position. */
export interface TimerSnapshot {
  readonly precisionMs: number;
  readonly slotCount: number;
  readonly logPosition: number;
  /** The unit in front of `logPosition`, by which the log is known again; zeros where there is none. */
  readonly lastUnit: Buffer;
  /** Puts the slots into an empty wheel; slots before `fromMs` are left out. */
  readonly fill: (wheel: TimerWheel, fromMs: number) => void;
}

/**
 * All slots in use, in their own form: the file is a cache, Apache's broker does not look at it. Layout: FORMAT.md.
 * @param kept is written into, where it is large enough
 * @returns a buffer whose first `sizeBytes` are the snapshot
 */
export function encodeTimerSnapshot(
  wheel: TimerWheel,
  logPosition: number,
  lastUnit: Buffer,
  kept: Buffer,
): { readonly buffer: Buffer; readonly sizeBytes: number } {
  const count = wheel.usedSlotCount;
  const sizeBytes = HEADER_BYTES + count * ENTRY_BYTES + 4;
  // Half as much again: the wheel fills slowly.
  const bytes = kept.length < sizeBytes ? Buffer.allocUnsafeSlow(Math.ceil(sizeBytes * 1.5)) : kept;
  MAGIC.copy(bytes);
  writeSafeInt64(bytes, 8, wheel.precisionMs);
  writeSafeInt64(bytes, 16, wheel.slotCount);
  writeSafeInt64(bytes, 24, logPosition);
  writeSafeInt64(bytes, 32, count);
  lastUnit.copy(bytes, 40);
  let at = HEADER_BYTES;
  wheel.forEach((timeMs, firstPosition, lastPosition, unitCount) => {
    writeSafeInt64(bytes, at, timeMs);
    writeSafeInt64(bytes, at + 8, firstPosition);
    writeSafeInt64(bytes, at + 16, lastPosition);
    bytes.writeInt32BE(unitCount, at + 24);
    at += ENTRY_BYTES;
  });
  bytes.writeInt32BE(crc32(bytes.subarray(0, at)) | 0, at);
  return { buffer: bytes, sizeBytes };
}

/** The snapshot in a file's bytes; undefined where it is not whole. */
export function decodeTimerSnapshot(bytes: Buffer): TimerSnapshot | undefined {
  if (bytes.length < HEADER_BYTES + 4 || !bytes.subarray(0, 8).equals(MAGIC)) return undefined;
  const count = readInt64(bytes, 32);
  const end = HEADER_BYTES + count * ENTRY_BYTES;
  if (bytes.length !== end + 4) return undefined;
  if ((crc32(bytes.subarray(0, end)) | 0) !== bytes.readInt32BE(end)) return undefined;
  return {
    precisionMs: readInt64(bytes, 8),
    slotCount: readInt64(bytes, 16),
    logPosition: readInt64(bytes, 24),
    lastUnit: bytes.subarray(40, HEADER_BYTES),
    fill: (wheel, fromMs) => {
      for (let at = HEADER_BYTES; at < end; at += ENTRY_BYTES) {
        const timeMs = readInt64(bytes, at);
        if (timeMs < fromMs) continue;
        const [first, last] = [readInt64(bytes, at + 8), readInt64(bytes, at + 16)];
        wheel.put(timeMs, first, last, bytes.readInt32BE(at + 24));
      }
    },
  };
}

/** Replaces the file as a whole; the old content stays until the new one is on stable storage. @throws system error */
export async function replaceFile(disk: Disk, path: string, bytes: Buffer): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await disk.open(temporary, { create: true });
  try {
    await file.truncate(0);
    await done((settle) => file.write([bytes], 0, settle));
    await done((settle) => file.dataSync(settle));
  } finally {
    await file.close();
  }
  await disk.rename(temporary, path);
  await disk.syncDirectory(path.slice(0, path.lastIndexOf('/')));
}
