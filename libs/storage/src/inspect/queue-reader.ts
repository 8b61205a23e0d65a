import { viewOf, type Disk, type DiskFile } from '@rocketmq-ts/kernel';
import {
  UNIT_BYTES,
  unitCommitLogOffset,
  unitSizeBytes,
  unitTagsCode,
} from '../consume-queue/queue-unit.js';
import { parseSegmentName } from '../segment.js';

/** One 20-byte unit. */
export interface QueueUnit {
  readonly commitLogOffset: number;
  readonly sizeBytes: number;
  readonly tagsCode: number;
}

const WINDOW_BYTES = 64 * 1024 - ((64 * 1024) % UNIT_BYTES);

/** Reads the units of one consume queue of a store that is not open; best in order. */
export class QueueReader {
  private file: DiskFile | undefined;
  private fileStart = -1;
  private readonly window = Buffer.alloc(WINDOW_BYTES);
  private readonly windowView = viewOf(this.window);
  private windowStart = -1;
  private windowBytes = 0;

  private constructor(
    private readonly disk: Disk,
    private readonly files: readonly {
      readonly path: string;
      readonly startBytes: number;
      readonly sizeBytes: number;
    }[],
  ) {}

  static async open(disk: Disk, directory: string): Promise<QueueReader> {
    const files = [];
    for (const { name, sizeBytes } of await disk.list(directory)) {
      const startBytes = parseSegmentName(name);
      if (startBytes !== undefined)
        files.push({ path: `${directory}/${name}`, startBytes, sizeBytes });
    }
    return new QueueReader(disk, files);
  }

  /** Queue offset of the first unit that has a place in a file. */
  get firstQueueOffset(): number {
    return (this.files[0]?.startBytes ?? 0) / UNIT_BYTES;
  }

  /** @returns undefined where the files hold no unit for this queue offset. */
  async unit(queueOffset: number): Promise<QueueUnit | undefined> {
    const position = queueOffset * UNIT_BYTES;
    const file = this.files.find(
      ({ startBytes, sizeBytes }) => position >= startBytes && position < startBytes + sizeBytes,
    );
    if (file === undefined) return undefined;
    if (this.fileStart !== file.startBytes) {
      await this.file?.close();
      this.file = await this.disk.open(file.path, { create: false, readOnly: true });
      this.fileStart = file.startBytes;
      this.windowStart = -1;
    }
    if (
      this.windowStart < 0 ||
      position < this.windowStart ||
      position + UNIT_BYTES > this.windowStart + this.windowBytes
    ) {
      this.windowStart = position;
      this.windowBytes = this.file?.readNow(this.window, position - file.startBytes) ?? 0;
      if (this.windowBytes < UNIT_BYTES) return undefined;
    }
    const at = position - this.windowStart;
    const sizeBytes = unitSizeBytes(this.windowView, at);
    if (sizeBytes <= 0) return undefined;
    return {
      commitLogOffset: unitCommitLogOffset(this.windowView, at),
      sizeBytes,
      tagsCode: unitTagsCode(this.windowView, at),
    };
  }

  async close(): Promise<void> {
    await this.file?.close();
    this.file = undefined;
  }
}
