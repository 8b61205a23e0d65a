import { Module } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { QueueLockFile } from '@rocketmq-ts/protocol';
import { CLOCK, LOGGER } from '../broker-context.js';
import { ConfigFolder } from '../metadata/config-folder.js';
import { configText } from '../metadata/metadata-file.js';
import { LockController } from './lock.controller.js';
import { LOCK_SAVE_INTERVAL_MS, QueueLockSaver, loadLocks } from './queue-lock-file.js';
import { QueueLockTable } from './queue-lock-table.js';

/** Queue locks of orderly consumers. */
@Module({
  controllers: [LockController],
  providers: [
    {
      provide: QueueLockTable,
      inject: [CLOCK, LOGGER, ConfigFolder, BrokerConfig],
      useFactory: async (
        clock: Clock,
        logger: Logger,
        { queueLocks: file }: ConfigFolder,
        config: BrokerConfig,
      ): Promise<QueueLockTable> => {
        const table = new QueueLockTable(clock, config.queueLockMs);
        table.restore(await loadLocks(file, logger));
        return table;
      },
    },
    {
      provide: QueueLockSaver,
      inject: [CLOCK, LOGGER, ConfigFolder, QueueLockTable],
      useFactory: (
        clock: Clock,
        logger: Logger,
        { queueLocks: file }: ConfigFolder,
        table: QueueLockTable,
      ): QueueLockSaver =>
        new QueueLockSaver({
          clock,
          logger,
          table,
          save: () => file.save(() => configText(QueueLockFile, table.content())),
          path: file.path,
          intervalMs: LOCK_SAVE_INTERVAL_MS,
        }),
    },
  ],
  exports: [QueueLockSaver, QueueLockTable],
})
export class LockModule {}
