import { Module } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import { STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { recentBytesOf } from '../recent-bytes.js';
import { SubscriptionGroupModule } from '../subscription-group/subscription-group.module.js';
import { TopicModule } from '../topic/topic.module.js';
import { ConsumerOffsetController } from './consumer-offset.controller.js';
import { FirstOffsets } from './first-offsets.js';
import { OffsetTableModule } from './offset-table.module.js';
import { QueueOffsetController } from './queue-offset.controller.js';

/** How far groups have come, and where queues begin and end. */
@Module({
  imports: [OffsetTableModule, SubscriptionGroupModule, TopicModule],
  controllers: [ConsumerOffsetController, QueueOffsetController],
  providers: [
    {
      provide: FirstOffsets,
      inject: [STORE, BrokerConfig],
      useFactory: (store: BrokerStore, config: BrokerConfig): FirstOffsets =>
        new FirstOffsets(store, recentBytesOf(config)),
    },
  ],
})
export class OffsetModule {}
