import { Module } from '@nestjs/common';
import { BrokerConfig, StoreConfig } from '@rocketmq-ts/config';
import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, Disk, Logger } from '@rocketmq-ts/kernel';
import { FASTJSON, formatJson } from '@rocketmq-ts/protocol';
import { CLOCK, DISK, LOGGER } from '../broker-context.js';
import { MetadataFile } from '../metadata/metadata-file.js';
import { PeriodicSaver } from '../metadata/periodic-saver.js';
import { RecentHalves } from './recent-halves.js';
import { TransactionCounts } from './transaction-counts.js';
import { TransactionMetricsFile } from './transaction-metrics-file.js';

/** Keeps `transactionMetrics` current. */
export class TransactionCountsSaver extends PeriodicSaver {}

/** Apache's file of these counts. Source: rocketmq 5.5.0 `BrokerPathConfigHelper#getTransactionMetricsPath`. */
class CountsFile extends MetadataFile<TransactionMetricsFile> {}

/** What a send tells of half messages: how many are open, what became of the others, and which came last. */
@Module({
  providers: [
    { provide: RecentHalves, useFactory: (): RecentHalves => new RecentHalves() },
    {
      provide: CountsFile,
      inject: [DISK, LOGGER, StoreConfig],
      useFactory: (disk: Disk, logger: Logger, { storePathRootDir }: StoreConfig): CountsFile =>
        new CountsFile(
          disk,
          logger,
          `${storePathRootDir}/config/transactionMetrics`,
          TransactionMetricsFile,
        ),
    },
    {
      provide: TransactionCounts,
      inject: [CLOCK, LOGGER, CountsFile],
      useFactory: async (
        clock: Clock,
        logger: Logger,
        file: CountsFile,
      ): Promise<TransactionCounts> => {
        const counts = new TransactionCounts(clock);
        try {
          counts.restore(await file.load());
        } catch (error) {
          // Figures for people: nothing depends on them.
          logger.warn('the counts of open transactions could not be read; they start at zero', {
            reason: describeError(error),
          });
        }
        return counts;
      },
    },
    {
      provide: TransactionCountsSaver,
      inject: [CLOCK, LOGGER, CountsFile, TransactionCounts, BrokerConfig],
      useFactory: (
        clock: Clock,
        logger: Logger,
        file: CountsFile,
        counts: TransactionCounts,
        config: BrokerConfig,
      ): TransactionCountsSaver =>
        new TransactionCountsSaver({
          clock,
          logger,
          table: counts,
          save: () =>
            file.save(() => formatJson(TransactionMetricsFile, counts.content(), FASTJSON)),
          path: file.path,
          intervalMs: config.transactionCountsSaveIntervalMs,
        }),
    },
  ],
  exports: [RecentHalves, TransactionCounts, TransactionCountsSaver],
})
export class TransactionCountsModule {}
