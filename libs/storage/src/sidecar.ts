import { crc32 } from 'node:zlib';
import { readSafeInt64, writeSafeInt64, type Disk, type DiskFile } from '@rocketmq-ts/kernel';
import { writeAndSync, type CheckpointValues } from './checkpoint.js';

/** Name of the file in the store's root directory. Layout: FORMAT.md. */
export const SIDECAR_NAME = 'rocketmq-ts.checkpoint';

const MAGIC = Buffer.from('RMQTSCP1', 'latin1');
const SLOT_BYTES = 512;
/** Slots lie in pages of their own: a torn write of one cannot touch the other. */
const SLOT_DISTANCE_BYTES = 4096;
const CRC_AT = SLOT_BYTES - 4;
const FLAG_CLEAN = 1;
const BOOT_ID_BYTES_MAX = 64;

/** What the store knows about itself beyond Apache's checkpoint; offsets are commit-log offsets. */
export interface SidecarState {
  /** Grows by one with each write. */
  readonly generation: number;
  /** The store was closed in order; nothing came after this state. */
  readonly clean: boolean;
  readonly segmentSizeBytes: number;
  /** Everything below was dispatched, and log, units and index entries were handed to the system. */
  readonly writtenUpTo: number;
  /** Everything below is on stable storage. */
  readonly syncedUpTo: number;
  /** End of the log that was written at the time; the exact end when `clean`. */
  readonly logEndOffset: number;
  /** The last record below `writtenUpTo`, to recognise the log again: where it begins, −1 for none. */
  readonly lastMessageOffset: number;
  readonly lastStoreTimestampMs: number;
  /** What Apache's checkpoint holds since the last sync: if it holds something else, somebody else used the store. */
  readonly checkpoint: CheckpointValues;
  /** Run of the operating system in which this was written; empty when unknown. */
  readonly bootId: string;
}

/**
 * The sidecar of Apache's checkpoint: two slots, written in turn, each with a generation and a CRC.
 * Whatever moment a crash comes at, one slot is whole.
 */
export class SidecarFile {
  private file: DiskFile | undefined;

  private constructor(
    private readonly disk: Disk,
    private readonly path: string,
    /** Slots that were found whole, newest first. */
    readonly found: readonly SidecarState[],
    private generation: number,
  ) {}

  /** Reads what there is; nothing is made or changed before the first `write`. */
  static async open(disk: Disk, path: string): Promise<SidecarFile> {
    const bytes = (await disk.readFile(path)) ?? Buffer.alloc(0);
    const found = [0, 1]
      .map((slot) => decodeSlot(bytes, slot * SLOT_DISTANCE_BYTES))
      .filter((state) => state !== undefined)
      .sort((one, other) => other.generation - one.generation);
    return new SidecarFile(disk, path, found, found[0]?.generation ?? 0);
  }

  /** Writes a state into the older slot. @throws system error */
  async write(state: Omit<SidecarState, 'generation'>, durable: boolean): Promise<void> {
    const generation = this.generation + 1;
    const slot = encodeSlot({ ...state, generation });
    this.file ??= await this.disk.open(this.path, { create: true });
    await writeAndSync(this.file, slot, (generation % 2) * SLOT_DISTANCE_BYTES, durable);
    this.generation = generation;
  }

  async close(): Promise<void> {
    await this.file?.close();
  }
}

/** The slots of a sidecar file that are whole, newest first. */
export function decodeSidecar(bytes: Buffer): SidecarState[] {
  return [0, 1]
    .map((slot) => decodeSlot(bytes, slot * SLOT_DISTANCE_BYTES))
    .filter((state) => state !== undefined)
    .sort((one, other) => other.generation - one.generation);
}

const NUMBER_FIELDS_AT = 24;

function numbersOf(state: SidecarState): number[] {
  return [
    state.segmentSizeBytes,
    state.writtenUpTo,
    state.syncedUpTo,
    state.logEndOffset,
    state.lastMessageOffset,
    state.lastStoreTimestampMs,
    state.checkpoint.physicMsgTimestampMs,
    state.checkpoint.logicsMsgTimestampMs,
    state.checkpoint.indexMsgTimestampMs,
    state.checkpoint.logicsPhysicalOffset,
  ];
}

function encodeSlot(state: SidecarState): Buffer {
  const slot = Buffer.alloc(SLOT_BYTES);
  MAGIC.copy(slot, 0);
  writeSafeInt64(slot, 8, state.generation);
  slot.writeInt32BE(state.clean ? FLAG_CLEAN : 0, 16);
  const numbers = numbersOf(state);
  numbers.forEach((value, i) => writeSafeInt64(slot, NUMBER_FIELDS_AT + i * 8, value));
  const bootIdAt = NUMBER_FIELDS_AT + numbers.length * 8;
  const bootId = Buffer.from(state.bootId, 'utf8').subarray(0, BOOT_ID_BYTES_MAX);
  slot.writeInt32BE(bootId.length, bootIdAt);
  bootId.copy(slot, bootIdAt + 4);
  slot.writeInt32BE(crc32(slot.subarray(0, CRC_AT)) | 0, CRC_AT);
  return slot;
}

function decodeSlot(bytes: Buffer, at: number): SidecarState | undefined {
  const slot = bytes.subarray(at, at + SLOT_BYTES);
  if (slot.length < SLOT_BYTES || !slot.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if ((crc32(slot.subarray(0, CRC_AT)) | 0) !== slot.readInt32BE(CRC_AT)) return undefined;
  const numbers = Array.from({ length: 10 }, (_, i) =>
    readSafeInt64(slot, NUMBER_FIELDS_AT + i * 8),
  );
  const bootIdAt = NUMBER_FIELDS_AT + numbers.length * 8;
  const bootIdLength = slot.readInt32BE(bootIdAt);
  return {
    generation: readSafeInt64(slot, 8),
    clean: (slot.readInt32BE(16) & FLAG_CLEAN) !== 0,
    segmentSizeBytes: numbers[0]!,
    writtenUpTo: numbers[1]!,
    syncedUpTo: numbers[2]!,
    logEndOffset: numbers[3]!,
    lastMessageOffset: numbers[4]!,
    lastStoreTimestampMs: numbers[5]!,
    checkpoint: {
      physicMsgTimestampMs: numbers[6]!,
      logicsMsgTimestampMs: numbers[7]!,
      indexMsgTimestampMs: numbers[8]!,
      logicsPhysicalOffset: numbers[9]!,
    },
    bootId: slot.toString('utf8', bootIdAt + 4, bootIdAt + 4 + bootIdLength),
  };
}
