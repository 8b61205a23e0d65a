import type { Disk, Logger } from '@rocketmq-ts/kernel';
import {
  ConsumerOffsetWrapper,
  ConsumerOrderInfoFile,
  DelayOffsetWrapper,
  TimerMetricsWrapper,
  MessageRequestModeWrapper,
  QueueLockFile,
  SubscriptionGroupWrapper,
  TopicConfigWrapper,
} from '@rocketmq-ts/protocol';
import { MetadataFile } from './metadata-file.js';

/**
 * The folder `config` of a store, in which Apache's broker keeps its tables.
 * Source: rocketmq 5.x `BrokerPathConfigHelper`.
 */
export class ConfigFolder {
  readonly topics: MetadataFile<TopicConfigWrapper>;
  readonly groups: MetadataFile<SubscriptionGroupWrapper>;
  readonly consumerOffsets: MetadataFile<ConsumerOffsetWrapper>;
  readonly delayOffsets: MetadataFile<DelayOffsetWrapper>;
  readonly timerMetrics: MetadataFile<TimerMetricsWrapper>;
  readonly orderInfo: MetadataFile<ConsumerOrderInfoFile>;
  readonly requestModes: MetadataFile<MessageRequestModeWrapper>;
  /** Ours: Apache's broker keeps no queue locks. */
  readonly queueLocks: MetadataFile<QueueLockFile>;
  /** Ours: what the clients of a slave committed while its master was away. */
  readonly ownCommits: MetadataFile<ConsumerOffsetWrapper>;

  constructor(disk: Disk, logger: Logger, storePath: string) {
    const at = (name: string): string => `${storePath}/config/${name}.json`;
    this.topics = new MetadataFile(disk, logger, at('topics'), TopicConfigWrapper);
    this.groups = new MetadataFile(disk, logger, at('subscriptionGroup'), SubscriptionGroupWrapper);
    this.consumerOffsets = new MetadataFile(
      disk,
      logger,
      at('consumerOffset'),
      ConsumerOffsetWrapper,
    );
    const timerMetrics = `${storePath}/config/timermetrics`;
    this.timerMetrics = new MetadataFile(disk, logger, timerMetrics, TimerMetricsWrapper);
    this.delayOffsets = new MetadataFile(disk, logger, at('delayOffset'), DelayOffsetWrapper);
    this.orderInfo = new MetadataFile(disk, logger, at('consumerOrderInfo'), ConsumerOrderInfoFile);
    this.requestModes = new MetadataFile(
      disk,
      logger,
      at('messageRequestMode'),
      MessageRequestModeWrapper,
    );
    this.queueLocks = new MetadataFile(disk, logger, at('rocketmq-ts.queueLocks'), QueueLockFile);
    const ownCommits = at('rocketmq-ts.ownCommits');
    this.ownCommits = new MetadataFile(disk, logger, ownCommits, ConsumerOffsetWrapper);
  }
}
