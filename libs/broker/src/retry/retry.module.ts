import { Module } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import type { Clock, Logger, Random } from '@rocketmq-ts/kernel';
import { CLOCK, LOGGER, RANDOM, STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { BrokerIdentity } from '../broker-identity.js';
import { DelayLevels } from '../delay/delay-levels.js';
import { BrokerStats } from '../stats/broker-stats.js';
import { SubscriptionGroupModule } from '../subscription-group/subscription-group.module.js';
import { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { TimerModule } from '../timer/timer.module.js';
import { TimerPlacement } from '../timer/timer-placement.js';
import { TopicModule } from '../topic/topic.module.js';
import { TopicTable } from '../topic/topic-table.js';
import { RetryController } from './retry.controller.js';
import { SendBacks } from './send-back.js';

/** Messages that could not be consumed. */
@Module({
  imports: [SubscriptionGroupModule, TimerModule, TopicModule],
  controllers: [RetryController],
  providers: [
    {
      provide: SendBacks,
      inject: [
        CLOCK,
        LOGGER,
        RANDOM,
        STORE,
        BrokerIdentity,
        TopicTable,
        SubscriptionGroupTable,
        DelayLevels,
        TimerPlacement,
        BrokerStats,
        BrokerConfig,
      ],
      useFactory: (
        clock: Clock,
        logger: Logger,
        random: Random,
        store: BrokerStore,
        identity: BrokerIdentity,
        topics: TopicTable,
        groups: SubscriptionGroupTable,
        levels: DelayLevels,
        timer: TimerPlacement,
        stats: BrokerStats,
        config: BrokerConfig,
      ): SendBacks =>
        new SendBacks({
          clock,
          logger,
          random,
          store,
          identity,
          topics,
          groups,
          levels,
          timer,
          stats,
          brokerPermission: () => config.brokerPermission,
        }),
    },
  ],
})
export class RetryModule {}
