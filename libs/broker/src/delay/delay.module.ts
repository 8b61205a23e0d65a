import { Module } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { DelayOffsetWrapper } from '@rocketmq-ts/protocol';
import { Arrivals } from '../arrivals.js';
import { CLOCK, LOGGER, STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { ConfigFolder } from '../metadata/config-folder.js';
import { configText } from '../metadata/metadata-file.js';
import { DelayLevels } from './delay-levels.js';
import { DelayOffsetSaver } from './delay-offset-saver.js';
import { DelayOffsets } from './delay-offsets.js';
import { DelayScheduler } from './delay-scheduler.js';
import { syncedLog } from './synced-log.js';

/** Longest wait for the log when progress is saved; less than a stop leaves for it. */
const LOG_SYNC_WAIT_MS = 1_000;

/** Messages that are delivered later. */
@Module({
  providers: [
    {
      provide: DelayOffsets,
      inject: [CLOCK, ConfigFolder],
      useFactory: async (clock: Clock, folder: ConfigFolder): Promise<DelayOffsets> => {
        const offsets = new DelayOffsets(clock);
        offsets.restore(await folder.delayOffsets.load());
        return offsets;
      },
    },
    {
      provide: DelayOffsetSaver,
      inject: [CLOCK, LOGGER, ConfigFolder, DelayOffsets, BrokerConfig, STORE],
      useFactory: (
        clock: Clock,
        logger: Logger,
        { delayOffsets: file }: ConfigFolder,
        offsets: DelayOffsets,
        config: BrokerConfig,
        store: BrokerStore,
      ): DelayOffsetSaver =>
        new DelayOffsetSaver({
          clock,
          logger,
          table: offsets,
          // As it is now: a message that is passed must have reached the disk in its own topic first.
          save: async () => {
            const text = configText(DelayOffsetWrapper, offsets.content());
            await syncedLog(store, clock, LOG_SYNC_WAIT_MS);
            await file.save(() => text);
          },
          path: file.path,
          intervalMs: config.delayOffsetSaveIntervalMs,
        }),
    },
    {
      provide: DelayScheduler,
      inject: [CLOCK, LOGGER, STORE, DelayLevels, DelayOffsets, Arrivals],
      useFactory: (...parts: ConstructorParameters<typeof DelayScheduler>): DelayScheduler =>
        new DelayScheduler(...parts),
    },
  ],
  exports: [DelayOffsets, DelayOffsetSaver, DelayScheduler],
})
export class DelayModule {}
