import { Module } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { TopicConfig, TopicConfigWrapper } from '@rocketmq-ts/protocol';
import { CLOCK, LOGGER, STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { ConfigFolder } from '../metadata/config-folder.js';
import { TableText } from '../metadata/table-text.js';
import { OffsetTableModule } from '../offset/offset-table.module.js';
import { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { BrokerStats } from '../stats/broker-stats.js';
import { systemTopics } from './system-topics.js';
import type { SystemTopicSettings } from './system-topics.js';
import { TopicAdministration } from './topic-administration.js';
import { TopicController } from './topic.controller.js';
import { TopicTable } from './topic-table.js';

/** Queues of one topic at most. */
const QUEUES_PER_TOPIC_MAX = 65_536;
/** Queues of the topic that pop acknowledgements go to. Source: rocketmq 5.x `BrokerConfig#reviveQueueNum`. */
const REVIVE_QUEUE_COUNT = 8;

const systemTopicSettings = (config: BrokerConfig): SystemTopicSettings => ({
  clusterName: config.clusterName,
  brokerName: config.brokerName,
  autoCreateTopicEnable: config.autoCreateTopic,
  defaultTopicQueueNums: config.defaultTopicQueueCount,
  clusterTopicEnable: config.clusterTopic,
  brokerTopicEnable: config.brokerTopic,
  traceTopicEnable: config.traceTopicEnable,
  msgTraceTopicName: config.traceTopic,
  timerWheelEnable: true,
  reviveQueueNum: REVIVE_QUEUE_COUNT,
});

/** The broker's topics. */
@Module({
  imports: [OffsetTableModule],
  controllers: [TopicController],
  providers: [
    {
      provide: TopicTable,
      inject: [CLOCK, LOGGER, BrokerConfig, ConfigFolder, STORE],
      useFactory: async (
        clock: Clock,
        logger: Logger,
        config: BrokerConfig,
        folder: ConfigFolder,
        store: BrokerStore,
      ): Promise<TopicTable> => {
        const limits = {
          get topicCountMax() {
            return config.topicCountMax;
          },
          get queueCountMax() {
            return config.queueCountMax;
          },
          queuesPerTopicMax: QUEUES_PER_TOPIC_MAX,
        };
        const text = new TableText(TopicConfigWrapper, TopicConfig);
        const textOf = ({ dataVersion, topicConfigTable }: TopicConfigWrapper): string =>
          text.write({ dataVersion, topicConfigTable: new Map() }, topicConfigTable);
        const table = new TopicTable(
          clock,
          logger,
          limits,
          (content) => folder.topics.save(() => textOf(content())),
          (name) => store.admitsLightQueue(name),
        );
        table.restore(systemTopics(systemTopicSettings(config)), await folder.topics.load());
        return table;
      },
    },
    {
      provide: TopicAdministration,
      inject: [TopicTable, ConsumerOffsetTable, BrokerStats, STORE, BrokerConfig],
      useFactory: (
        topics: TopicTable,
        offsets: ConsumerOffsetTable,
        stats: BrokerStats,
        store: BrokerStore,
        config: BrokerConfig,
      ): TopicAdministration =>
        new TopicAdministration(
          topics,
          offsets,
          stats,
          store,
          systemTopics(systemTopicSettings(config)),
        ),
    },
  ],
  exports: [TopicTable],
})
export class TopicModule {}
