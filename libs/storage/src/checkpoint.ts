import { readSafeInt64, writeSafeInt64, type Disk, type DiskFile } from '@rocketmq-ts/kernel';

const CHECKPOINT_BYTES = 4096;
const AT = {
  PHYSIC_MSG_TIMESTAMP: 0,
  LOGICS_MSG_TIMESTAMP: 8,
  INDEX_MSG_TIMESTAMP: 16,
  LOGICS_PHYSICAL_OFFSET: 40,
} as const;

/** The values of Apache's checkpoint that matter to recovery. */
export interface CheckpointValues {
  /** Store time of the last message that is surely on disk. */
  readonly physicMsgTimestampMs: number;
  /** The same for consume queues. */
  readonly logicsMsgTimestampMs: number;
  /** The same for the index. */
  readonly indexMsgTimestampMs: number;
  /** Where the last message begins whose unit is surely on disk (5.5.0 on). */
  readonly logicsPhysicalOffset: number;
}

export const EMPTY_CHECKPOINT: CheckpointValues = {
  physicMsgTimestampMs: 0,
  logicsMsgTimestampMs: 0,
  indexMsgTimestampMs: 0,
  logicsPhysicalOffset: 0,
};

export function sameCheckpoint(one: CheckpointValues, other: CheckpointValues): boolean {
  return (
    one.physicMsgTimestampMs === other.physicMsgTimestampMs &&
    one.logicsMsgTimestampMs === other.logicsMsgTimestampMs &&
    one.indexMsgTimestampMs === other.indexMsgTimestampMs &&
    one.logicsPhysicalOffset === other.logicsPhysicalOffset
  );
}

/**
 * Store time up to which a file's messages were on disk, with the margin that Apache leaves: recovery may begin at the
 * newest file whose first message is not younger. Source: rocketmq 5.5.0 `StoreCheckpoint#getMinTimestamp`.
 */
export function safeTimestampMs(values: CheckpointValues): number {
  return Math.max(0, Math.min(values.physicMsgTimestampMs, values.logicsMsgTimestampMs) - 3_000);
}

/**
 * Apache's `checkpoint` file, one page, kept up so that Apache's broker can take the store over at any time. Fields that we
 * do not use are left as they were found.
 * Source: rocketmq 5.5.0 `StoreCheckpoint`.
 */
export class CheckpointFile {
  private file: DiskFile | undefined;

  private constructor(
    private readonly disk: Disk,
    private readonly path: string,
    private readonly page: Buffer,
    /** What was found at start; undefined where there was no file, or none that can be read. */
    readonly found: CheckpointValues | undefined,
  ) {}

  /** Reads what there is; nothing is made or changed before the first `write`. */
  static async open(disk: Disk, path: string): Promise<CheckpointFile> {
    const bytes = await disk.readFile(path);
    const page = Buffer.alloc(CHECKPOINT_BYTES);
    bytes?.copy(page, 0, 0, CHECKPOINT_BYTES);
    return new CheckpointFile(disk, path, page, bytes && readValues(page));
  }

  /** Writes new values and makes them durable. @throws system error */
  async write(values: CheckpointValues): Promise<void> {
    const { page } = this;
    writeSafeInt64(page, AT.PHYSIC_MSG_TIMESTAMP, values.physicMsgTimestampMs);
    writeSafeInt64(page, AT.LOGICS_MSG_TIMESTAMP, values.logicsMsgTimestampMs);
    writeSafeInt64(page, AT.INDEX_MSG_TIMESTAMP, values.indexMsgTimestampMs);
    writeSafeInt64(page, AT.LOGICS_PHYSICAL_OFFSET, values.logicsPhysicalOffset);
    this.file ??= await this.disk.open(this.path, { create: true });
    if (this.file.sizeBytes > CHECKPOINT_BYTES) await this.file.truncate(CHECKPOINT_BYTES);
    await writeAndSync(this.file, page, 0, true);
  }

  async close(): Promise<void> {
    await this.file?.close();
  }
}

/** Writes bytes and, if asked, syncs the file. @throws system error */
export function writeAndSync(
  file: DiskFile,
  bytes: Buffer,
  position: number,
  durable: boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | undefined): void => (error ? reject(error) : resolve());
    file.write([bytes], position, (error) => {
      if (error || !durable) settle(error);
      else file.dataSync(settle);
    });
  });
}

function readValues(page: Buffer): CheckpointValues | undefined {
  const values: CheckpointValues = {
    physicMsgTimestampMs: nonNegativeAt(page, AT.PHYSIC_MSG_TIMESTAMP),
    logicsMsgTimestampMs: nonNegativeAt(page, AT.LOGICS_MSG_TIMESTAMP),
    indexMsgTimestampMs: nonNegativeAt(page, AT.INDEX_MSG_TIMESTAMP),
    logicsPhysicalOffset: nonNegativeAt(page, AT.LOGICS_PHYSICAL_OFFSET),
  };
  return Object.values(values).includes(-1) ? undefined : values;
}

/** −1 for what no broker ever wrote: the file is damaged. */
function nonNegativeAt(page: Buffer, at: number): number {
  try {
    return Math.max(-1, readSafeInt64(page, at));
  } catch {
    // Beyond 2^53: random bytes. Recovery then goes without the file.
    return -1;
  }
}

/** Marks a store as in use (Apache's file): whoever finds it at a start knows that the store was not closed in order. @throws system error */
export async function writeAbort(disk: Disk, path: string): Promise<void> {
  const abort = await disk.open(path, { create: true });
  try {
    await writeAndSync(abort, Buffer.from(String(process.pid)), 0, true);
  } finally {
    await abort.close();
  }
}
