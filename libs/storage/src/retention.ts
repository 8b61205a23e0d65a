import {
  describeError,
  type Clock,
  type ClockTask,
  type Disk,
  type Logger,
} from '@rocketmq-ts/kernel';
import type { LogSegments } from './commit-log/log-segments.js';
import type { ConsumeQueue } from './consume-queue/consume-queue.js';
import { findMinOffset } from './consume-queue/consume-queue.recovery.js';
import type { ConsumeQueues } from './consume-queue/consume-queues.js';
import type { QueueFiles } from './consume-queue/queue-files.js';
import type { DiskWatch } from './disk-watch.js';
import type { IndexSink, RetentionOptions } from './message-store.types.js';
import { segmentName } from './segment.js';
import type { StoreCounters } from './store-counters.js';

/** Queues looked at before other events get their turn. */
const QUEUES_PER_TURN = 20;

/** A file that is needed beyond its time is reported this often. */
const HELD_LOG_INTERVAL_MS = 600_000;

/** Commit-log offset from which on somebody needs the log; Infinity where nothing is needed. */
export type NeededFrom = () => number | Promise<number>;

/** What made a run delete. */
export type CleanReason = 'hour' | 'disk' | 'request';

/**
 * Deletes old segments of the log, and what queues and index have about them.
 * Source: rocketmq 5.5.0 `CleanCommitLogService`, `CleanConsumeQueueService`.
 *
 * Invariants:
 *  I1  the file that is being written is never deleted, nor one behind the end of what is synced and dispatched;
 *  I2  segments go from the oldest on, without gaps, at most `deleteBatchMax` in a run;
 *  I3  a segment that somebody still needs stays, however old it is and however full the disk.
 */
export class Retention {
  private running: Promise<number> | undefined;
  private timer: ClockTask | undefined;
  private readonly needs: NeededFrom[] = [];
  private heldLoggedMs = -Infinity;

  constructor(
    private readonly parts: {
      readonly disk: Disk;
      readonly clock: Clock;
      readonly logger: Logger;
      readonly segments: LogSegments;
      readonly queues: ConsumeQueues;
      readonly files: QueueFiles;
      readonly index: IndexSink | undefined;
      readonly diskWatch: DiskWatch;
      readonly counters: StoreCounters;
      readonly commitLogPath: string;
      readonly localHourOf: (timestampMs: number) => number;
      /** Brings everything to stable storage. */
      readonly syncAll: () => Promise<void>;
      /** Segments that end above are not deleted (I1). */
      readonly keepFromOffset: () => number;
      /** Notes durably where queues begin. */
      readonly writeManifest: () => Promise<void>;
      /** Segments were deleted: what is cached of them is to be forgotten. */
      readonly onDeleted: () => void;
    },
    private readonly options: RetentionOptions,
  ) {}

  /** From now on nothing is deleted that is needed (I3). Asked only when a segment is about to go. */
  keepNeeded(neededFrom: NeededFrom): void {
    this.needs.push(neededFrom);
  }

  start(): void {
    this.timer = this.parts.clock.setPeriodic(this.options.cleanIntervalMs, () => {
      const reason = this.due();
      if (reason) void this.clean(reason);
    });
  }

  async stop(): Promise<void> {
    this.timer?.cancel();
    await this.running;
  }

  /** Deletes what may be deleted; joins a run that is under way. @returns count of segments deleted */
  clean(reason: CleanReason): Promise<number> {
    this.running ??= this.run(reason).finally(() => (this.running = undefined));
    return this.running;
  }

  private due(): CleanReason | undefined {
    const { clock, localHourOf, diskWatch } = this.parts;
    if (this.options.deleteWhenHours.includes(localHourOf(clock.nowMs()))) return 'hour';
    return diskWatch.usedRatio > this.options.diskMaxUsedRatio ? 'disk' : undefined;
  }

  private async run(reason: CleanReason): Promise<number> {
    const { logger, counters, diskWatch, index, segments } = this.parts;
    try {
      const oldest = segments.all[0];
      if (oldest && oldest.endOffset > this.parts.keepFromOffset()) await this.parts.syncAll();
      const deleted = await this.deleteSegments();
      if (deleted > 0) {
        counters.deletedSegments += deleted;
        await this.trimQueues();
        await index?.removeBelow(segments.minOffset);
        logger.info('old commit-log files deleted', {
          reason,
          deleted,
          minOffset: segments.minOffset,
        });
        await diskWatch.look();
      } else if (reason === 'disk') {
        logger.warn('the disk fills up and nothing may be deleted', {
          usedRatio: diskWatch.usedRatio,
        });
      }
      return deleted;
    } catch (error) {
      logger.error('deleting old files failed, trying again', { error: describeError(error) });
      return 0;
    }
  }

  private async deleteSegments(): Promise<number> {
    const { disk, clock, segments, commitLogPath, diskWatch, onDeleted } = this.parts;
    const { fileReservedMs, cleanForcibly, diskCleanForciblyRatio, deleteBatchMax } = this.options;
    const forced = cleanForcibly && diskWatch.usedRatio > diskCleanForciblyRatio;
    const modifiedMs = new Map<string, number>();
    for (const entry of await disk.list(commitLogPath))
      modifiedMs.set(entry.name, entry.modifiedMs);
    let deleted = 0;
    let neededFrom: number | undefined;
    while (deleted < deleteBatchMax) {
      const oldest = segments.all[0];
      if (!oldest || oldest.endOffset > this.parts.keepFromOffset()) break;
      const changedMs = modifiedMs.get(segmentName(oldest.startOffset));
      const expired = changedMs !== undefined && clock.nowMs() - changedMs >= fileReservedMs;
      if (!expired && !forced) break;
      neededFrom ??= await this.neededFrom();
      if (oldest.endOffset > neededFrom) {
        this.logHeld(oldest.startOffset, forced);
        break;
      }
      segments.dropFirst();
      onDeleted();
      await oldest.file.close();
      await disk.remove(oldest.file.path);
      deleted++;
    }
    if (deleted > 0) await disk.syncDirectory(commitLogPath);
    return deleted;
  }

  private async neededFrom(): Promise<number> {
    let from = Infinity;
    for (const need of this.needs) from = Math.min(from, await need());
    return from;
  }

  private logHeld(startOffset: number, forced: boolean): void {
    const nowMs = this.parts.clock.monotonicMs();
    if (nowMs - this.heldLoggedMs < HELD_LOG_INTERVAL_MS) return;
    this.heldLoggedMs = nowMs;
    const text = 'a log file is kept beyond its time: messages in it still wait for their delivery';
    this.parts.logger[forced ? 'error' : 'warn'](text, {
      file: segmentName(startOffset),
      usedRatio: this.parts.diskWatch.usedRatio,
    });
  }

  /** Queues forget what points below the log's first byte; files that hold nothing else go. */
  private async trimQueues(): Promise<void> {
    const { clock, queues, disk, files, segments } = this.parts;
    const trimmed: ConsumeQueue[] = [];
    let looked = 0;
    for (const queue of [...queues]) {
      if (queue.firstFileOffset >= 0) {
        const minOffset = findMinOffset(disk, files, queue, segments.minOffset);
        if (minOffset > queue.minOffset) {
          queue.minOffset = minOffset;
          trimmed.push(queue);
        }
      }
      if (++looked % QUEUES_PER_TURN === 0) {
        await new Promise<void>((resolve) => clock.afterTick(resolve));
      }
    }
    // First it is written down that the units may be missing, then they go.
    await this.parts.writeManifest();
    for (const queue of trimmed) await this.removeFiles(queue);
  }

  private async removeFiles(queue: ConsumeQueue): Promise<void> {
    const { files } = this.parts;
    // The last file stays, whatever it holds: it tells where the queue goes on.
    while (queue.firstFileOffset >= 0) {
      const fileEnd = queue.firstFileOffset + files.unitCount;
      if (fileEnd > queue.minOffset || fileEnd >= queue.writtenOffset) return;
      const path = files.pathOf(queue, queue.firstFileOffset);
      queue.firstFileOffset = fileEnd;
      await files.remove(path);
    }
  }
}
