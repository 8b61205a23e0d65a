import { Module } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { CLOCK, LOGGER } from '../broker-context.js';
import { ConfigFolder } from '../metadata/config-folder.js';
import { ConsumerOffsetSaver } from './consumer-offset-saver.js';
import { ConsumerOffsetTable } from './consumer-offset-table.js';

/** The offsets of consumer groups, without the commands that need other tables. */
@Module({
  providers: [
    {
      provide: ConsumerOffsetTable,
      inject: [CLOCK, ConfigFolder],
      useFactory: async (clock: Clock, folder: ConfigFolder): Promise<ConsumerOffsetTable> => {
        const table = new ConsumerOffsetTable(clock);
        const saved = await folder.consumerOffsets.load();
        if (saved) table.restore(saved);
        return table;
      },
    },
    {
      provide: ConsumerOffsetSaver,
      inject: [CLOCK, LOGGER, ConfigFolder, ConsumerOffsetTable, BrokerConfig],
      useFactory: (
        clock: Clock,
        logger: Logger,
        { consumerOffsets: file }: ConfigFolder,
        table: ConsumerOffsetTable,
        config: BrokerConfig,
      ): ConsumerOffsetSaver =>
        new ConsumerOffsetSaver({
          clock,
          logger,
          table,
          save: () => file.save(() => table.configText()),
          path: file.path,
          intervalMs: config.consumerOffsetSaveIntervalMs,
        }),
    },
  ],
  exports: [ConsumerOffsetTable, ConsumerOffsetSaver],
})
export class OffsetTableModule {}
