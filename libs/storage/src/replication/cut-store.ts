import type { Clock, Disk, Logger } from '@rocketmq-ts/kernel';
import { CheckpointFile, EMPTY_CHECKPOINT, writeAbort } from '../checkpoint.js';
import { cutLog, keepCopy } from '../commit-log/log-repair.js';
import { LogSegments } from '../commit-log/log-segments.js';
import { loadSegments } from '../commit-log/segment-load.js';
import { MANIFEST_NAME } from '../consume-queue/queue-manifest.js';
import { resolveOptions, type StoreSettings } from '../message-store.options.js';
import type { MessageStoreOptions } from '../message-store.types.js';
import { SIDECAR_NAME, SidecarFile } from '../sidecar.js';
import { StoreLockedError } from '../store-errors.js';
import { StoreHealth } from '../store-health.js';
import { timerPaths } from '../timer/timer-opening.js';

interface Seams {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Ends the log of a closed store at `offset`, where a record begins or ends; what is cut off is kept in a file beside it.
 * The next start builds queues and index from the whole log: what the list of queues knows of their offsets was true for what is
 * cut off, and other messages will take these places. A crash on the way leaves a store that starts with more
 * of its log than asked for; call it again.
 * @returns path of what was cut off, undefined where there was nothing. @throws {StoreLockedError} @throws system error
 */
export async function cutStore(
  seams: Seams,
  options: MessageStoreOptions,
  offset: number,
): Promise<string | undefined> {
  return withLock(seams, options, async (settings) => {
    const { disk } = seams;
    const { rootPath, commitLogPath, segmentSizeBytes } = settings;
    await writeAbort(disk, `${rootPath}/abort`);
    await disk.remove(`${rootPath}/${MANIFEST_NAME}`);
    await disk.syncDirectory(rootPath);
    await forgetAbove(disk, settings, offset);
    const segments = new LogSegments(
      seams,
      commitLogPath,
      segmentSizeBytes,
      new StoreHealth(seams.logger),
    );
    try {
      await loadSegments(seams, segments, {
        directory: commitLogPath,
        segmentSizeBytes,
        sizeIsKnown: true,
        repair: false,
      });
      if (segments.endOffset <= offset) return undefined;
      const path = await keepCopy(seams, segments, rootPath, offset, segments.endOffset);
      await cutLog(disk, segments, commitLogPath, offset);
      return path;
    } finally {
      await segments.close();
    }
  });
}

/**
 * Removes everything of a closed store that its messages are kept in; its tables of topics, groups and offsets stay.
 * @throws {StoreLockedError} @throws system error
 */
export async function wipeStore(seams: Seams, options: MessageStoreOptions): Promise<void> {
  await withLock(seams, options, async ({ rootPath, commitLogPath, consumeQueuePath }) => {
    const { disk } = seams;
    const timer = timerPaths(rootPath);
    const derived = [SIDECAR_NAME, MANIFEST_NAME, 'checkpoint', 'index'].map(
      (name) => `${rootPath}/${name}`,
    );
    // The log goes last: whatever a crash leaves of the others is built from the log.
    const paths = [
      ...derived,
      ...Object.values<string>({ ...timer }),
      consumeQueuePath,
      commitLogPath,
    ];
    for (const path of paths) await disk.remove(path);
    await disk.remove(`${rootPath}/abort`);
    await disk.syncDirectory(rootPath);
  });
}

/** What the next start is to believe: nothing above `offset`, and nothing of what the system might have lost. */
async function forgetAbove(disk: Disk, settings: StoreSettings, offset: number): Promise<void> {
  const { rootPath, segmentSizeBytes } = settings;
  const sidecar = await SidecarFile.open(disk, `${rootPath}/${SIDECAR_NAME}`);
  const checkpoint = await CheckpointFile.open(disk, `${rootPath}/checkpoint`);
  try {
    const known = sidecar.found[0];
    const syncedUpTo = Math.min(known?.syncedUpTo ?? 0, offset);
    await sidecar.write(
      {
        clean: false,
        segmentSizeBytes,
        writtenUpTo: syncedUpTo,
        syncedUpTo,
        logEndOffset: offset,
        lastMessageOffset: -1,
        lastStoreTimestampMs: 0,
        checkpoint: checkpoint.found ?? EMPTY_CHECKPOINT,
        bootId: '',
      },
      true,
    );
  } finally {
    await sidecar.close();
    await checkpoint.close();
  }
}

async function withLock<T>(
  { disk }: Seams,
  options: MessageStoreOptions,
  work: (settings: StoreSettings) => Promise<T>,
): Promise<T> {
  const settings = resolveOptions(options);
  const unlock = await disk.tryLock(`${settings.rootPath}/lock`);
  if (!unlock) throw new StoreLockedError(`${settings.rootPath}/lock`);
  try {
    return await work(settings);
  } finally {
    await unlock();
  }
}
