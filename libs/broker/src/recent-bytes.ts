import type { BrokerConfig } from '@rocketmq-ts/config';
import { physicalMemoryBytes } from '@rocketmq-ts/config';

/**
 * How far back in the log a message counts as recent: the part of the machine's memory in which the system can be
 * expected to have it. Source: rocketmq 5.x `DefaultMessageStore#checkInDiskByCommitOffset`.
 */
export const recentBytesOf = (config: BrokerConfig): number =>
  Math.floor((physicalMemoryBytes() * config.pullInMemoryPercent) / 100);
