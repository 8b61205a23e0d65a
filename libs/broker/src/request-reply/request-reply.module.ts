import { Module } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import type { Clock, Logger, Random } from '@rocketmq-ts/kernel';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { CLOCK, LOGGER, RANDOM, STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { BrokerIdentity } from '../broker-identity.js';
import { ClientSessionModule } from '../client-session/client-session.module.js';
import { ProducerGroups } from '../client-session/producer-groups.js';
import { BrokerStats } from '../stats/broker-stats.js';
import { TopicModule } from '../topic/topic.module.js';
import { TopicTable } from '../topic/topic-table.js';
import { Replies } from './replies.js';
import { ReplyController } from './reply.controller.js';
import { ReplyDelivery } from './reply-delivery.js';

/** Replies to request messages. */
@Module({
  imports: [ClientSessionModule, TopicModule],
  controllers: [ReplyController],
  providers: [
    {
      provide: Replies,
      inject: [
        CLOCK,
        LOGGER,
        RANDOM,
        STORE,
        BrokerIdentity,
        TopicTable,
        ProducerGroups,
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
        producers: ProducerGroups<ServerConnection>,
        stats: BrokerStats,
        config: BrokerConfig,
      ): Replies =>
        new Replies({
          ...{ logger, random, identity, store, topics, stats },
          delivery: new ReplyDelivery({ clock, logger, identity, producers }),
          rules: {
            advertisedHost: identity.advertisedHost,
            get brokerPermission() {
              return config.brokerPermission;
            },
            get messageBytesMax() {
              return config.messageBytesMax;
            },
          },
          storeReplies: () => config.storeReplyMessages,
        }),
    },
  ],
})
export class RequestReplyModule {}
