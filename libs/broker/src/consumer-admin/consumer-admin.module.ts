import { Module } from '@nestjs/common';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { BrokerIdentity } from '../broker-identity.js';
import { CLOCK, LOGGER, STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { ClientSessionModule } from '../client-session/client-session.module.js';
import { ConsumerGroups } from '../client-session/consumer-groups.js';
import { ConsumerOffsetSaver } from '../offset/consumer-offset-saver.js';
import { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { OffsetTableModule } from '../offset/offset-table.module.js';
import { SubscriptionGroupModule } from '../subscription-group/subscription-group.module.js';
import { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { TopicModule } from '../topic/topic.module.js';
import { TopicTable } from '../topic/topic-table.js';
import { ConsumerCallController } from './consumer-call.controller.js';
import { ConsumerCalls } from './consumer-calls.js';
import { ConsumerOffsetAdminController } from './consumer-offset-admin.controller.js';
import { OffsetReset } from './offset-reset.js';

/** What operators do to consumer groups and ask of their members. */
@Module({
  imports: [ClientSessionModule, OffsetTableModule, SubscriptionGroupModule, TopicModule],
  controllers: [ConsumerCallController, ConsumerOffsetAdminController],
  providers: [
    {
      provide: ConsumerCalls,
      inject: [CLOCK, ConsumerGroups],
      useFactory: (clock: Clock, consumers: ConsumerGroups<ServerConnection>): ConsumerCalls =>
        new ConsumerCalls(clock, consumers),
    },
    {
      provide: OffsetReset,
      inject: [
        CLOCK,
        LOGGER,
        BrokerIdentity,
        STORE,
        TopicTable,
        SubscriptionGroupTable,
        ConsumerOffsetTable,
        ConsumerGroups,
        ConsumerOffsetSaver,
      ],
      useFactory: (
        clock: Clock,
        logger: Logger,
        identity: BrokerIdentity,
        store: BrokerStore,
        topics: TopicTable,
        groups: SubscriptionGroupTable,
        offsets: ConsumerOffsetTable,
        consumers: ConsumerGroups<ServerConnection>,
        saver: ConsumerOffsetSaver,
      ): OffsetReset =>
        new OffsetReset({
          clock,
          logger,
          identity,
          store,
          topics,
          groups,
          offsets,
          consumers,
          save: () => saver.saveChanges(),
        }),
    },
  ],
})
export class ConsumerAdminModule {}
