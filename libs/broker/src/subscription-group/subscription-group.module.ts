import { Module } from '@nestjs/common';
import { BrokerConfig, StoreConfig } from '@rocketmq-ts/config';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { SubscriptionGroupConfig, SubscriptionGroupWrapper } from '@rocketmq-ts/protocol';
import { CLOCK, LOGGER } from '../broker-context.js';
import { ConfigFolder } from '../metadata/config-folder.js';
import { TableText } from '../metadata/table-text.js';
import { OffsetTableModule } from '../offset/offset-table.module.js';
import { systemGroups } from './group-creation.js';
import { GroupForbiddenController } from './group-forbidden.controller.js';
import { SubscriptionGroupController } from './subscription-group.controller.js';
import { SubscriptionGroupTable } from './subscription-group-table.js';

/** The broker's consumer groups. */
@Module({
  imports: [OffsetTableModule],
  controllers: [GroupForbiddenController, SubscriptionGroupController],
  providers: [
    {
      provide: SubscriptionGroupTable,
      inject: [CLOCK, LOGGER, BrokerConfig, StoreConfig, ConfigFolder],
      useFactory: async (
        clock: Clock,
        logger: Logger,
        config: BrokerConfig,
        storeConfig: StoreConfig,
        folder: ConfigFolder,
      ): Promise<SubscriptionGroupTable> => {
        const text = new TableText(SubscriptionGroupWrapper, SubscriptionGroupConfig);
        const textOf = ({ subscriptionGroupTable, ...frame }: SubscriptionGroupWrapper): string =>
          text.write({ ...frame, subscriptionGroupTable: new Map() }, subscriptionGroupTable);
        const table = new SubscriptionGroupTable(
          clock,
          logger,
          () => ({
            autoCreate: config.autoCreateGroup,
            groupCountMax: config.groupCountMax,
            lightQueues: storeConfig.lightQueues,
          }),
          (content) => folder.groups.save(() => textOf(content())),
        );
        table.restore(systemGroups(), await folder.groups.load());
        return table;
      },
    },
  ],
  exports: [SubscriptionGroupTable],
})
export class SubscriptionGroupModule {}
