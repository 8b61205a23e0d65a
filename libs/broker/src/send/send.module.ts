import { Module } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import type { Clock, Random } from '@rocketmq-ts/kernel';
import { SendBatchMessage, SendMessage, SendMessageV2 } from '@rocketmq-ts/protocol';
import { RemotingServer } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { CLOCK, RANDOM, STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { BrokerIdentity } from '../broker-identity.js';
import { DelayLevels } from '../delay/delay-levels.js';
import { FlowControl } from '../flow-control/flow-control.js';
import { FlowControlModule } from '../flow-control/flow-control.module.js';
import { LockModule } from '../lock/lock.module.js';
import { QueueLockTable } from '../lock/queue-lock-table.js';
import { BrokerStats } from '../stats/broker-stats.js';
import { TimerModule } from '../timer/timer.module.js';
import { TimerPlacement } from '../timer/timer-placement.js';
import { SubscriptionGroupModule } from '../subscription-group/subscription-group.module.js';
import { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { TopicModule } from '../topic/topic.module.js';
import { TopicTable } from '../topic/topic-table.js';
import { RecentHalves } from '../transaction/recent-halves.js';
import { TransactionCounts } from '../transaction/transaction-counts.js';
import { TransactionCountsModule } from '../transaction/transaction-counts.module.js';
import { SendAnswers } from './send-answers.js';
import { SendFrameHandler } from './send-frame.handler.js';
import { sendHeaderReader } from './send-header-reader.js';
import { fixedProperty } from './stored-properties.js';
import { UniqKeyMaker } from './uniq-key-maker.js';

/** Takes messages of producers. The handler bypasses Nest: it is called for every message. */
@Module({
  imports: [
    FlowControlModule,
    LockModule,
    SubscriptionGroupModule,
    TimerModule,
    TopicModule,
    TransactionCountsModule,
  ],
  providers: [
    {
      provide: SendAnswers,
      inject: [BrokerIdentity, BrokerConfig, BrokerStats],
      useFactory: (
        identity: BrokerIdentity,
        config: BrokerConfig,
        stats: BrokerStats,
      ): SendAnswers =>
        new SendAnswers(
          {
            storeHostHex: identity.storeHostHex,
            regionId: config.regionId,
            traceOn: () => config.traceOn,
          },
          stats,
        ),
    },
    {
      provide: UniqKeyMaker,
      inject: [CLOCK, RANDOM, BrokerIdentity],
      useFactory: (clock: Clock, random: Random, identity: BrokerIdentity): UniqKeyMaker =>
        new UniqKeyMaker(clock, random, identity.storeHostBytes),
    },
    {
      provide: SendFrameHandler,
      inject: [
        CLOCK,
        RANDOM,
        STORE,
        TopicTable,
        SubscriptionGroupTable,
        QueueLockTable,
        BrokerStats,
        FlowControl,
        TransactionCounts,
        RecentHalves,
        SendAnswers,
        UniqKeyMaker,
        BrokerIdentity,
        DelayLevels,
        BrokerConfig,
        RemotingServer,
        TimerPlacement,
      ],
      useFactory: (
        clock: Clock,
        random: Random,
        store: BrokerStore,
        topics: TopicTable,
        groups: SubscriptionGroupTable,
        locks: QueueLockTable,
        stats: BrokerStats,
        flow: FlowControl<ServerConnection>,
        counts: TransactionCounts,
        recent: RecentHalves,
        answers: SendAnswers,
        uniqKeys: UniqKeyMaker,
        identity: BrokerIdentity,
        levels: DelayLevels,
        config: BrokerConfig,
        server: RemotingServer,
        timer: TimerPlacement,
      ): SendFrameHandler =>
        new SendFrameHandler({
          clock,
          random,
          store,
          topics,
          groups,
          locks,
          stats,
          flow,
          halves: { counts, recent },
          answers,
          brokerName: identity.brokerName,
          rules: {
            advertisedHost: identity.advertisedHost,
            get brokerPermission() {
              return config.brokerPermission;
            },
            get messageBytesMax() {
              return config.messageBytesMax;
            },
          },
          properties: {
            region: fixedProperty('MSG_REGION', config.regionId),
            cluster: fixedProperty('CLUSTER', identity.clusterName),
            levels,
            timer,
            nextUniqKey: () => uniqKeys.next(),
            traceOn: () => config.traceOn,
            advertisedHost: identity.advertisedHost,
            messageBytesMax: () => config.messageBytesMax,
            rejectTransactions: () => config.rejectTransactionMessage,
          },
          autoCreateTopic: () => config.autoCreateTopic,
          failFast: (busyMs) => config.sendFastFailure && busyMs > config.sendWaitMsMax,
          readFields: sendHeaderReader(),
          answerError: (frame, connection, error) => server.answerError(frame, connection, error),
        }),
    },
  ],
  exports: [SendFrameHandler],
})
export class SendModule implements OnModuleInit {
  constructor(
    private readonly server: RemotingServer,
    private readonly handler: SendFrameHandler,
  ) {}

  onModuleInit(): void {
    for (const { code } of [SendMessage, SendMessageV2, SendBatchMessage]) {
      this.server.route(code, this.handler.handle);
    }
  }
}
