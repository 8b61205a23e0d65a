import { Module } from '@nestjs/common';
import { BrokerConfig, StoreConfig } from '@rocketmq-ts/config';
import type { Clock, Disk, Logger } from '@rocketmq-ts/kernel';
import { RemotingServer } from '@rocketmq-ts/remoting';
import { CLOCK, DISK, LOGGER, STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { BrokerIdentity } from '../broker-identity.js';
import { ClientSessionModule } from '../client-session/client-session.module.js';
import { ConsumerGroups } from '../client-session/consumer-groups.js';
import { DelayModule } from '../delay/delay.module.js';
import { DelayOffsets } from '../delay/delay-offsets.js';
import { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { OffsetTableModule } from '../offset/offset-table.module.js';
import { PullModule } from '../pull/pull.module.js';
import { PullFrameHandler } from '../pull/pull-frame.handler.js';
import { ProcessMark } from '../registration/process-mark.js';
import { RegistrationModule } from '../registration/registration.module.js';
import { BrokerStats } from '../stats/broker-stats.js';
import { SubscriptionGroupModule } from '../subscription-group/subscription-group.module.js';
import { TimerModule } from '../timer/timer.module.js';
import { TimerService } from '../timer/timer-service.js';
import { TopicModule } from '../topic/topic.module.js';
import { TopicTable } from '../topic/topic-table.js';
import { BrokerAdminController } from './broker-admin.controller.js';
import { ConfigVersion } from './config-version.js';
import { ConsumeProgress } from './consume-progress.js';
import type { ProgressParts } from './consume-progress.js';
import { GroupProgressController } from './group-progress.controller.js';
import { RuntimeInfo } from './runtime-info.js';
import { StoreMaintenance } from './store-maintenance.js';
import { StoreMaintenanceController } from './store-maintenance.controller.js';
import { TopicProgressController } from './topic-progress.controller.js';

/** What operators and their tools ask of a broker. */
@Module({
  imports: [
    ClientSessionModule,
    DelayModule,
    OffsetTableModule,
    PullModule,
    RegistrationModule,
    SubscriptionGroupModule,
    TimerModule,
    TopicModule,
  ],
  controllers: [
    BrokerAdminController,
    GroupProgressController,
    StoreMaintenanceController,
    TopicProgressController,
  ],
  providers: [
    {
      provide: ConsumeProgress,
      inject: [STORE, BrokerIdentity, ConsumerOffsetTable, ConsumerGroups, BrokerStats],
      useFactory: (
        store: BrokerStore,
        identity: BrokerIdentity,
        offsets: ConsumerOffsetTable,
        consumers: ProgressParts['consumers'],
        stats: BrokerStats,
      ): ConsumeProgress => new ConsumeProgress({ store, identity, offsets, consumers, stats }),
    },
    {
      provide: StoreMaintenance,
      inject: [CLOCK, LOGGER, STORE, TopicTable],
      useFactory: (
        clock: Clock,
        logger: Logger,
        store: BrokerStore,
        topics: TopicTable,
      ): StoreMaintenance => new StoreMaintenance({ clock, logger, store, topics }),
    },
    {
      provide: ConfigVersion,
      inject: [CLOCK],
      useFactory: (clock: Clock): ConfigVersion => new ConfigVersion(clock),
    },
    {
      provide: RuntimeInfo,
      inject: [
        CLOCK,
        BrokerConfig,
        STORE,
        RemotingServer,
        BrokerStats,
        DelayOffsets,
        PullFrameHandler,
        ProcessMark,
        TimerService,
        DISK,
        StoreConfig,
      ],
      useFactory: (
        clock: Clock,
        config: BrokerConfig,
        store: BrokerStore,
        server: RemotingServer,
        stats: BrokerStats,
        delays: DelayOffsets,
        pulls: PullFrameHandler,
        mark: ProcessMark,
        timer: TimerService,
        disk: Disk,
        { storePathCommitLog, storePathRootDir }: StoreConfig,
      ): RuntimeInfo => {
        const path = storePathCommitLog ?? `${storePathRootDir}/commitlog`;
        const logFolder = { path, space: () => disk.space(path) };
        const parts = { clock, config, store, server, stats, delays, pulls, mark };
        return new RuntimeInfo({ ...parts, timer, logFolder });
      },
    },
  ],
})
export class AdminModule {}
