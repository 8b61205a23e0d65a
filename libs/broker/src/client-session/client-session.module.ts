import { Module } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { RemotingServer } from '@rocketmq-ts/remoting';
import { CLOCK, LOGGER } from '../broker-context.js';
import { FilterModule } from '../filter/filter.module.js';
import { LockModule } from '../lock/lock.module.js';
import { QueueLockTable } from '../lock/queue-lock-table.js';
import { SubscriptionGroupModule } from '../subscription-group/subscription-group.module.js';
import { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { TopicModule } from '../topic/topic.module.js';
import { TopicTable } from '../topic/topic-table.js';
import { ConnectionListController } from './connection-list.controller.js';
import { ConsumerGroups } from './consumer-groups.js';
import { Heartbeats } from './heartbeats.js';
import { MembershipNotices } from './membership-notices.js';
import { ProducerGroups } from './producer-groups.js';
import { SessionController } from './session.controller.js';
import { SessionExpiry } from './session-expiry.js';
import { SubscriptionGuard } from './subscription-guard.js';

/** Groups that one connection may be in, and topics that one group may subscribe to. Apache has no limits. */
const GROUPS_PER_CONNECTION_MAX = 1_000;
const SUBSCRIPTIONS_PER_GROUP_MAX = 10_000;

/** Who is connected in which group. */
@Module({
  imports: [FilterModule, LockModule, SubscriptionGroupModule, TopicModule],
  controllers: [ConnectionListController, SessionController],
  providers: [
    {
      provide: ConsumerGroups,
      inject: [CLOCK, BrokerConfig],
      useFactory: (clock: Clock, config: BrokerConfig) =>
        new ConsumerGroups(
          clock,
          {
            groupCountMax: config.groupCountMax,
            groupsPerConnectionMax: GROUPS_PER_CONNECTION_MAX,
            subscriptionsPerGroupMax: SUBSCRIPTIONS_PER_GROUP_MAX,
          },
          config.channelExpiryMs,
        ),
    },
    {
      provide: ProducerGroups,
      inject: [CLOCK, BrokerConfig],
      useFactory: (clock: Clock, config: BrokerConfig) =>
        new ProducerGroups(
          clock,
          {
            groupCountMax: config.groupCountMax,
            groupsPerConnectionMax: GROUPS_PER_CONNECTION_MAX,
          },
          config.channelExpiryMs,
        ),
    },
    {
      provide: Heartbeats,
      inject: [LOGGER, ConsumerGroups, ProducerGroups, SubscriptionGroupTable, TopicTable],
      useFactory: (
        logger: Logger,
        consumers: ConsumerGroups<never>,
        producers: ProducerGroups<never>,
        groups: SubscriptionGroupTable,
        topics: TopicTable,
      ) => new Heartbeats({ logger, consumers, producers, groups, topics }),
    },
    {
      provide: MembershipNotices,
      inject: [CLOCK, ConsumerGroups, SubscriptionGroupTable, BrokerConfig],
      useFactory: (
        clock: Clock,
        consumers: ConstructorParameters<typeof MembershipNotices>[1],
        groups: SubscriptionGroupTable,
        config: BrokerConfig,
      ) => new MembershipNotices(clock, consumers, groups, () => config.notifyConsumerIdsChanged),
    },
    {
      provide: SubscriptionGuard,
      inject: [CLOCK, LOGGER, ConsumerGroups],
      useFactory: (...parts: ConstructorParameters<typeof SubscriptionGuard>) =>
        new SubscriptionGuard(...parts),
    },
    {
      provide: SessionExpiry,
      inject: [CLOCK, LOGGER, RemotingServer, ConsumerGroups, ProducerGroups, QueueLockTable],
      useFactory: (...parts: ConstructorParameters<typeof SessionExpiry>) =>
        new SessionExpiry(...parts),
    },
  ],
  exports: [ConsumerGroups, ProducerGroups, SessionExpiry, SubscriptionGuard],
})
export class ClientSessionModule {}
