import { Module } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { BrokerConfig, StoreConfig } from '@rocketmq-ts/config';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { EndTransaction } from '@rocketmq-ts/protocol';
import { RemotingServer } from '@rocketmq-ts/remoting';
import { CLOCK, LOGGER, STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { BrokerIdentity } from '../broker-identity.js';
import { ClientSessionModule } from '../client-session/client-session.module.js';
import { ProducerGroups } from '../client-session/producer-groups.js';
import { DelayLevels } from '../delay/delay-levels.js';
import { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { OffsetTableModule } from '../offset/offset-table.module.js';
import { BrokerStats } from '../stats/broker-stats.js';
import { TimerModule } from '../timer/timer.module.js';
import { TimerPlacement } from '../timer/timer-placement.js';
import { topicConfig } from '../topic/topic-creation.js';
import { TRANSACTION_CHECK_MAX_TOPIC } from '../topic/topic-name.js';
import { TopicModule } from '../topic/topic.module.js';
import { TopicTable } from '../topic/topic-table.js';
import { CheckBacks } from './check-back.js';
import { RecentHalves } from './recent-halves.js';
import { TransactionCounts } from './transaction-counts.js';
import { TransactionCountsModule } from './transaction-counts.module.js';
import { TransactionController } from './transaction.controller.js';
import { Transactions } from './transactions.js';
import type { TransactionSettings } from './transactions.js';

/** The settings as they are at each moment. */
const settingsOf = (broker: BrokerConfig, store: StoreConfig): TransactionSettings => ({
  get timeoutMs() {
    return broker.transactionTimeoutMs;
  },
  get checkCountMax() {
    return broker.transactionCheckMax;
  },
  get intervalMs() {
    return broker.transactionCheckIntervalMs;
  },
  get backoffMax() {
    return broker.transactionCheckBackoffMax;
  },
  get keptMs() {
    return store.fileReservedMs;
  },
  get opBatchBytesMax() {
    return broker.transactionOpBatchBytesMax;
  },
  get opBatchIntervalMs() {
    return broker.transactionOpBatchIntervalMs;
  },
});

/** Messages whose producer decides later whether they come. The handler of decisions bypasses Nest. */
@Module({
  imports: [
    ClientSessionModule,
    OffsetTableModule,
    TimerModule,
    TopicModule,
    TransactionCountsModule,
  ],
  controllers: [TransactionController],
  providers: [
    {
      provide: CheckBacks,
      inject: [ProducerGroups, BrokerIdentity],
      useFactory: (...parts: ConstructorParameters<typeof CheckBacks>): CheckBacks =>
        new CheckBacks(...parts),
    },
    {
      provide: Transactions,
      inject: [
        CLOCK,
        LOGGER,
        STORE,
        BrokerIdentity,
        ConsumerOffsetTable,
        RecentHalves,
        TransactionCounts,
        BrokerStats,
        DelayLevels,
        TimerPlacement,
        CheckBacks,
        TopicTable,
        BrokerConfig,
        StoreConfig,
      ],
      useFactory: (
        clock: Clock,
        logger: Logger,
        store: BrokerStore,
        identity: BrokerIdentity,
        offsets: ConsumerOffsetTable,
        recent: RecentHalves,
        counts: TransactionCounts,
        stats: BrokerStats,
        levels: DelayLevels,
        timer: TimerPlacement,
        checkBacks: CheckBacks,
        topics: TopicTable,
        broker: BrokerConfig,
        storeConfig: StoreConfig,
      ): Transactions =>
        new Transactions({
          clock,
          logger,
          store,
          identity,
          offsets,
          recent,
          counts,
          stats,
          levels,
          timer,
          checkBacks,
          // Source: rocketmq 5.5.0 `TopicConfigManager#createTopicOfTranCheckMaxTime`.
          prepareParking: async () => {
            await topics.createIfAbsent(
              topicConfig(TRANSACTION_CHECK_MAX_TOPIC, { readQueueNums: 1, writeQueueNums: 1 }),
            );
          },
          settings: settingsOf(broker, storeConfig),
        }),
    },
  ],
  exports: [Transactions, TransactionCountsModule],
})
export class TransactionModule implements OnModuleInit {
  constructor(
    private readonly server: RemotingServer,
    private readonly transactions: Transactions,
  ) {}

  onModuleInit(): void {
    this.server.route(EndTransaction.code, this.transactions.handle);
  }
}
