import { type DynamicModule, Module } from '@nestjs/common';
import {
  AdminModule,
  AssignmentModule,
  type BrokerContext,
  BrokerContextModule,
  ClientSessionModule,
  ConsumerAdminModule,
  FlowControlModule,
  MetadataSyncModule,
  OffsetModule,
  PullModule,
  QueryModule,
  RegistrationModule,
  ReplicationModule,
  StatsModule,
  SubscriptionGroupModule,
  TopicModule,
} from '@rocketmq-ts/broker';

/** What a slave can do: what a broker can without taking messages, and keeping its tables those of its master. */
@Module({})
export class SlaveModule {
  static around(context: BrokerContext): DynamicModule {
    return {
      module: SlaveModule,
      imports: [
        BrokerContextModule.forRoot(context),
        TopicModule,
        SubscriptionGroupModule,
        OffsetModule,
        ClientSessionModule,
        PullModule,
        AssignmentModule,
        FlowControlModule,
        QueryModule,
        RegistrationModule,
        StatsModule,
        AdminModule,
        ConsumerAdminModule,
        ReplicationModule,
        MetadataSyncModule,
      ],
    };
  }
}
