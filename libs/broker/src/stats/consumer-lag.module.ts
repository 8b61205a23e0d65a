import { Module } from '@nestjs/common';
import type { Clock } from '@rocketmq-ts/kernel';
import { CLOCK, STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { ClientSessionModule } from '../client-session/client-session.module.js';
import { ConsumerGroups } from '../client-session/consumer-groups.js';
import { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { OffsetTableModule } from '../offset/offset-table.module.js';
import { TopicModule } from '../topic/topic.module.js';
import { TopicTable } from '../topic/topic-table.js';
import { ConsumerLags } from './consumer-lag.js';
import type { LagParts } from './consumer-lag.js';

/** How far consumer groups are behind. */
@Module({
  imports: [ClientSessionModule, OffsetTableModule, TopicModule],
  providers: [
    {
      provide: ConsumerLags,
      inject: [CLOCK, STORE, TopicTable, ConsumerOffsetTable, ConsumerGroups],
      useFactory: (
        clock: Clock,
        store: BrokerStore,
        topics: TopicTable,
        offsets: ConsumerOffsetTable,
        consumers: LagParts['consumers'],
      ): ConsumerLags => new ConsumerLags({ clock, store, topics, offsets, consumers }),
    },
  ],
  exports: [ConsumerLags],
})
export class ConsumerLagModule {}
