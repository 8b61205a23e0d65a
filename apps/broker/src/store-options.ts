import { type DelayLevels, recentBytesOf } from '@rocketmq-ts/broker';
import type { BrokerConfig, StoreConfig } from '@rocketmq-ts/config';
import type { MessageStoreOptions } from '@rocketmq-ts/storage';

const QUEUE_UNIT_BYTES = 20;

/** What the settings mean to the store. */
export function storeOptions(
  store: StoreConfig,
  broker: BrokerConfig,
  levels: DelayLevels,
  facts: { readonly storeHostBytes: Buffer; readonly bootId: string | undefined },
): MessageStoreOptions {
  return {
    rootPath: store.storePathRootDir,
    ...(store.storePathCommitLog === undefined ? {} : { commitLogPath: store.storePathCommitLog }),
    storeHostBytes: facts.storeHostBytes,
    segmentSizeBytes: store.commitLogSegmentBytes,
    consumeQueueFileUnitCount: Math.ceil(store.consumeQueueFileBytes / QUEUE_UNIT_BYTES),
    flushMode: store.flushDiskType === 'SYNC_FLUSH' ? 'SYNC' : 'ASYNC',
    flushIntervalMs: store.flushIntervalMs,
    syncFlushTimeoutMs: store.syncFlushTimeoutMs,
    tailCacheBytes: store.tailCacheBytes,
    readCacheBytes: store.readCacheBytes,
    unwrittenBytesMax: store.unwrittenBytesMax,
    ...(store.zeroAheadBytes === undefined ? {} : { zeroAheadBytes: store.zeroAheadBytes }),
    queueWriteIntervalMs: store.consumeQueueWriteIntervalMs,
    queueSyncIntervalMs: store.consumeQueueSyncIntervalMs,
    openQueueFilesMax: store.openQueueFileCountMax,
    retention: {
      fileReservedMs: store.fileReservedMs,
      deleteWhenHours: store.deleteWhen.split(';').map(Number),
      diskMaxUsedRatio: store.diskMaxUsedPercent / 100,
      diskCleanForciblyRatio: store.diskCleanForciblyPercent / 100,
      cleanForcibly: store.cleanFileForcibly,
      diskFullRatio: store.diskFullPercent / 100,
      diskReserveBytes: store.diskReserveBytes,
      cleanIntervalMs: store.cleanIntervalMs,
      deleteBatchMax: store.deleteFileCountMax,
    },
    transferLimits: {
      inMemoryBytesMax: broker.pullInMemoryBytesMax,
      inMemoryCountMax: broker.pullInMemoryCountMax,
      onDiskBytesMax: broker.pullOnDiskBytesMax,
      onDiskCountMax: broker.pullOnDiskCountMax,
      inMemoryDistanceBytes: recentBytesOf(broker),
    },
    lightQueues: {
      get enabled() {
        return store.lightQueues && store.multiDispatch;
      },
      get countMax() {
        return store.lightQueueCountMax;
      },
    },
    checkCrcOnRead: store.checkCrcOnRead ? 'from-disk' : 'never',
    bootId: facts.bootId,
    repair: store.repair,
    deliverTimestampMs: (level, storeTimestampMs) => storeTimestampMs + levels.delayOf(level),
  };
}
