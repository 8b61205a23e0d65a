import { type DynamicModule, Module } from '@nestjs/common';
import {
  AdminModule,
  type BrokerContext,
  BrokerContextModule,
  ClientSessionModule,
  ConsumerAdminModule,
  DelayModule,
  LockModule,
  OffsetModule,
  PopModule,
  PullModule,
  QueryModule,
  RegistrationModule,
  ReplicationModule,
  RequestReplyModule,
  RetryModule,
  SendModule,
  StatsModule,
  SubscriptionGroupModule,
  TimerModule,
  TopicModule,
  TransactionModule,
} from '@rocketmq-ts/broker';

/** What a master broker can do: every capability of `libs/broker`. */
@Module({})
export class BrokerModule {
  static around(context: BrokerContext): DynamicModule {
    return {
      module: BrokerModule,
      imports: [
        BrokerContextModule.forRoot(context),
        TopicModule,
        SubscriptionGroupModule,
        OffsetModule,
        LockModule,
        ClientSessionModule,
        SendModule,
        PullModule,
        PopModule,
        DelayModule,
        TimerModule,
        RetryModule,
        RequestReplyModule,
        TransactionModule,
        QueryModule,
        RegistrationModule,
        ReplicationModule,
        StatsModule,
        AdminModule,
        ConsumerAdminModule,
      ],
    };
  }
}
