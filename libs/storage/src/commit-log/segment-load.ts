import type { Disk, DiskEntry, Logger } from '@rocketmq-ts/kernel';
import { parseSegmentName, Segment, segmentName } from '../segment.js';
import { CorruptionError, StoreLayoutError } from '../store-errors.js';
import { writeGapFile } from './log-repair.js';
import type { LogSegments } from './log-segments.js';

/** What decides about files that do not fit. */
export interface SegmentLoadOptions {
  readonly directory: string;
  readonly segmentSizeBytes: number;
  /** The store is known to use this segment size, so a short last file is one whose making or cutting was interrupted. */
  readonly sizeIsKnown: boolean;
  readonly repair: boolean;
}

/**
 * Opens the files of the commit log.
 * Source: rocketmq 5.5.0 `MappedFileQueue#doLoad`; gaps between files are found here and not there.
 * @throws {StoreLayoutError} the files have another size than the settings say.
 * @throws {CorruptionError} a file is missing in between or has a wrong length.
 */
export async function loadSegments(
  seams: { disk: Disk; logger: Logger },
  segments: LogSegments,
  options: SegmentLoadOptions,
): Promise<void> {
  const { disk } = seams;
  const { directory, segmentSizeBytes } = options;
  const entries = await segmentEntries(seams, options);
  for (let i = 0; i < entries.length; i++) {
    const { entry, startOffset } = entries[i]!;
    if (i > 0 && startOffset !== segments.endOffset) {
      await closeGap(seams, segments, startOffset, options);
    }
    if (entry.sizeBytes !== segmentSizeBytes) {
      checkLength(entry, i === entries.length - 1, options);
    }
    const file = await disk.open(`${directory}/${entry.name}`, { create: false });
    const segment = new Segment(file, startOffset, segmentSizeBytes);
    segments.adopt(segment);
    if (file.sizeBytes !== segmentSizeBytes) {
      seams.logger.warn('commit-log file is short, it gets its full length', {
        file: entry.name,
        sizeBytes: file.sizeBytes,
      });
      await file.truncate(segmentSizeBytes);
    }
  }
}

async function segmentEntries(
  { disk, logger }: { disk: Disk; logger: Logger },
  { directory, segmentSizeBytes, sizeIsKnown }: SegmentLoadOptions,
): Promise<{ entry: DiskEntry; startOffset: number }[]> {
  const entries: { entry: DiskEntry; startOffset: number }[] = [];
  for (const entry of await disk.list(directory)) {
    const startOffset = entry.directory ? undefined : parseSegmentName(entry.name);
    if (startOffset === undefined) {
      logger.warn('foreign file among the commit-log files, left alone', { file: entry.name });
      continue;
    }
    entries.push({ entry, startOffset });
  }
  // Made ahead or about to be made when the process ended: it holds nothing.
  while (entries.at(-1)?.entry.sizeBytes === 0) {
    await disk.remove(`${directory}/${entries.pop()!.entry.name}`);
  }
  const odd = entries.find(({ startOffset }) => startOffset % segmentSizeBytes !== 0);
  const sizes = new Set(entries.map(({ entry }) => entry.sizeBytes));
  const otherSize = sizes.size === 1 && !sizes.has(segmentSizeBytes) && !sizeIsKnown;
  if (odd || otherSize) {
    const sizeBytes = entries[0]!.entry.sizeBytes;
    throw new StoreLayoutError(
      directory,
      `its files have ${sizeBytes} bytes, the settings say ${segmentSizeBytes} (mappedFileSizeCommitLog)`,
    );
  }
  return entries;
}

function checkLength(
  entry: DiskEntry,
  isLast: boolean,
  { directory, segmentSizeBytes, repair }: SegmentLoadOptions,
): void {
  const short = entry.sizeBytes < segmentSizeBytes;
  if (short && (isLast || repair)) return;
  throw new CorruptionError(
    `${directory}/${entry.name}`,
    Math.min(entry.sizeBytes, segmentSizeBytes),
    `the file has ${entry.sizeBytes} bytes instead of ${segmentSizeBytes}`,
  );
}

async function closeGap(
  { disk, logger }: { disk: Disk; logger: Logger },
  segments: LogSegments,
  nextStartOffset: number,
  { directory, segmentSizeBytes, repair }: SegmentLoadOptions,
): Promise<void> {
  while (segments.endOffset < nextStartOffset) {
    const startOffset = segments.endOffset;
    const path = `${directory}/${segmentName(startOffset)}`;
    if (!repair) throw new CorruptionError(path, 0, 'the file is missing between two others');
    logger.warn('commit-log file is missing, an empty one takes its place', { path });
    const file = await disk.open(path, { create: true });
    await file.truncate(segmentSizeBytes);
    const segment = new Segment(file, startOffset, segmentSizeBytes);
    await writeGapFile(segment);
    segments.adopt(segment);
  }
}
