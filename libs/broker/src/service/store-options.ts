import { BrokerConfig, ReplicationConfig, StoreConfig } from '@rocketmq-ts/config';
import type { LoadedConfig } from '@rocketmq-ts/config';
import type { MessageStoreOptions } from '@rocketmq-ts/storage';
import type { DelayLevels } from '../delay/delay-levels.js';
import { recentBytesOf } from '../recent-bytes.js';

const QUEUE_UNIT_BYTES = 20;

/** What the settings mean to the store. */
export function storeOptions(
  config: LoadedConfig,
  levels: DelayLevels,
  facts: { readonly storeHostBytes: Buffer; readonly bootId: string | undefined },
): MessageStoreOptions {
  const store = config.get(StoreConfig);
  const broker = config.get(BrokerConfig);
  return {
    rootPath: store.storePathRootDir,
    ...(store.storePathCommitLog === undefined ? {} : { commitLogPath: store.storePathCommitLog }),
    storeHostBytes: facts.storeHostBytes,
    segmentSizeBytes: store.commitLogSegmentBytes,
    consumeQueueFileUnitCount: Math.ceil(store.consumeQueueFileBytes / QUEUE_UNIT_BYTES),
    flushMode: store.flushDiskType === 'SYNC_FLUSH' ? 'SYNC' : 'ASYNC',
    flushIntervalMs: store.flushIntervalMs,
    syncFlushTimeoutMs: store.syncFlushTimeoutMs,
    slaveTimeoutMs: config.get(ReplicationConfig).slaveTimeoutMs,
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
