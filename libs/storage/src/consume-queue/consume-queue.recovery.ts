import { viewOf, type Disk, type DiskEntry, type DiskFile } from '@rocketmq-ts/kernel';
import { parseSegmentName, segmentName } from '../segment.js';
import type { ConsumeQueue } from './consume-queue.js';
import type { ConsumeQueues } from './consume-queues.js';
import type { QueueFiles } from './queue-files.js';
import { REBUILDING, type Manifest, type ManifestQueue } from './queue-manifest.js';
import { BLANK_UNIT_SIZE, unitCommitLogOffset, unitSizeBytes, UNIT_BYTES } from './queue-unit.js';

const CONCURRENCY = 8;

/** A queue whose files cannot be used, and why. */
export interface BrokenQueue {
  readonly topic: string;
  readonly queueId: number;
  readonly finding: string;
}

/** Bounds of the log that units may point into. */
export interface LogBounds {
  readonly minOffset: number;
  readonly endOffset: number;
}

/**
 * Reads from the consume-queue directories which queues there are and how far each goes. Only the first and last file of a
 * queue are opened. Queues with files that do not fit together are reported and left empty.
 * @throws system error
 */
export async function loadQueues(
  disk: Disk,
  files: QueueFiles,
  queues: ConsumeQueues,
  log: LogBounds,
): Promise<BrokenQueue[]> {
  const broken: BrokenQueue[] = [];
  const found: { topic: string; queueId: number }[] = [];
  for (const topic of await disk.list(files.rootPath)) {
    if (!topic.directory) continue;
    for (const entry of await disk.list(`${files.rootPath}/${topic.name}`)) {
      if (entry.directory && /^(0|[1-9]\d*)$/.test(entry.name)) {
        found.push({ topic: topic.name, queueId: Number(entry.name) });
      }
    }
  }
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < found.length) {
      const { topic, queueId } = found[next++]!;
      const queue = queues.get(topic, queueId);
      const finding = await loadQueue(disk, files, queue, log);
      if (finding !== undefined) broken.push({ topic, queueId, finding });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  return broken;
}

/**
 * As `loadQueues`, from the list that this software keeps: one look at the last unit of each queue tells whether its files
 * go as far as they did. What is missing further in front is found, and mended, when it is read.
 */
export async function loadListedQueues(
  disk: Disk,
  files: QueueFiles,
  queues: ConsumeQueues,
  log: LogBounds,
  manifest: Manifest,
): Promise<BrokenQueue[]> {
  const broken: BrokenQueue[] = [];
  const closings: Promise<void>[] = [];
  for (const known of manifest.queues) {
    const queue = queues.get(known.topic, known.queueId);
    queue.floorOffset = known.minOffset;
    if (known.minOffset === known.writtenOffset && !(await disk.exists(files.directoryOf(queue)))) {
      // It had no message any more; only the offset of the next one is to be kept.
      queue.clear(known.writtenOffset);
      queue.retired = true;
      continue;
    }
    if (restoreListed(disk, files, queue, known, log, closings)) {
      if (manifest.logMinOffset < log.minOffset) {
        queue.minOffset = findMinOffset(disk, files, queue, log.minOffset);
      }
      continue;
    }
    const finding = await loadQueue(disk, files, queue, log);
    if (finding !== undefined) {
      broken.push({ topic: known.topic, queueId: known.queueId, finding });
    }
  }
  await Promise.all(closings);
  return broken;
}

/** @returns whether the queue's last file ends where the list says. */
function restoreListed(
  disk: Disk,
  files: QueueFiles,
  queue: ConsumeQueue,
  { minOffset, writtenOffset, syncedOffset }: ManifestQueue,
  log: LogBounds,
  closings: Promise<void>[],
): boolean {
  if (syncedOffset === REBUILDING) return false;
  const last = writtenOffset - 1;
  let file: DiskFile;
  try {
    file = disk.openNow(files.pathOf(queue, last), { create: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  try {
    if (file.sizeBytes !== files.unitCount * UNIT_BYTES) return false;
    const index = last % files.unitCount;
    const units = readUnits(file, index, index + 1 < files.unitCount ? 2 : 1);
    if (!leadsInto(units, 0, log.endOffset)) return false;
    // More than the list knows was written by a process that was killed: the files tell how much.
    if (units.byteLength === UNIT_BYTES || leadsInto(units, UNIT_BYTES, log.endOffset))
      return false;
    queue.restore({
      firstFileOffset: minOffset - (minOffset % files.unitCount),
      minOffset,
      maxOffset: writtenOffset,
      lastCommitLogOffset: unitCommitLogOffset(units, 0),
    });
    queue.syncedOffset = syncedOffset;
    return true;
  } finally {
    closings.push(file.close());
  }
}

function leadsInto(units: DataView, at: number, logEndOffset: number): boolean {
  const offset = unitCommitLogOffset(units, at);
  const sizeBytes = unitSizeBytes(units, at);
  return sizeBytes > 0 && sizeBytes !== BLANK_UNIT_SIZE && offset >= 0 && offset < logEndOffset;
}

/** @returns what is wrong with the files, or undefined. */
async function loadQueue(
  disk: Disk,
  files: QueueFiles,
  queue: ConsumeQueue,
  log: LogBounds,
): Promise<string | undefined> {
  const directory = files.directoryOf(queue);
  const fileBytes = files.unitCount * UNIT_BYTES;
  const entries = (await disk.list(directory)).filter((entry) => !entry.directory);
  // A file whose creation was cut off holds nothing yet.
  while (entries.length > 0 && entries[entries.length - 1]!.sizeBytes === 0) {
    await disk.remove(`${directory}/${entries.pop()!.name}`);
  }
  if (entries.length === 0) return undefined;
  const wrong = misfit(entries, fileBytes);
  if (wrong !== undefined) return wrong;
  const firstFileOffset = parseSegmentName(entries[0]!.name)! / UNIT_BYTES;
  // Files are full but the last one, and the last may have been made ahead of its first unit.
  for (let i = entries.length - 1; i >= 0; i--) {
    const fileOffset = firstFileOffset + i * files.unitCount;
    const file = disk.openNow(`${directory}/${entries[i]!.name}`, { create: false });
    try {
      const count = countUnits(file, files.unitCount, log.endOffset);
      if (count === 0 && i > 0) continue;
      if (count === 0) return undefined;
      const maxOffset = fileOffset + count;
      const last = readUnits(file, count - 1, 1);
      queue.restore({
        firstFileOffset,
        minOffset: firstFileOffset,
        maxOffset,
        lastCommitLogOffset: unitCommitLogOffset(last, 0),
      });
      if (unitSizeBytes(last, 0) === BLANK_UNIT_SIZE) return 'holds nothing but fillers';
      break;
    } finally {
      await file.close();
    }
  }
  queue.minOffset = findMinOffset(disk, files, queue, log.minOffset);
  return undefined;
}

/** Checks names, lengths and neighbours. */
function misfit(entries: readonly DiskEntry[], fileBytes: number): string | undefined {
  let expected: number | undefined;
  for (const entry of entries) {
    const start = parseSegmentName(entry.name);
    if (start === undefined || start % fileBytes !== 0) return `foreign file ${entry.name}`;
    if (entry.sizeBytes !== fileBytes) return `${entry.name} has ${entry.sizeBytes} bytes`;
    if (expected !== undefined && start !== expected) return `file before ${entry.name} is missing`;
    expected = start + fileBytes;
  }
  return undefined;
}

/**
 * Units at the beginning of a file that exist and point below `logEndOffset`. They are written in order, so the first
 * that is missing is found by halving. Units that a power loss left behind a hole point to lost messages, beyond the
 * end of the log or into the part that is scanned again; neither is taken for a last unit that is to be believed.
 */
export function countUnits(file: DiskFile, unitCount: number, logEndOffset: number): number {
  let low = 0;
  let high = unitCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const unit = readUnits(file, middle, 1);
    const offset = unitCommitLogOffset(unit, 0);
    const exists = unitSizeBytes(unit, 0) > 0 && offset >= 0 && offset < logEndOffset;
    if (exists) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The first queue offset whose message is still in the log.
 * Source: rocketmq 5.5.0 `ConsumeQueue#correctMinOffset`.
 */
export function findMinOffset(
  disk: Disk,
  files: QueueFiles,
  queue: ConsumeQueue,
  logMinOffset: number,
): number {
  return firstUnitWhere(
    disk,
    files,
    queue,
    (sizeBytes, commitLogOffset) =>
      sizeBytes !== BLANK_UNIT_SIZE && commitLogOffset >= logMinOffset,
  );
}

/** The queue offset behind the last unit that points below `logEndOffset`. */
export function findEndOffset(
  disk: Disk,
  files: QueueFiles,
  queue: ConsumeQueue,
  logEndOffset: number,
): number {
  return firstUnitWhere(
    disk,
    files,
    queue,
    (sizeBytes, commitLogOffset) => sizeBytes <= 0 || commitLogOffset >= logEndOffset,
  );
}

/** The first written unit with a property that all later ones have too; `writtenOffset` where none has it. */
function firstUnitWhere(
  disk: Disk,
  files: QueueFiles,
  queue: ConsumeQueue,
  test: (sizeBytes: number, commitLogOffset: number) => boolean,
): number {
  const first = Math.max(queue.firstFileOffset, 0);
  const end = queue.writtenOffset;
  let low = first;
  let high = end;
  let file: DiskFile | undefined;
  try {
    while (low < high) {
      // The very first unit is nearly always the answer when looking for the oldest message.
      const middle = low === first && high === end ? low : (low + high) >>> 1;
      const path = files.pathOf(queue, middle);
      if (file?.path !== path) {
        void file?.close();
        file = disk.openNow(path, { create: false });
      }
      const unit = readUnits(file, middle % files.unitCount, 1);
      if (test(unitSizeBytes(unit, 0), unitCommitLogOffset(unit, 0))) high = middle;
      else low = middle + 1;
    }
  } finally {
    void file?.close();
  }
  return low;
}

/**
 * Removes what the files hold from `queueOffset` on, so that no old unit can be taken for a new one later: the rest of
 * the file becomes a hole, later files go.
 * @throws system error
 */
export async function cutFiles(
  disk: Disk,
  files: QueueFiles,
  queue: ConsumeQueue,
  queueOffset: number,
): Promise<void> {
  if (queue.firstFileOffset < 0) return;
  const fileBytes = files.unitCount * UNIT_BYTES;
  const directory = files.directoryOf(queue);
  const cutAt = queueOffset * UNIT_BYTES;
  for (const entry of await disk.list(directory)) {
    const start = parseSegmentName(entry.name);
    if (start === undefined || start + fileBytes <= cutAt) continue;
    const path = `${directory}/${segmentName(start)}`;
    if (start >= cutAt) {
      await files.remove(path);
    } else {
      const file = await disk.open(path, { create: false });
      try {
        await file.truncate(cutAt - start);
        await file.truncate(fileBytes);
      } finally {
        await file.close();
      }
    }
  }
  if (queue.firstFileOffset >= queueOffset) queue.firstFileOffset = -1;
}

function readUnits(file: DiskFile, index: number, count: number): DataView {
  const bytes = Buffer.alloc(count * UNIT_BYTES);
  file.readNow(bytes, index * UNIT_BYTES);
  return viewOf(bytes);
}
