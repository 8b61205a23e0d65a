import { Module } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { BrokerConfig, ReplicationConfig } from '@rocketmq-ts/config';
import type { Clock } from '@rocketmq-ts/kernel';
import { LitePullMessage, PullMessage } from '@rocketmq-ts/protocol';
import { RemotingServer } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { Arrivals } from '../arrivals.js';
import { CLOCK, STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { BrokerIdentity } from '../broker-identity.js';
import { ClientSessionModule } from '../client-session/client-session.module.js';
import { ConsumerGroups } from '../client-session/consumer-groups.js';
import { FlowControl } from '../flow-control/flow-control.js';
import { FlowControlModule } from '../flow-control/flow-control.module.js';
import { BroadcastOffsets } from '../offset/broadcast-offsets.js';
import { FilterModule } from '../filter/filter.module.js';
import { SubscriptionFilters } from '../filter/subscription-filters.js';
import { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { BroadcastOffsetModule } from '../offset/broadcast-offset.module.js';
import { OffsetTableModule } from '../offset/offset-table.module.js';
import { recentBytesOf } from '../recent-bytes.js';
import { REPLICATION } from '../replication/replication-side.js';
import type { ReplicationSide } from '../replication/replication-side.js';
import { BrokerStats } from '../stats/broker-stats.js';
import { SubscriptionGroupModule } from '../subscription-group/subscription-group.module.js';
import { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { TopicModule } from '../topic/topic.module.js';
import { TopicTable } from '../topic/topic-table.js';
import { PullFrameHandler } from './pull-frame.handler.js';
import type { PullSettings } from './pull-parts.js';
import type { SuggestionFacts } from './suggested-broker.js';

/** Held pulls of one connection: a client has one for each of its queues, and one connection for all its groups. */
const HELD_PER_CONNECTION_MAX = 20_000;

/** Gives messages to consumers. The handler bypasses Nest: it answers with slices of the store. */
@Module({
  imports: [
    BroadcastOffsetModule,
    ClientSessionModule,
    FilterModule,
    FlowControlModule,
    OffsetTableModule,
    SubscriptionGroupModule,
    TopicModule,
  ],
  providers: [
    {
      provide: PullFrameHandler,
      inject: [
        CLOCK,
        STORE,
        Arrivals,
        TopicTable,
        SubscriptionGroupTable,
        ConsumerGroups,
        SubscriptionFilters,
        ConsumerOffsetTable,
        BroadcastOffsets,
        BrokerStats,
        FlowControl,
        BrokerIdentity,
        BrokerConfig,
        ReplicationConfig,
        REPLICATION,
      ],
      useFactory: (
        clock: Clock,
        store: BrokerStore,
        arrivals: Arrivals,
        topics: TopicTable,
        groups: SubscriptionGroupTable,
        consumers: ConsumerGroups<ServerConnection>,
        filters: SubscriptionFilters,
        offsets: ConsumerOffsetTable,
        broadcasts: BroadcastOffsets,
        stats: BrokerStats,
        flow: FlowControl<ServerConnection>,
        identity: BrokerIdentity,
        config: BrokerConfig,
        replication: ReplicationConfig,
        side: ReplicationSide,
      ): PullFrameHandler =>
        new PullFrameHandler({
          clock,
          store,
          arrivals,
          topics,
          groups,
          consumers,
          filters,
          offsets,
          broadcasts,
          stats,
          flow,
          settings: pullSettings(identity, config),
          suggestion: suggestionFacts(store, side, config, replication),
          corrections: {
            get made() {
              return side.role !== 'SLAVE' || replication.offsetCheckInSlave;
            },
            get masterIsThere() {
              return side.masterIsThere;
            },
          },
        }),
    },
  ],
  exports: [PullFrameHandler],
})
export class PullModule implements OnModuleInit {
  constructor(
    private readonly server: RemotingServer,
    private readonly handler: PullFrameHandler,
  ) {}

  onModuleInit(): void {
    this.server.route(PullMessage.code, this.handler.handle);
    this.server.route(LitePullMessage.code, this.handler.handle);
    this.server.onConnectionClosed((connection) => this.handler.onConnectionClosed(connection));
  }
}

const suggestionFacts = (
  store: BrokerStore,
  side: ReplicationSide,
  config: BrokerConfig,
  replication: ReplicationConfig,
): SuggestionFacts => ({
  isSlave: side.role === 'SLAVE',
  recentBytes: recentBytesOf(config),
  get slaveRead() {
    return replication.slaveRead;
  },
  get logEnd() {
    return store.commitLogMaxOffset;
  },
});

/** A view of the configuration: what is changed while the broker runs counts from the next pull on. */
const pullSettings = (identity: BrokerIdentity, config: BrokerConfig): PullSettings => ({
  advertisedHost: identity.advertisedHost,
  get brokerPermission() {
    return config.brokerPermission;
  },
  get longPolling() {
    return config.longPolling;
  },
  get shortPollingMs() {
    return config.shortPollingMs;
  },
  get holdMaxMs() {
    return config.holdMsMax;
  },
  get heldCountMax() {
    return config.heldPullCountMax;
  },
  heldCountPerConnectionMax: HELD_PER_CONNECTION_MAX,
  get maxCount() {
    return config.pullCountMax;
  },
  maxBytes: config.pullInMemoryBytesMax,
  retryFilter: config.retryFilter,
});
