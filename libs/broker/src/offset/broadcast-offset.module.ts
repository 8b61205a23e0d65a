import { Module } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import type { Clock } from '@rocketmq-ts/kernel';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { CLOCK } from '../broker-context.js';
import { ClientSessionModule } from '../client-session/client-session.module.js';
import { ConsumerGroups } from '../client-session/consumer-groups.js';
import { BroadcastOffsets } from './broadcast-offsets.js';
import type { BroadcastSettings } from './broadcast-offsets.js';
import { ConsumerOffsetTable } from './consumer-offset-table.js';
import { OffsetTableModule } from './offset-table.module.js';

/** How far the members of broadcasting groups are. */
@Module({
  imports: [ClientSessionModule, OffsetTableModule],
  providers: [
    {
      provide: BroadcastOffsets,
      inject: [CLOCK, ConsumerOffsetTable, ConsumerGroups, BrokerConfig],
      useFactory: (
        clock: Clock,
        offsets: ConsumerOffsetTable,
        consumers: ConsumerGroups<ServerConnection>,
        config: BrokerConfig,
      ): BroadcastOffsets =>
        new BroadcastOffsets({
          clock,
          offsets,
          settings: settingsOf(config),
          onlineClients: (group) => new Set(consumers.clientIds(group)),
        }),
    },
  ],
  exports: [BroadcastOffsets],
})
export class BroadcastOffsetModule {}

/** A view of the configuration: what is changed while the broker runs counts at once. */
const settingsOf = (config: BrokerConfig): BroadcastSettings => ({
  get enabled() {
    return config.broadcastOffsetStore;
  },
  get expiryMs() {
    return config.broadcastOffsetExpiryMs;
  },
  get expiryMsMax() {
    return config.broadcastOffsetExpiryMsMax;
  },
});
