import { Module } from '@nestjs/common';
import { BrokerConfig, formatHostPort, parseHostPorts } from '@rocketmq-ts/config';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { RemotingClient } from '@rocketmq-ts/remoting';
import { CLOCK, LOGGER } from '../broker-context.js';
import { BrokerIdentity } from '../broker-identity.js';
import { MasterWhereabouts } from '../replication/master-whereabouts.js';
import { TopicModule } from '../topic/topic.module.js';
import { TopicTable } from '../topic/topic-table.js';
import { AdvertisedAddressCheck } from './advertised-address-check.js';
import { NameserverRegistration } from './nameserver-registration.js';
import { ProcessMark } from './process-mark.js';

/** Makes the broker known to the nameservers. */
@Module({
  imports: [TopicModule],
  providers: [
    {
      provide: NameserverRegistration,
      inject: [
        CLOCK,
        LOGGER,
        RemotingClient,
        BrokerIdentity,
        TopicTable,
        BrokerConfig,
        MasterWhereabouts,
      ],
      useFactory: (
        clock: Clock,
        logger: Logger,
        client: RemotingClient,
        identity: BrokerIdentity,
        topics: TopicTable,
        config: BrokerConfig,
        whereabouts: MasterWhereabouts,
      ): NameserverRegistration =>
        new NameserverRegistration(parseHostPorts(config.namesrvAddr).map(formatHostPort), client, {
          clock,
          logger,
          client,
          identity,
          topics,
          intervalMs: config.registerIntervalMs,
          timeoutMs: config.registerTimeoutMs,
          compressed: config.compressedRegister,
          brokerPermission: () => config.brokerPermission,
          whereabouts: identity.brokerId === 0 ? undefined : whereabouts,
        }),
    },
    {
      provide: AdvertisedAddressCheck,
      inject: [LOGGER, RemotingClient, BrokerIdentity, ProcessMark],
      useFactory: (
        ...parts: ConstructorParameters<typeof AdvertisedAddressCheck>
      ): AdvertisedAddressCheck => new AdvertisedAddressCheck(...parts),
    },
  ],
  exports: [AdvertisedAddressCheck, NameserverRegistration],
})
export class RegistrationModule {}
