import type { Clock, Disk, Logger } from '@rocketmq-ts/kernel';
import { CheckpointFile } from './checkpoint.js';
import { LogSegments } from './commit-log/log-segments.js';
import { ConsumeQueues } from './consume-queue/consume-queues.js';
import { QueueFiles } from './consume-queue/queue-files.js';
import { QueueFlusher } from './consume-queue/queue-flusher.js';
import { IndexFiles } from './index-file/index-files.js';
import type { StoreSettings } from './message-store.options.js';
import type { RecoveryParts } from './recovery/recovery-parts.js';
import { SIDECAR_NAME, SidecarFile } from './sidecar.js';
import { StoreCounters } from './store-counters.js';
import { StoreLockedError } from './store-errors.js';
import { StoreHealth } from './store-health.js';

/** Files and tables as recovery leaves them. */
export interface StoreFoundation extends RecoveryParts {
  readonly counters: StoreCounters;
  readonly health: StoreHealth;
  readonly abortPath: string;
  readonly unlock: () => Promise<void>;
}

/** Takes the lock and opens what recovery works on. @throws {StoreLockedError} @throws system error */
export async function layFoundation(
  { disk, clock, logger }: { disk: Disk; clock: Clock; logger: Logger },
  settings: StoreSettings,
): Promise<StoreFoundation> {
  const { rootPath } = settings;
  await disk.makeDirectory(rootPath);
  await disk.makeDirectory(settings.commitLogPath);
  await disk.makeDirectory(settings.consumeQueuePath);
  const unlock = await disk.tryLock(`${rootPath}/lock`);
  if (!unlock) throw new StoreLockedError(`${rootPath}/lock`);
  const counters = new StoreCounters();
  const health = new StoreHealth(logger);
  const queues = new ConsumeQueues();
  const files = new QueueFiles(
    disk,
    logger,
    settings.consumeQueuePath,
    settings.consumeQueueFileUnitCount,
    openFilesShare(disk, settings.openQueueFilesMax),
  );
  const abortPath = `${rootPath}/abort`;
  return {
    disk,
    clock,
    logger,
    settings,
    counters,
    health,
    segments: new LogSegments(
      { disk, clock, logger },
      settings.commitLogPath,
      settings.segmentSizeBytes,
      health,
    ),
    queues,
    files,
    flusher: new QueueFlusher(queues, files, counters, clock),
    index: settings.indexEnabled
      ? new IndexFiles({ disk, clock, logger }, `${rootPath}/index`)
      : undefined,
    sidecar: await SidecarFile.open(disk, `${rootPath}/${SIDECAR_NAME}`),
    checkpoint: await CheckpointFile.open(disk, `${rootPath}/checkpoint`),
    abortPath,
    abortPresent: await disk.exists(abortPath),
    unlock,
  };
}

/** Connections, and the log's own files, need the other half of what the system allows. */
function openFilesShare(disk: Disk, wanted: number): number {
  return Math.min(wanted, Math.floor((disk.openFileCountMax() ?? Infinity) / 2));
}

/** Closes everything again: the store could not be opened. */
export async function abandonFoundation(foundation: StoreFoundation): Promise<void> {
  await foundation.segments.close();
  await foundation.files.close();
  await foundation.index?.close();
  await foundation.sidecar.close();
  await foundation.checkpoint.close();
  await foundation.unlock();
}
