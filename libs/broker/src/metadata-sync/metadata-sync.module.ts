import { Module } from '@nestjs/common';
import { BrokerConfig, ReplicationConfig, StoreConfig } from '@rocketmq-ts/config';
import type { Clock, Disk, Logger } from '@rocketmq-ts/kernel';
import { ConsumerOffsetWrapper } from '@rocketmq-ts/protocol';
import { RemotingClient } from '@rocketmq-ts/remoting';
import { decodeTimerCheckpoint, saveCopiedCheckpoint } from '@rocketmq-ts/storage';
import { CLOCK, DISK, LOGGER, STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { DelayModule } from '../delay/delay.module.js';
import { DelayOffsets } from '../delay/delay-offsets.js';
import { ConfigFolder } from '../metadata/config-folder.js';
import { configText } from '../metadata/metadata-file.js';
import { OffsetTableModule } from '../offset/offset-table.module.js';
import { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { OwnCommitSaver } from '../offset/own-commit-saver.js';
import { OwnCommits } from '../offset/own-commits.js';
import { AssignmentModule } from '../pop/assignment/assignment.module.js';
import { RequestModeTable } from '../pop/assignment/request-mode-table.js';
import { MasterWhereabouts } from '../replication/master-whereabouts.js';
import { SubscriptionGroupModule } from '../subscription-group/subscription-group.module.js';
import { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { TopicModule } from '../topic/topic.module.js';
import { TopicTable } from '../topic/topic-table.js';
import { MetadataSync } from './metadata-sync.js';

/** Keeps the tables of a slave those of its master. */
@Module({
  imports: [AssignmentModule, DelayModule, OffsetTableModule, SubscriptionGroupModule, TopicModule],
  providers: [
    {
      provide: OwnCommits,
      inject: [ConfigFolder],
      useFactory: async ({ ownCommits: file }: ConfigFolder): Promise<OwnCommits> => {
        const own = new OwnCommits();
        const saved = await file.load();
        if (saved) own.restore(saved);
        return own;
      },
    },
    {
      provide: OwnCommitSaver,
      inject: [CLOCK, LOGGER, ConfigFolder, OwnCommits, BrokerConfig],
      useFactory: (
        clock: Clock,
        logger: Logger,
        { ownCommits: file }: ConfigFolder,
        own: OwnCommits,
        { consumerOffsetSaveIntervalMs: intervalMs }: BrokerConfig,
      ): OwnCommitSaver =>
        new OwnCommitSaver({
          clock,
          logger,
          table: own,
          save: () => file.save(() => configText(ConsumerOffsetWrapper, own.snapshot())),
          path: file.path,
          intervalMs,
        }),
    },
    {
      provide: MetadataSync,
      inject: [
        CLOCK,
        LOGGER,
        DISK,
        STORE,
        RemotingClient,
        MasterWhereabouts,
        TopicTable,
        SubscriptionGroupTable,
        ConsumerOffsetTable,
        OwnCommits,
        DelayOffsets,
        RequestModeTable,
        ReplicationConfig,
        StoreConfig,
      ],
      useFactory: (
        clock: Clock,
        logger: Logger,
        disk: Disk,
        store: BrokerStore,
        client: RemotingClient,
        whereabouts: MasterWhereabouts,
        topics: TopicTable,
        groups: SubscriptionGroupTable,
        offsets: ConsumerOffsetTable,
        ownCommits: OwnCommits,
        delays: DelayOffsets,
        modes: RequestModeTable,
        { metadataSyncIntervalMs: intervalMs }: ReplicationConfig,
        { storePathRootDir }: StoreConfig,
      ): MetadataSync =>
        new MetadataSync({
          clock,
          logger,
          client,
          master: () => whereabouts.address,
          logEnd: () => store.commitLogMaxOffset,
          topics,
          groups,
          offsets,
          ownCommits,
          delays,
          modes,
          forgetTopic: async (topic) => {
            offsets.removeTopic(topic);
            await store.deleteTopic(topic);
          },
          saveTimerCheckpoint: async (bytes) => {
            const read = decodeTimerCheckpoint(bytes);
            if (read) await saveCopiedCheckpoint(disk, storePathRootDir, read.checkpoint);
          },
          intervalMs,
        }),
    },
  ],
  exports: [MetadataSync, OwnCommitSaver],
})
export class MetadataSyncModule {}
