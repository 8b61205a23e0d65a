import { Module } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import { SubscriptionFilters } from './subscription-filters.js';

/** What subscriptions let through; one set of compiled expressions for everybody who gives out messages. */
@Module({
  providers: [
    {
      provide: SubscriptionFilters,
      inject: [BrokerConfig],
      useFactory: (config: BrokerConfig) => new SubscriptionFilters(config),
    },
  ],
  exports: [SubscriptionFilters],
})
export class FilterModule {}
