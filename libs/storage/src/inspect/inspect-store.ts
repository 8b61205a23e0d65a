import type { Disk } from '@rocketmq-ts/kernel';
import { isHiddenTransaction } from '@rocketmq-ts/protocol';
import { SealedIndexFile } from '../index-file/index-file.js';
import { APACHE_INDEX_SHAPE, type IndexFileShape } from '../index-file/index-file.layout.js';
import { decodeSidecar, SIDECAR_NAME } from '../sidecar.js';
import { listLogFiles, walkLog } from './log-walker.js';
import { QueueReader } from './queue-reader.js';

/** What a store directory holds, at a glance. Timestamps in ms since 1970. */
export interface StoreSummary {
  readonly root: string;
  /** `abort` is there: the broker runs, or did not stop in order. */
  readonly abortMark: boolean;
  readonly writtenByUs: boolean;
  readonly sidecarClean: boolean | undefined;
  readonly log: {
    readonly files: number;
    readonly fileBytes: number;
    readonly minOffset: number;
    readonly maxOffset: number;
    readonly messages: number;
    readonly damagedBytes: number;
    readonly firstStoredMs: number | undefined;
    readonly lastStoredMs: number | undefined;
  };
  readonly queues: readonly {
    readonly topic: string;
    readonly queueId: number;
    readonly messages: number;
    readonly nextQueueOffset: number;
  }[];
  readonly indexFiles: readonly {
    readonly path: string;
    readonly entries: number;
    readonly endCommitLogOffset: number;
  }[];
}

/** Reads a whole store without changing anything; its broker may even run. */
export async function inspectStore(
  disk: Disk,
  root: string,
  shape: IndexFileShape = APACHE_INDEX_SHAPE,
): Promise<StoreSummary> {
  const directory = `${root}/commitlog`;
  const files = await listLogFiles(disk, directory);
  const queues = new Map<
    string,
    { topic: string; queueId: number; messages: number; nextQueueOffset: number }
  >();
  let messages = 0;
  let damagedBytes = 0;
  let maxOffset = files[0]?.startOffset ?? 0;
  let firstStoredMs: number | undefined;
  let lastStoredMs: number | undefined;
  for await (const finding of walkLog(disk, directory, false)) {
    if (finding.kind === 'damage') damagedBytes += finding.sizeBytes;
    if (finding.kind !== 'record') continue;
    const { record } = finding;
    messages++;
    maxOffset = record.commitLogOffset + record.sizeBytes;
    firstStoredMs ??= record.storeTimestampMs;
    lastStoredMs = record.storeTimestampMs;
    const key = `${record.topic}\0${record.queueId}`;
    const queue = queues.get(key);
    if (queue === undefined)
      queues.set(key, {
        topic: record.topic,
        queueId: record.queueId,
        messages: 1,
        nextQueueOffset: record.queueOffset + 1,
      });
    else {
      queue.messages++;
      queue.nextQueueOffset = Math.max(queue.nextQueueOffset, record.queueOffset + 1);
    }
  }
  const sidecar = decodeSidecar(
    (await disk.readFile(`${root}/${SIDECAR_NAME}`)) ?? Buffer.alloc(0),
  )[0];
  return {
    root,
    abortMark: await disk.exists(`${root}/abort`),
    writtenByUs: sidecar !== undefined,
    sidecarClean: sidecar?.clean,
    log: {
      files: files.length,
      fileBytes: files[0]?.sizeBytes ?? 0,
      minOffset: files[0]?.startOffset ?? 0,
      maxOffset,
      messages,
      damagedBytes,
      firstStoredMs,
      lastStoredMs,
    },
    queues: [...queues.values()].sort((a, b) =>
      a.topic === b.topic ? a.queueId - b.queueId : a.topic < b.topic ? -1 : 1,
    ),
    indexFiles: await summariseIndex(disk, `${root}/index`, shape),
  };
}

async function summariseIndex(
  disk: Disk,
  directory: string,
  shape: IndexFileShape,
): Promise<StoreSummary['indexFiles']> {
  const summaries = [];
  for (const { name, directory: isDirectory } of await disk.list(directory)) {
    if (isDirectory) continue;
    const path = `${directory}/${name}`;
    const file = await SealedIndexFile.open(disk, path, shape, true);
    summaries.push({
      path,
      entries: file ? file.header.entryCount - 1 : 0,
      endCommitLogOffset: file?.header.endCommitLogOffset ?? -1,
    });
    await file?.close();
  }
  return summaries;
}

/** One thing that is wrong with a store. */
export interface StoreProblem {
  readonly what: 'log' | 'queue' | 'unit' | 'index';
  readonly where: string;
  readonly finding: string;
  /** Derived files are rebuilt by the next start; the log is not. */
  readonly derived: boolean;
}

export interface VerifyReport {
  readonly messages: number;
  readonly units: number;
  readonly indexEntries: number;
  /** Units that the log has and the files do not: normal after a kill, rebuilt by the next start. */
  readonly unitsToRebuild: number;
  readonly problems: readonly StoreProblem[];
}

const PROBLEMS_MAX = 1_000;

/**
 * Checks every record with its CRC, that queues have no gaps, that every unit agrees with its record, and that index entries
 * lead to records.
 */
export async function verifyStore(
  disk: Disk,
  root: string,
  shape: IndexFileShape = APACHE_INDEX_SHAPE,
): Promise<VerifyReport> {
  const problems: StoreProblem[] = [];
  const note = (problem: StoreProblem): void => {
    if (problems.length < PROBLEMS_MAX) problems.push(problem);
  };
  const queues = new Map<string, { reader: QueueReader; next: number | undefined }>();
  const recordStarts = new AscendingOffsets();
  let messages = 0;
  let units = 0;
  let unitsToRebuild = 0;
  try {
    for await (const finding of walkLog(disk, `${root}/commitlog`, true)) {
      if (finding.kind === 'damage') {
        note({
          what: 'log',
          where: `${finding.file} at ${finding.commitLogOffset}`,
          finding: `${finding.sizeBytes} bytes are no record (${finding.defect})`,
          derived: false,
        });
      } else if (finding.kind === 'file') {
        note({ what: 'log', where: finding.file, finding: finding.finding, derived: false });
      }
      if (finding.kind !== 'record') continue;
      const { record } = finding;
      messages++;
      recordStarts.push(record.commitLogOffset);
      if (isHiddenTransaction(record.sysFlag)) continue;
      const key = `${record.topic}/${record.queueId}`;
      let queue = queues.get(key);
      if (queue === undefined) {
        queue = {
          reader: await QueueReader.open(disk, `${root}/consumequeue/${key}`),
          next: undefined,
        };
        queues.set(key, queue);
      }
      if (queue.next !== undefined && record.queueOffset !== queue.next) {
        note({
          what: 'queue',
          where: key,
          finding: `queue offset ${record.queueOffset} follows ${queue.next - 1} (log at ${record.commitLogOffset})`,
          derived: false,
        });
      }
      queue.next = record.queueOffset + 1;
      const unit = await queue.reader.unit(record.queueOffset);
      if (unit === undefined) unitsToRebuild++;
      else {
        units++;
        if (
          unit.commitLogOffset !== record.commitLogOffset ||
          unit.sizeBytes !== record.sizeBytes
        ) {
          note({
            what: 'unit',
            where: `${key}@${record.queueOffset}`,
            derived: true,
            finding: `leads to ${unit.commitLogOffset} (${unit.sizeBytes} bytes), the message lies at ${record.commitLogOffset} (${record.sizeBytes} bytes)`,
          });
        }
      }
    }
    const indexEntries = await verifyIndex(disk, `${root}/index`, shape, recordStarts, note);
    return { messages, units, unitsToRebuild, indexEntries, problems };
  } finally {
    for (const { reader } of queues.values()) await reader.close();
  }
}

/** Offsets in ascending order, 8 bytes each: a log may hold more of them than a `Set` can. */
class AscendingOffsets {
  private offsets = new Float64Array(1024);
  private count = 0;

  get first(): number {
    return this.count === 0 ? Infinity : this.offsets[0]!;
  }

  push(offset: number): void {
    if (this.count === this.offsets.length) {
      const larger = new Float64Array(this.count * 2);
      larger.set(this.offsets);
      this.offsets = larger;
    }
    this.offsets[this.count++] = offset;
  }

  has(offset: number): boolean {
    let low = 0;
    for (let high = this.count; low < high;) {
      const middle = (low + high) >>> 1;
      if (this.offsets[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return low < this.count && this.offsets[low] === offset;
  }
}

async function verifyIndex(
  disk: Disk,
  directory: string,
  shape: IndexFileShape,
  recordStarts: AscendingOffsets,
  note: (problem: StoreProblem) => void,
): Promise<number> {
  let entries = 0;
  for (const { name, directory: isDirectory } of await disk.list(directory)) {
    if (isDirectory) continue;
    const path = `${directory}/${name}`;
    const file = await SealedIndexFile.open(disk, path, shape, true);
    if (file === undefined) {
      note({ what: 'index', where: path, finding: 'has the wrong length', derived: true });
      continue;
    }
    for (let number = 1; number < file.header.entryCount; number++) {
      const { commitLogOffset, previousEntry } = await file.entry(number);
      entries++;
      if (previousEntry >= number)
        note({
          what: 'index',
          where: `${path} entry ${number}`,
          finding: `points forward to ${previousEntry}`,
          derived: true,
        });
      if (commitLogOffset >= recordStarts.first && !recordStarts.has(commitLogOffset)) {
        note({
          what: 'index',
          where: `${path} entry ${number}`,
          finding: `leads to ${commitLogOffset}, where no record begins`,
          derived: true,
        });
      }
    }
    await file.close();
  }
  return entries;
}
