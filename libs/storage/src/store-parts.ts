import type { Clock, Disk, Logger } from '@rocketmq-ts/kernel';
import { ExpiredQueues } from './expired-queues.js';
import { writeAbort } from './checkpoint.js';
import type { StoreSettings } from './message-store.options.js';
import type { Recovered } from './recovery/recovery-parts.js';
import { StoreRecovery } from './recovery/store-recovery.js';
import { ReplicaLog } from './replication/replica-log.js';
import { Retention } from './retention.js';
import { abandonFoundation, layFoundation, type StoreFoundation } from './store-foundation.js';
import type { StoreProgress } from './store-progress.js';
import { assembleReading, type StoreReading } from './store-reading.js';
import { assembleWriting, type StoreWriting } from './store-writing.js';
import { TopicRemoval } from './topic-removal.js';

/** Everything an open store consists of. */
export interface StoreParts extends StoreFoundation, StoreWriting, StoreReading {
  readonly recovered: Recovered;
  readonly replicaLog: ReplicaLog;
  readonly retention: Retention;
  readonly removal: TopicRemoval;
  readonly expiredQueues: ExpiredQueues;
}

/** Opens, recovers and starts a store. @throws as `MessageStore.open` */
export async function openStoreParts(
  seams: { disk: Disk; clock: Clock; logger: Logger },
  settings: StoreSettings,
): Promise<StoreParts> {
  const foundation = await layFoundation(seams, settings);
  try {
    const recovered = await new StoreRecovery(foundation).run();
    seams.logger.info('store recovered', {
      basis: recovered.basis,
      logEndOffset: recovered.logEndOffset,
      scannedBytes: recovered.scannedBytes,
      rebuiltQueues: recovered.rebuiltQueues,
      queues: foundation.queues.count,
      elapsedMs: Math.round(recovered.elapsedMs),
    });
    return await start(foundation, recovered);
  } catch (error) {
    await abandonFoundation(foundation);
    throw error;
  }
}

async function start(foundation: StoreFoundation, recovered: Recovered): Promise<StoreParts> {
  const { settings } = foundation;
  const writing = assembleWriting(foundation, recovered);
  const reading = assembleReading(foundation, writing, recovered.logEndOffset);
  const { sync, progress, queueWriter, diskWatch } = writing;
  const retention = new Retention(
    {
      ...foundation,
      diskWatch,
      commitLogPath: settings.commitLogPath,
      localHourOf: settings.localHourOf,
      syncAll: () => queueWriter.cycle(true),
      keepFromOffset: () => progress.syncedUpTo,
      writeManifest: () => progress.writeManifest(true),
      onDeleted: () => reading.log.clear(),
    },
    settings.retention,
  );
  const removal = new TopicRemoval({ ...foundation, ...writing, ...reading });
  const expiredQueues = new ExpiredQueues({ ...foundation, ...writing, ...reading });
  // What an earlier life wrote may not be on stable storage yet: in SYNC mode nobody may see it before it is (P9).
  sync.start();
  if (settings.flushMode === 'SYNC') await sync.reach(recovered.logEndOffset);
  await begin(foundation, progress, recovered.logEndOffset);
  await diskWatch.start();
  retention.start();
  const replicaLog = new ReplicaLog(
    { ...foundation, ...writing },
    { withKeys: foundation.index !== undefined, ...settings },
  );
  const upkeep = { retention, removal, expiredQueues };
  return { ...foundation, ...writing, ...reading, ...upkeep, recovered, replicaLog };
}

/**
 * Marks the directory as in use before the first message is taken, and makes the first file. Everything is on its way at
 * once: on a busy disk each sync takes a good part of a second.
 */
async function begin(
  { disk, settings, segments, sidecar, checkpoint, abortPath, abortPresent }: StoreFoundation,
  progress: StoreProgress,
  logEndOffset: number,
): Promise<void> {
  const known = abortPresent && sidecar.found.length > 0 && checkpoint.found !== undefined;
  await allEnded([
    writeAbort(disk, abortPath),
    segments.find(logEndOffset) ?? segments.createNow(segments.startOf(logEndOffset)),
    progress.begin(),
  ]);
  if (!known) await disk.syncDirectory(settings.rootPath);
}

/** Resolves or rejects when all have come to an end: nothing goes on behind the back of who closes the files. */
async function allEnded(work: readonly unknown[]): Promise<void> {
  const ends = await Promise.allSettled(work);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}
