import { Module } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { BrokerConfig, LoadedConfig, PopConfig } from '@rocketmq-ts/config';
import type { Clock, Logger, Random } from '@rocketmq-ts/kernel';
import {
  AckMessage,
  BatchAckMessage,
  ConsumerOrderInfoFile,
  Notification,
  PeekMessage,
  PopMessage,
} from '@rocketmq-ts/protocol';
import { RemotingServer } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { Arrivals } from '../arrivals.js';
import { CLOCK, LOGGER, RANDOM, STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { BrokerIdentity } from '../broker-identity.js';
import { FilterModule } from '../filter/filter.module.js';
import { SubscriptionFilters } from '../filter/subscription-filters.js';
import { FlowControl } from '../flow-control/flow-control.js';
import { FlowControlModule } from '../flow-control/flow-control.module.js';
import { ConfigFolder } from '../metadata/config-folder.js';
import { configText } from '../metadata/metadata-file.js';
import { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { OffsetTableModule } from '../offset/offset-table.module.js';
import { BrokerStats } from '../stats/broker-stats.js';
import { SubscriptionGroupModule } from '../subscription-group/subscription-group.module.js';
import { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { TimerModule } from '../timer/timer.module.js';
import { TimerService } from '../timer/timer-service.js';
import { TopicModule } from '../topic/topic.module.js';
import { TopicTable } from '../topic/topic-table.js';
import { AckFrameHandler } from './ack-frame.handler.js';
import { Acknowledgements } from './acknowledgements.js';
import { AssignmentModule } from './assignment/assignment.module.js';
import { OrderInfoSaver } from './order-info-saver.js';
import { PopAccess } from './pop-access.js';
import { PopCapability } from './pop-capability.js';
import type { ReviveTimer } from './pop-capability.js';
import { PopFrameHandler } from './pop-frame.handler.js';
import { PopController } from './pop.controller.js';

/** How long a record may be on its way into the revive log without a timer, and out of one that is up to date. */
const UNTIMED_DELAY_MS = 100;
const TIMED_DELAY_MS = 1_000;

/** What pops want to know of the timer. */
function reviveTimer({ running }: TimerService): ReviveTimer {
  if (!running) return { precisionMs: undefined, delayMs: () => UNTIMED_DELAY_MS };
  const { scheduler, timers } = running;
  return {
    precisionMs: timers.precisionMs,
    delayMs: () =>
      scheduler.dequeueBehindMs + TIMED_DELAY_MS * (scheduler.enqueueBehindCount > 0 ? 2 : 1),
  };
}

/** Pop consumption. */
@Module({
  imports: [
    AssignmentModule,
    FilterModule,
    FlowControlModule,
    OffsetTableModule,
    SubscriptionGroupModule,
    TimerModule,
    TopicModule,
  ],
  controllers: [PopController],
  providers: [
    {
      provide: PopCapability,
      inject: [
        CLOCK,
        LOGGER,
        RANDOM,
        STORE,
        Arrivals,
        BrokerIdentity,
        TopicTable,
        SubscriptionGroupTable,
        ConsumerOffsetTable,
        BrokerStats,
        LoadedConfig,
        ConfigFolder,
        TimerService,
        SubscriptionFilters,
        FlowControl,
      ],
      useFactory: async (
        clock: Clock,
        logger: Logger,
        random: Random,
        store: BrokerStore,
        arrivals: Arrivals,
        identity: BrokerIdentity,
        topics: TopicTable,
        groups: SubscriptionGroupTable,
        offsets: ConsumerOffsetTable,
        stats: BrokerStats,
        config: LoadedConfig,
        folder: ConfigFolder,
        timer: TimerService,
        filters: SubscriptionFilters,
        flow: FlowControl<ServerConnection>,
      ): Promise<PopCapability> => {
        const capability = new PopCapability({
          clock,
          logger,
          random,
          store,
          arrivals,
          identity,
          topics,
          groups,
          offsets,
          stats,
          filters,
          flow,
          broker: config.get(BrokerConfig),
          pop: config.get(PopConfig),
          timer: reviveTimer(timer),
        });
        capability.orders.restore(await folder.orderInfo.load());
        return capability;
      },
    },
    ...(
      [
        [PopFrameHandler, 'pops'],
        [AckFrameHandler, 'acks'],
        [Acknowledgements, 'acknowledgements'],
        [PopAccess, 'access'],
      ] as const
    ).map(([provide, part]) => ({
      provide,
      inject: [PopCapability],
      useFactory: (capability: PopCapability) => capability[part],
    })),
    {
      provide: OrderInfoSaver,
      inject: [
        CLOCK,
        LOGGER,
        ConfigFolder,
        PopCapability,
        TopicTable,
        SubscriptionGroupTable,
        BrokerConfig,
      ],
      useFactory: (
        clock: Clock,
        logger: Logger,
        { orderInfo: file }: ConfigFolder,
        { orders }: PopCapability,
        topics: TopicTable,
        groups: SubscriptionGroupTable,
        config: BrokerConfig,
      ): OrderInfoSaver =>
        new OrderInfoSaver({
          clock,
          logger,
          table: orders,
          save: () => {
            orders.clean(
              (topic, group, queueId) =>
                groups.has(group) && queueId < (topics.find(topic)?.config.readQueueNums ?? 0),
            );
            return file.save(() => configText(ConsumerOrderInfoFile, orders.content()));
          },
          path: file.path,
          intervalMs: config.consumerOffsetSaveIntervalMs,
        }),
    },
  ],
  exports: [PopCapability, OrderInfoSaver],
})
export class PopModule implements OnModuleInit {
  constructor(
    private readonly server: RemotingServer,
    private readonly pop: PopCapability,
  ) {}

  onModuleInit(): void {
    const { pops, acks, notifications, peeks } = this.pop;
    this.server.route(PopMessage.code, pops.handle);
    this.server.route(AckMessage.code, acks.handle);
    this.server.route(BatchAckMessage.code, acks.handleBatch);
    this.server.route(Notification.code, notifications.handle);
    this.server.route(PeekMessage.code, peeks.handle);
    this.server.onConnectionClosed((connection) => {
      pops.onConnectionClosed(connection);
      notifications.onConnectionClosed(connection);
    });
  }
}
