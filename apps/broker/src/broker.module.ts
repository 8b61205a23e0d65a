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
  PullModule,
  QueryModule,
  RegistrationModule,
  RetryModule,
  SendModule,
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
        DelayModule,
        TimerModule,
        RetryModule,
        TransactionModule,
        QueryModule,
        RegistrationModule,
        AdminModule,
        ConsumerAdminModule,
      ],
    };
  }
}
