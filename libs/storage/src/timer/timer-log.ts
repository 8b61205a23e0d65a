import type { Disk, DiskFile } from '@rocketmq-ts/kernel';
import { parseSegmentName, segmentName } from '../segment.js';
import { done } from './timer-checkpoint.js';
import {
  decodeTimerUnit,
  encodeTimerBlank,
  encodeTimerUnit,
  isTimerBlank,
  TIMER_BLANK_BYTES,
  TIMER_UNIT_BYTES,
  type NewTimerUnit,
  type TimerUnit,
} from './timer-unit.js';

/** Units collected before they are written out. */
const TAIL_CHUNK_BYTES = TIMER_UNIT_BYTES * 1_260;
/** What a scan reads at once. */
const SCAN_BYTES = TIMER_UNIT_BYTES * 20_000;

interface LogFile {
  readonly startPosition: number;
  readonly file: DiskFile;
  unsynced: boolean;
}

/** Units that are not in a file yet; they lie one behind the other, in one file. */
interface TailChunk {
  readonly startPosition: number;
  readonly bytes: Buffer;
  usedBytes: number;
}

/**
 * The timer log: one unit per waiting message, in the order in which they came, in files of one length (Apache's
 * `timerlog/`). What was appended is written out when a chunk is full or somebody asks; until then it is read from memory.
 *
 * Invariants:
 *  I1  units do not cross the end of a file; a file ends with a mark of 16 bytes, and the next unit begins the next file;
 *  I2  `syncedPosition` ≤ `writtenPosition` ≤ `endPosition`.
 */
export class TimerLog {
  private readonly files: LogFile[] = [];
  private readonly tail: TailChunk[] = [];
  private end = 0;
  private written = 0;
  private synced = 0;
  private newFiles = false;
  /** The last unit; zeros where there is none. */
  readonly lastUnit = Buffer.alloc(TIMER_UNIT_BYTES);

  private constructor(
    private readonly disk: Disk,
    private readonly directory: string,
    readonly fileBytes: number,
  ) {}

  /**
   * Opens the files that are there. Those that do not follow the one before, or have another length, are not the log's: the
   * log ends in front of them, and they are removed by `truncate`.
   */
  static async open(disk: Disk, directory: string, fileBytes: number): Promise<TimerLog> {
    const log = new TimerLog(disk, directory, fileBytes);
    await disk.makeDirectory(directory);
    for (const { name, sizeBytes } of await disk.list(directory)) {
      const startPosition = parseSegmentName(name);
      if (startPosition === undefined || sizeBytes !== fileBytes) continue;
      if (log.files.length > 0 && startPosition !== log.end) break;
      const file = await disk.open(`${directory}/${name}`, { create: false });
      log.files.push({ startPosition, file, unsynced: false });
      log.end = startPosition + fileBytes;
    }
    log.written = log.end;
    log.synced = log.end;
    return log;
  }

  /** Where the first file begins. */
  get startPosition(): number {
    return this.files[0]?.startPosition ?? this.end;
  }

  /** Behind the last unit; before the first `truncate` the end of the last file. */
  get endPosition(): number {
    return this.end;
  }

  get writtenPosition(): number {
    return this.written;
  }

  get syncedPosition(): number {
    return this.synced;
  }

  get unwrittenBytes(): number {
    return this.tail.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
  }

  /** Appends a unit. @returns its position */
  append(unit: NewTimerUnit, previousPosition: number): number {
    const used = this.end % this.fileBytes;
    if (this.fileBytes - used < TIMER_UNIT_BYTES + TIMER_BLANK_BYTES) {
      const chunk = this.tailChunk(TIMER_BLANK_BYTES);
      encodeTimerBlank(chunk.bytes, chunk.usedBytes, this.fileBytes - used);
      chunk.usedBytes += TIMER_BLANK_BYTES;
      this.end += this.fileBytes - used;
    }
    const position = this.end;
    const chunk = this.tailChunk(TIMER_UNIT_BYTES);
    encodeTimerUnit(chunk.bytes, chunk.usedBytes, unit, previousPosition);
    chunk.bytes.copy(this.lastUnit, 0, chunk.usedBytes, chunk.usedBytes + TIMER_UNIT_BYTES);
    chunk.usedBytes += TIMER_UNIT_BYTES;
    this.end += TIMER_UNIT_BYTES;
    return position;
  }

  private tailChunk(neededBytes: number): TailChunk {
    const last = this.tail.at(-1);
    const fits =
      last !== undefined &&
      last.startPosition + last.usedBytes === this.end &&
      last.usedBytes + neededBytes <= last.bytes.length;
    if (fits) return last;
    const chunk = {
      startPosition: this.end,
      bytes: Buffer.allocUnsafe(TAIL_CHUNK_BYTES + TIMER_BLANK_BYTES),
      usedBytes: 0,
    };
    this.tail.push(chunk);
    return chunk;
  }

  /** Hands everything to the system. What could not be written stays for the next call. @throws system error */
  writeOut(): void {
    while (this.tail.length > 0) {
      const { startPosition, bytes, usedBytes } = this.tail[0]!;
      const target = this.fileFor(startPosition);
      target.unsynced = true;
      target.file.writeNow([bytes.subarray(0, usedBytes)], startPosition - target.startPosition);
      this.tail.shift();
      this.written = this.tail[0]?.startPosition ?? this.end;
    }
  }

  private fileFor(position: number): LogFile {
    const startPosition = position - (position % this.fileBytes);
    const known = this.find(position);
    if (known) return known;
    const path = `${this.directory}/${segmentName(startPosition)}`;
    const file = this.disk.openNow(path, { create: true });
    file.truncateNow(this.fileBytes);
    const made = { startPosition, file, unsynced: true };
    this.files.push(made);
    this.newFiles = true;
    return made;
  }

  /** Brings everything to stable storage. @throws system error */
  async sync(): Promise<void> {
    this.writeOut();
    const upTo = this.written;
    for (const entry of this.files) {
      if (!entry.unsynced) continue;
      entry.unsynced = false;
      try {
        await done((settle) => entry.file.dataSync(settle));
      } catch (error) {
        entry.unsynced = true;
        throw error;
      }
    }
    if (this.newFiles) {
      this.newFiles = false;
      await this.disk.syncDirectory(this.directory);
    }
    this.synced = Math.max(this.synced, upTo);
  }

  /**
   * Reads bytes that end at or behind `position` + one unit: `into` is filled from `position` on. @returns false where the
   * log has no whole unit there. @throws system error
   */
  async read(position: number, into: Buffer): Promise<boolean> {
    const chunk = this.tail.find(
      ({ startPosition, usedBytes }) =>
        position >= startPosition && position + into.length <= startPosition + usedBytes,
    );
    if (chunk) {
      chunk.bytes.copy(into, 0, position - chunk.startPosition);
      return true;
    }
    const found = this.find(position);
    if (found === undefined || position + into.length > this.written) return false;
    const inFile = position - found.startPosition;
    if (inFile + into.length > this.fileBytes) return false;
    return new Promise((resolve, reject) => {
      found.file.read(into, inFile, (error, bytesRead) =>
        error ? reject(error) : resolve(bytesRead === into.length),
      );
    });
  }

  /** Where the block that holds `position` may begin, for reading backwards: in the same file or chunk, not before its start. */
  blockStart(position: number, blockBytes: number): number {
    const chunk = this.tail.find(
      ({ startPosition, usedBytes }) =>
        position >= startPosition && position < startPosition + usedBytes,
    );
    const lowest = chunk?.startPosition ?? position - (position % this.fileBytes);
    const units = Math.floor(Math.min(blockBytes, position - lowest) / TIMER_UNIT_BYTES);
    return position - units * TIMER_UNIT_BYTES;
  }

  /**
   * Walks over the units in [`from`, `until`).
   * @returns where it ended: `until`, or the position of the first unit that is none.
   */
  async scan(
    from: number,
    until: number,
    visit: (unit: TimerUnit, position: number) => void,
    pause: () => Promise<void>,
  ): Promise<number> {
    let position = from;
    const bytes = Buffer.allocUnsafe(SCAN_BYTES);
    while (position < until) {
      const fileEnd = position - (position % this.fileBytes) + this.fileBytes;
      const block = bytes.subarray(0, Math.min(SCAN_BYTES, fileEnd - position));
      const found = this.find(position);
      if (found === undefined) return position;
      const inFile = position - found.startPosition;
      await done((settle) => found.file.read(block, inFile, settle));
      let at = 0;
      let ended = false;
      for (; at + TIMER_BLANK_BYTES <= block.length && position + at < until;) {
        if (isTimerBlank(block, at)) {
          ended = true;
          break;
        }
        if (at + TIMER_UNIT_BYTES > block.length) break;
        const unit = decodeTimerUnit(block, at, position + at);
        if (unit === undefined) return position + at;
        visit(unit, position + at);
        at += TIMER_UNIT_BYTES;
      }
      position += at;
      if (ended || fileEnd - position < TIMER_BLANK_BYTES) position = fileEnd;
      else if (at === 0) return position;
      await pause();
    }
    return position;
  }

  /** Cuts off everything from `position` on. The files behind go; the rest of the file is a hole again. */
  async truncate(position: number): Promise<void> {
    this.tail.length = 0;
    const keepFile = position % this.fileBytes > 0;
    while (this.files.length > 0) {
      const last = this.files.at(-1)!;
      if (last.startPosition < position || (last.startPosition === position && keepFile)) break;
      this.files.pop();
      await last.file.close();
    }
    for (const { name } of await this.disk.list(this.directory)) {
      const startPosition = parseSegmentName(name);
      if (startPosition === undefined) continue;
      if (!this.files.some((entry) => entry.startPosition === startPosition))
        await this.disk.remove(`${this.directory}/${name}`);
    }
    const partial = this.find(position);
    if (partial && keepFile) {
      // What stood behind must not be taken for units once the log has grown up to it.
      await partial.file.truncate(position - partial.startPosition);
      await partial.file.truncate(this.fileBytes);
      partial.unsynced = true;
    }
    this.newFiles = true;
    this.end = position;
    this.written = position;
    this.synced = Math.min(this.synced, position);
    this.lastUnit.fill(0);
    if (position >= TIMER_UNIT_BYTES) await this.read(position - TIMER_UNIT_BYTES, this.lastUnit);
  }

  /** Removes files that end at or before `position`, but never the last one. @returns how many */
  async removeBefore(position: number): Promise<number> {
    let removed = 0;
    while (this.files.length > 1 && this.files[1]!.startPosition <= position) {
      const [oldest] = this.files.splice(0, 1);
      await oldest!.file.close();
      await this.disk.remove(oldest!.file.path);
      removed++;
    }
    if (removed > 0) await this.disk.syncDirectory(this.directory);
    return removed;
  }

  /** First position of the second file, undefined where there is only one: up to there files may go. */
  get secondFilePosition(): number | undefined {
    return this.files[1]?.startPosition;
  }

  async close(): Promise<void> {
    for (const { file } of this.files.splice(0)) await file.close();
  }

  private find(position: number): LogFile | undefined {
    const first = this.files[0];
    if (first === undefined || position < first.startPosition) return undefined;
    return this.files[Math.floor((position - first.startPosition) / this.fileBytes)];
  }
}
