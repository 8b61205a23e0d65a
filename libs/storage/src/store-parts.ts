import { invariant, type Clock, type Disk, type Logger } from '@rocketmq-ts/kernel';
import { BackPressure } from './back-pressure.js';
import { BatchAnswers } from './batch-answers.js';
import { CheckpointFile } from './checkpoint.js';
import { CommitLog } from './commit-log/commit-log.js';
import { AsyncFlush, type BatchSink, type FlushPolicy } from './commit-log/flush-policy.js';
import { GroupCommit } from './commit-log/group-commit.js';
import type { LogBatch } from './commit-log/log-batch.js';
import { LogSegments } from './commit-log/log-segments.js';
import { LogSlabPool } from './commit-log/log-slab.js';
import { LogSync } from './commit-log/log-sync.js';
import { LogWriter } from './commit-log/log-writer.js';
import { ZeroAhead } from './commit-log/zero-ahead.js';
import { ConsumeQueue } from './consume-queue/consume-queue.js';
import { ConsumeQueues } from './consume-queue/consume-queues.js';
import { QueueFiles } from './consume-queue/queue-files.js';
import { QueueFlusher } from './consume-queue/queue-flusher.js';
import { QueueWriter } from './consume-queue/queue-writer.js';
import { DiskWatch } from './disk-watch.js';
import { Dispatcher } from './dispatcher.js';
import { IndexFiles } from './index-file/index-files.js';
import type { StoreSettings } from './message-store.options.js';
import type { IndexSink, StoreQueue } from './message-store.types.js';
import { QueueCheck } from './queue-check.js';
import { LogChunks } from './read/log-chunks.js';
import { MessageReader } from './read/message-reader.js';
import { RecordLookup } from './read/record-lookup.js';
import { TimeSearch } from './read/time-search.js';
import { UnitSource } from './read/unit-source.js';
import { Retention } from './retention.js';
import { SIDECAR_NAME, SidecarFile } from './sidecar.js';
import { StoreCounters } from './store-counters.js';
import { StoreLockedError } from './store-errors.js';
import { StoreHealth } from './store-health.js';
import { StoreProgress } from './store-progress.js';
import { StoreRecovery, type Recovered } from './store-recovery.js';
import { TailCache } from './tail-cache.js';
import { TopicRemoval } from './topic-removal.js';

/** Share of the read cache that holds queue units. */
const UNIT_CACHE_SHARE = 1 / 8;
const IDLE_SLABS_MAX = 8;

/** Everything an open store consists of. */
export interface StoreParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: StoreSettings;
  readonly counters: StoreCounters;
  readonly health: StoreHealth;
  readonly backPressure: BackPressure;
  readonly answers: BatchAnswers;
  readonly segments: LogSegments;
  readonly tailCache: TailCache;
  readonly zeroAhead: ZeroAhead;
  readonly writer: LogWriter;
  readonly sync: LogSync;
  readonly flush: FlushPolicy;
  readonly commitLog: CommitLog;
  readonly queues: ConsumeQueues;
  readonly files: QueueFiles;
  readonly queueWriter: QueueWriter;
  readonly queueCheck: QueueCheck;
  readonly dispatcher: Dispatcher;
  readonly index: IndexSink | undefined;
  readonly reader: MessageReader;
  readonly timeSearch: TimeSearch;
  readonly lookup: RecordLookup;
  readonly diskWatch: DiskWatch;
  readonly retention: Retention;
  readonly removal: TopicRemoval;
  readonly progress: StoreProgress;
  readonly sidecar: SidecarFile;
  readonly checkpoint: CheckpointFile;
  readonly recovered: Recovered;
  readonly abortPath: string;
  readonly unlock: () => Promise<void>;
}

/** The store's own queue behind a handle. */
export function queueOf(queue: StoreQueue): ConsumeQueue {
  invariant(queue instanceof ConsumeQueue, 'a queue handle comes from the store it is given to');
  return queue;
}

/** Files and tables as recovery leaves them. */
interface Foundation {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: StoreSettings;
  readonly counters: StoreCounters;
  readonly health: StoreHealth;
  readonly segments: LogSegments;
  readonly queues: ConsumeQueues;
  readonly files: QueueFiles;
  readonly flusher: QueueFlusher;
  readonly index: IndexSink | undefined;
  readonly sidecar: SidecarFile;
  readonly checkpoint: CheckpointFile;
  readonly abortPath: string;
  readonly abortPresent: boolean;
  readonly unlock: () => Promise<void>;
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
    return await assemble(foundation, recovered);
  } catch (error) {
    await abandon(foundation);
    throw error;
  }
}

async function layFoundation(
  { disk, clock, logger }: { disk: Disk; clock: Clock; logger: Logger },
  settings: StoreSettings,
): Promise<Foundation> {
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
    settings.openQueueFilesMax,
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

async function abandon(foundation: Foundation): Promise<void> {
  await foundation.segments.close();
  await foundation.files.close();
  await foundation.index?.close();
  await foundation.sidecar.close();
  await foundation.checkpoint.close();
  await foundation.unlock();
}

async function assemble(foundation: Foundation, recovered: Recovered): Promise<StoreParts> {
  const { disk, clock, logger, settings, counters, health, segments, queues, files } = foundation;
  const end = recovered.logEndOffset;
  const pool = new LogSlabPool(settings.slabBytes, IDLE_SLABS_MAX);
  const tailCache = new TailCache(pool, settings.tailCacheBytes);
  const answers = new BatchAnswers(logger, counters);
  const backPressure = new BackPressure(counters, settings.unwrittenBytesMax);
  const dispatcher = new Dispatcher(
    { logger, queues, queueOf, index: foundation.index, queueWriter: () => queueWriter },
    recovered.writtenMark,
  );
  const sink: BatchSink = {
    makeVisible: (batch) => dispatcher.dispatch(batch),
    acknowledge: (batch, choice) => answers.acknowledge(batch, choice),
    reportTimeout: (batch) => answers.reportTimeout(batch),
  };
  const zeroAhead = new ZeroAhead({
    logger,
    segments,
    health,
    aheadBytes: settings.zeroAheadBytes,
    appendOffset: () => commitLog.appendOffset,
  });
  const sync: LogSync = new LogSync(
    { clock, segments, health, counters, writtenOffset: () => writer.writtenOffset },
    recovered.logFlushedOffset,
  );
  const flush: FlushPolicy =
    settings.flushMode === 'SYNC'
      ? new GroupCommit({ clock, sync, sink, counters, timeoutMs: settings.syncFlushTimeoutMs })
      : new AsyncFlush(clock, settings.flushIntervalMs, sync, sink);
  const onWritten = (batch: LogBatch): void => {
    batch.releaseSlabs((slab) => pool.release(slab));
    tailCache.evict(batch.endOffset);
    counters.unflushedBytes = batch.endOffset - sync.flushedOffset;
    // The next file is made while there is still room for a long time.
    if (batch.endOffset > segments.endOffset - settings.segmentSizeBytes / 2) prepareNext();
    flush.onWritten(batch);
    dispatcher.announce();
    backPressure.noteWritten();
  };
  const prepareNext = (): void => {
    void diskWatch.look().then(() => segments.prepare(segments.endOffset));
  };
  const writer: LogWriter = new LogWriter(
    {
      clock,
      logger,
      segments,
      health,
      counters,
      zeroAhead,
      writeNowBytesMax: settings.writeNowBytesMax,
      syncUnderWay: () => sync.underWay,
      onWritten,
    },
    end,
  );
  const commitLog: CommitLog = new CommitLog(
    { clock, segments, pool, tailCache, writer, counters, storeHostBytes: settings.storeHostBytes },
    end,
  );
  foundation.flusher.mayBlock = () => sync.underWay;
  sync.onFlushed(() => {
    counters.unflushedBytes = writer.writtenOffset - sync.flushedOffset;
    dispatcher.announce();
  });
  health.onFailure((refusal) => {
    for (const batch of flush.abandon()) {
      if (!batch.timedOut) answers.refuse(batch.entries, refusal, 'waiting');
    }
    for (const batch of writer.abandon()) answers.refuse(batch.entries, refusal, 'all');
    sync.wake();
    void progress.noteFailure().catch(() => undefined);
  });
  const progress = new StoreProgress(
    {
      disk,
      rootPath: settings.rootPath,
      queues,
      sidecar: foundation.sidecar,
      checkpoint: foundation.checkpoint,
      segmentSizeBytes: settings.segmentSizeBytes,
      bootId: settings.bootId ?? '',
      logMinOffset: () => segments.minOffset,
      logEndOffset: () => writer.writtenOffset,
    },
    recovered.writtenMark,
    recovered.syncedMark,
  );
  const queueWriter: QueueWriter = new QueueWriter(
    {
      clock,
      logger,
      flusher: foundation.flusher,
      health,
      dispatched: () => dispatcher.mark(),
      events: {
        onWritten: async (mark) => {
          await foundation.index?.flush(false);
          await progress.noteWritten(mark);
        },
        syncLog: (offset) => sync.reach(offset),
        onSynced: async (mark) => {
          await foundation.index?.flush(true);
          await progress.noteSynced(mark);
        },
      },
      writeLogBytes: settings.queueWriteLogBytes,
      writeIntervalMs: settings.queueWriteIntervalMs,
      syncIntervalMs: settings.queueSyncIntervalMs,
    },
    recovered,
  );
  const unitCacheBytes = settings.readCacheBytes * UNIT_CACHE_SHARE;
  const units = new UnitSource(files, unitCacheBytes);
  const log = new LogChunks(
    segments,
    counters,
    () => writer.writtenOffset,
    settings.readCacheBytes - unitCacheBytes,
  );
  const places = {
    logStartOffset: () => segments.minOffset,
    writtenOffset: () => writer.writtenOffset,
  };
  const timeSearch = new TimeSearch({ files, tailCache, log, ...places });
  const queueCheck = new QueueCheck({
    logger,
    counters,
    segments,
    files,
    flusher: foundation.flusher,
    queueWriter,
    units,
    timeSearch,
    dispatchedOffset: () => dispatcher.dispatchedOffset,
    deliverTimestampMs: settings.deliverTimestampMs,
  });
  const reader = new MessageReader({
    logger,
    counters,
    tailCache,
    pool,
    log,
    units,
    queueFileUnitCount: settings.consumeQueueFileUnitCount,
    transferLimits: settings.transferLimits,
    checkCrcOnRead: settings.checkCrcOnRead,
    lifeStartOffset: end,
    ...places,
    logEndOffset: () => writer.writtenOffset,
    onDamage: (queue, queueOffset, offset) => queueCheck.noteDamage(queue, queueOffset, offset),
    onSuspectUnit: (queue, queueOffset, finding) => queueCheck.suspect(queue, queueOffset, finding),
  });
  const lookup = new RecordLookup({
    tailCache,
    log,
    index: foundation.index,
    ...places,
    visibleOffset: () => dispatcher.dispatchedOffset,
  });
  const diskWatch = new DiskWatch(
    { disk, clock, logger, health },
    settings.commitLogPath,
    settings.retention,
  );
  const retention = new Retention(
    {
      disk,
      clock,
      logger,
      segments,
      queues,
      files,
      index: foundation.index,
      diskWatch,
      counters,
      commitLogPath: settings.commitLogPath,
      localHourOf: settings.localHourOf,
      syncAll: () => queueWriter.cycle(true),
      keepFromOffset: () => progress.syncedUpTo,
      writeManifest: () => progress.writeManifest(true),
      onDeleted: () => log.clear(),
    },
    settings.retention,
  );
  const removal = new TopicRemoval({
    queues,
    files,
    flusher: foundation.flusher,
    queueWriter,
    units,
    progress,
  });
  // What an earlier life wrote may not be on stable storage yet: in SYNC mode nobody may see it before it is (P9).
  sync.start();
  if (settings.flushMode === 'SYNC') await sync.reach(end);
  await begin(foundation, progress, end);
  await diskWatch.start();
  retention.start();
  return {
    ...foundation,
    recovered,
    answers,
    backPressure,
    tailCache,
    zeroAhead,
    writer,
    sync,
    flush,
    commitLog,
    queueWriter,
    queueCheck,
    dispatcher,
    reader,
    timeSearch,
    lookup,
    diskWatch,
    retention,
    removal,
    progress,
  };
}

/** Marks the directory as in use before the first message is taken, and makes the first file. */
async function begin(
  { disk, settings, segments, abortPath }: Foundation,
  progress: StoreProgress,
  logEndOffset: number,
): Promise<void> {
  const abort = await disk.open(abortPath, { create: true });
  try {
    await new Promise<void>((resolve, reject) =>
      abort.write([Buffer.from(String(process.pid))], 0, (error) => {
        if (error) reject(error);
        else abort.dataSync((problem) => (problem ? reject(problem) : resolve()));
      }),
    );
  } finally {
    await abort.close();
  }
  await progress.begin();
  await disk.syncDirectory(settings.rootPath);
  if (!segments.find(logEndOffset)) await segments.createNow(segments.startOf(logEndOffset));
}
