import { Module } from '@nestjs/common';
import {
  BrokerConfig,
  LoadedConfig,
  PopConfig,
  formatHostPort,
  parseHostPorts,
} from '@rocketmq-ts/config';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { MessageRequestModeWrapper } from '@rocketmq-ts/protocol';
import { RemotingClient } from '@rocketmq-ts/remoting';
import { CLOCK, LOGGER } from '../../broker-context.js';
import { BrokerIdentity } from '../../broker-identity.js';
import { ClientSessionModule } from '../../client-session/client-session.module.js';
import { ConfigFolder } from '../../metadata/config-folder.js';
import { configText } from '../../metadata/metadata-file.js';
import { SubscriptionGroupModule } from '../../subscription-group/subscription-group.module.js';
import { TopicModule } from '../../topic/topic.module.js';
import { TopicTable } from '../../topic/topic-table.js';
import { AssignmentController } from './assignment.controller.js';
import { RequestModeTable } from './request-mode-table.js';
import { TopicQueues } from './topic-queues.js';

/** Which queues clients consume that leave this to the broker. */
@Module({
  imports: [ClientSessionModule, SubscriptionGroupModule, TopicModule],
  controllers: [AssignmentController],
  providers: [
    {
      provide: PopConfig,
      inject: [LoadedConfig],
      useFactory: (config: LoadedConfig): PopConfig => config.get(PopConfig),
    },
    {
      provide: RequestModeTable,
      inject: [ConfigFolder],
      useFactory: async ({ requestModes: file }: ConfigFolder): Promise<RequestModeTable> => {
        const table = new RequestModeTable((content) =>
          file.save(() => configText(MessageRequestModeWrapper, content())),
        );
        table.restore(await file.load());
        return table;
      },
    },
    {
      provide: TopicQueues,
      inject: [CLOCK, LOGGER, RemotingClient, TopicTable, BrokerIdentity, BrokerConfig],
      useFactory: (
        clock: Clock,
        logger: Logger,
        client: RemotingClient,
        topics: TopicTable,
        { brokerName }: BrokerIdentity,
        { namesrvAddr }: BrokerConfig,
      ): TopicQueues =>
        new TopicQueues({
          clock,
          logger,
          client,
          topics,
          brokerName,
          nameservers: parseHostPorts(namesrvAddr).map(formatHostPort),
        }),
    },
  ],
  exports: [RequestModeTable],
})
export class AssignmentModule {}
