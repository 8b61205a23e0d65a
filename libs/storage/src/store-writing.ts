import { invariant } from '@rocketmq-ts/kernel';
import { BackPressure } from './back-pressure.js';
import { BatchAnswers } from './batch-answers.js';
import { CommitLog } from './commit-log/commit-log.js';
import { type BatchSink, DecidedAnswers } from './commit-log/decided-answers.js';
import type { LogBatch } from './commit-log/log-batch.js';
import { LogScanner } from './commit-log/log-scanner.js';
import { LogSlabPool } from './commit-log/log-slab.js';
import { LogSync } from './commit-log/log-sync.js';
import { LogWriter } from './commit-log/log-writer.js';
import { PeriodicSync } from './commit-log/periodic-sync.js';
import { ZeroAhead } from './commit-log/zero-ahead.js';
import { ConsumeQueue } from './consume-queue/consume-queue.js';
import { QueueWriter } from './consume-queue/queue-writer.js';
import { DiskWatch } from './disk-watch.js';
import { Dispatcher } from './dispatcher.js';
import { LightDispatch } from './light-queue/light-dispatch.js';
import type { StoreQueue } from './message-store.types.js';
import type { Recovered } from './recovery/recovery-parts.js';
import { RawLog } from './replication/raw-log.js';
import type { StoreFoundation } from './store-foundation.js';
import { StoreProgress } from './store-progress.js';
import { TailCache } from './tail-cache.js';

const IDLE_SLABS_MAX = 8;

/** What brings messages into the store, from the append to the answer and to the queues. */
export interface StoreWriting {
  readonly answers: BatchAnswers;
  readonly backPressure: BackPressure;
  readonly pool: LogSlabPool;
  readonly tailCache: TailCache;
  readonly zeroAhead: ZeroAhead;
  readonly writer: LogWriter;
  readonly sync: LogSync;
  readonly decided: DecidedAnswers;
  /** ASYNC_FLUSH. */
  readonly periodicSync: PeriodicSync | undefined;
  readonly rawLog: RawLog;
  readonly commitLog: CommitLog;
  readonly dispatcher: Dispatcher;
  readonly lightDispatch: LightDispatch;
  readonly progress: StoreProgress;
  readonly queueWriter: QueueWriter;
  readonly diskWatch: DiskWatch;
}

/** The store's own queue behind a handle. */
export function queueOf(queue: StoreQueue): ConsumeQueue {
  invariant(queue instanceof ConsumeQueue, 'a queue handle comes from the store it is given to');
  return queue;
}

/** Puts the writing side together. The parts know each other through functions, because each needs what comes later. */
export function assembleWriting(foundation: StoreFoundation, recovered: Recovered): StoreWriting {
  const { clock, logger, settings, counters, health, segments } = foundation;
  const pool = new LogSlabPool(settings.slabBytes, IDLE_SLABS_MAX);
  const tailCache = new TailCache(pool, settings.tailCacheBytes);
  const answers = new BatchAnswers(logger, counters);
  const backPressure = new BackPressure(clock, counters, settings.unwrittenBytesMax);
  const diskWatch = new DiskWatch(foundation, settings.commitLogPath, settings.retention);
  const dispatcher = new Dispatcher(
    { ...foundation, queueOf, queueWriter: () => queueWriter },
    recovered.writtenMark,
  );
  const sink: BatchSink = {
    makeVisible: (batch) => dispatcher.dispatch(batch),
    tell: (batch, outcome, choice) => answers.tellBatch(batch, outcome, choice),
  };
  const awaitsSync = settings.flushMode === 'SYNC';
  const zeroAhead = new ZeroAhead({
    logger,
    segments,
    health,
    aheadBytes: settings.zeroAheadBytes,
    // A sync has less to record where blocks are there already, whoever wrote the batch.
    batchBytesMax: awaitsSync ? Infinity : settings.writeReadyBytesMax,
    appendOffset: () => commitLog.appendOffset,
  });
  const sync: LogSync = new LogSync(
    { clock, segments, health, counters, writtenOffset: () => writer.writtenOffset },
    recovered.logFlushedOffset,
  );
  const decided = new DecidedAnswers({
    clock,
    sync,
    sink,
    awaitsSync,
    syncTimeoutMs: settings.syncFlushTimeoutMs,
    copyTimeoutMs: settings.slaveTimeoutMs,
  });
  const periodicSync = awaitsSync
    ? undefined
    : new PeriodicSync(clock, settings.flushIntervalMs, sync);
  const onWritten = (batch: LogBatch): void => {
    batch.releaseSlabs((slab) => pool.release(slab));
    tailCache.evict(batch.endOffset);
    counters.unflushedBytes = batch.endOffset - sync.flushedOffset;
    // The next file is made while there is still room for a long time.
    if (batch.endOffset > segments.endOffset - settings.segmentSizeBytes / 2) {
      void diskWatch.look().then(() => segments.prepare(segments.endOffset));
    }
    rawLog.announceWritten();
    decided.onWritten(batch);
    dispatcher.announce();
    backPressure.noteWritten();
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
      writeReadyBytesMax: settings.writeReadyBytesMax,
      syncUnderWay: () => sync.underWay,
      onWritten,
    },
    recovered.logEndOffset,
  );
  const commitLog: CommitLog = new CommitLog(
    { clock, segments, pool, tailCache, writer, counters, storeHostBytes: settings.storeHostBytes },
    recovered.logEndOffset,
  );
  const rawLog = new RawLog({
    logger,
    segments,
    writer,
    sync,
    tailCache,
    pool,
    scanner: new LogScanner(segments, { ...settings, withKeys: false }),
  });
  sync.onFlushed(() => {
    counters.unflushedBytes = writer.writtenOffset - sync.flushedOffset;
    dispatcher.announce();
  });
  foundation.flusher.mayBlock = () => sync.underWay;
  const progress = makeProgress(foundation, recovered, () => writer.writtenOffset);
  const queueWriter = makeQueueWriter(foundation, recovered, { dispatcher, sync, progress });
  health.onFailure((refusal) => {
    for (const batch of decided.abandon()) answers.refuse(batch.entries, refusal, 'waiting');
    for (const batch of writer.abandon()) answers.refuse(batch.entries, refusal, 'all');
    sync.wake();
    // Best effort: the disk is failing, and the next start looks for itself.
    void progress.noteFailure().catch(() => undefined);
  });
  return {
    answers,
    backPressure,
    pool,
    tailCache,
    zeroAhead,
    writer,
    sync,
    decided,
    periodicSync,
    rawLog,
    commitLog,
    dispatcher,
    lightDispatch: new LightDispatch(foundation.queues, settings.lightQueues),
    progress,
    queueWriter,
    diskWatch,
  };
}

function makeProgress(
  { disk, settings, queues, segments, sidecar, checkpoint }: StoreFoundation,
  recovered: Recovered,
  logEndOffset: () => number,
): StoreProgress {
  return new StoreProgress(
    {
      disk,
      rootPath: settings.rootPath,
      queues,
      sidecar,
      checkpoint,
      segmentSizeBytes: settings.segmentSizeBytes,
      bootId: settings.bootId ?? '',
      logMinOffset: () => segments.minOffset,
      logEndOffset,
    },
    recovered.writtenMark,
    recovered.syncedMark,
  );
}

function makeQueueWriter(
  { clock, logger, flusher, health, index, settings }: StoreFoundation,
  recovered: Recovered,
  {
    dispatcher,
    sync,
    progress,
  }: {
    readonly dispatcher: Dispatcher;
    readonly sync: LogSync;
    readonly progress: StoreProgress;
  },
): QueueWriter {
  return new QueueWriter(
    {
      clock,
      logger,
      flusher,
      health,
      dispatched: () => dispatcher.mark(),
      events: {
        onWritten: async (mark) => {
          await index?.flush(false);
          await progress.noteWritten(mark);
        },
        syncLog: (offset) => sync.reach(offset),
        onSynced: async (mark) => {
          await index?.flush(true);
          await progress.noteSynced(mark);
        },
      },
      writeLogBytes: settings.queueWriteLogBytes,
      writeIntervalMs: settings.queueWriteIntervalMs,
      syncIntervalMs: settings.queueSyncIntervalMs,
    },
    recovered,
  );
}
