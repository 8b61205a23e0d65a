import { crc32 } from 'node:zlib';
import { writeSafeInt64, type Disk, type DiskFile } from '@rocketmq-ts/kernel';
import { readInt64 } from './timer-unit.js';

/** Length of Apache's file; it maps one page. */
const FILE_BYTES = 4096;
/** What Apache's broker reads and writes. */
export const TIMER_CHECKPOINT_BYTES = 56;
const SEAL_AT = 64;
const SEAL = Buffer.from('RMQTSTC1', 'latin1');

/** How far the timer is. Source: rocketmq 5.5.0 `TimerCheckpoint`. */
export interface TimerCheckpoint {
  /** All slots before this time are delivered. */
  readonly lastReadTimeMs: number;
  /** The timer log is on stable storage up to here. */
  readonly lastTimerLogFlushPosition: number;
  /** Queue offset in the timer topic of the first message that is not in the timer log up to that position. */
  readonly lastTimerQueueOffset: number;
  readonly masterTimerQueueOffset: number;
  readonly stateVersion: number;
  readonly versionTimestampMs: number;
  readonly versionCounter: number;
}

/** Who wrote a checkpoint: a seal over Apache's bytes tells. */
export type CheckpointWriter = 'OURS' | 'APACHE';

/** The bytes that Apache's broker knows; also the body of GET_TIMER_CHECK_POINT. */
export function encodeTimerCheckpoint(checkpoint: TimerCheckpoint): Buffer {
  const bytes = Buffer.alloc(TIMER_CHECKPOINT_BYTES);
  [
    checkpoint.lastReadTimeMs,
    checkpoint.lastTimerLogFlushPosition,
    checkpoint.lastTimerQueueOffset,
    checkpoint.masterTimerQueueOffset,
    checkpoint.stateVersion,
    checkpoint.versionTimestampMs,
    checkpoint.versionCounter,
  ].forEach((value, i) => writeSafeInt64(bytes, i * 8, value));
  return bytes;
}

/** What a file says and who wrote it; undefined where it cannot be a checkpoint. */
export function decodeTimerCheckpoint(
  bytes: Buffer,
): { readonly checkpoint: TimerCheckpoint; readonly writer: CheckpointWriter } | undefined {
  if (bytes.length < TIMER_CHECKPOINT_BYTES) return undefined;
  const at = (field: number): number => readInt64(bytes, field * 8);
  const checkpoint: TimerCheckpoint = {
    lastReadTimeMs: at(0),
    lastTimerLogFlushPosition: at(1),
    lastTimerQueueOffset: at(2),
    masterTimerQueueOffset: at(3),
    stateVersion: at(4),
    versionTimestampMs: at(5),
    versionCounter: at(6),
  };
  // NaN, for numbers no broker writes, fails as well.
  const plausible = Object.values(checkpoint).every((value) => value >= 0);
  if (!plausible || checkpoint.lastReadTimeMs === 0) return undefined;
  return { checkpoint, writer: isSealed(bytes) ? 'OURS' : 'APACHE' };
}

function isSealed(bytes: Buffer): boolean {
  if (bytes.length < SEAL_AT + SEAL.length + 4) return false;
  if (!bytes.subarray(SEAL_AT, SEAL_AT + SEAL.length).equals(SEAL)) return false;
  const crc = crc32(bytes.subarray(0, TIMER_CHECKPOINT_BYTES)) | 0;
  return bytes.readInt32BE(SEAL_AT + SEAL.length) === crc;
}

/** The whole file: Apache's bytes, and a seal by which we know our own. All of it lies in one sector. */
export function encodeCheckpointFile(checkpoint: TimerCheckpoint): Buffer {
  const bytes = Buffer.alloc(FILE_BYTES);
  encodeTimerCheckpoint(checkpoint).copy(bytes);
  SEAL.copy(bytes, SEAL_AT);
  bytes.writeInt32BE(crc32(bytes.subarray(0, TIMER_CHECKPOINT_BYTES)) | 0, SEAL_AT + SEAL.length);
  return bytes;
}

/** `config/timercheck`, written in place as Apache's broker does. */
export class TimerCheckpointFile {
  private file: DiskFile | undefined;

  constructor(
    private readonly disk: Disk,
    private readonly path: string,
  ) {}

  /** Writes and syncs. @throws system error */
  async write(checkpoint: TimerCheckpoint): Promise<void> {
    const isNew = this.file === undefined;
    this.file ??= await this.disk.open(this.path, { create: true });
    const bytes = encodeCheckpointFile(checkpoint);
    const { file } = this;
    await done((settle) => file.write([bytes], 0, settle));
    await done((settle) => file.dataSync(settle));
    if (isNew) await this.disk.syncDirectory(this.path.slice(0, this.path.lastIndexOf('/')));
  }

  async close(): Promise<void> {
    await this.file?.close();
    this.file = undefined;
  }
}

/** Waits for an operation of a file. @throws system error */
export const done = (
  operation: (settle: (error: Error | undefined) => void) => void,
): Promise<void> =>
  new Promise((resolve, reject) => {
    operation((error) => (error ? reject(error) : resolve()));
  });
