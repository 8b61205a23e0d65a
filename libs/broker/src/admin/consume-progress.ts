import { FASTJSON, MessageQueue, OffsetWrapper, formatJson } from '@rocketmq-ts/protocol';
import type { TopicConfig } from '@rocketmq-ts/protocol';
import type { StoreQueue } from '@rocketmq-ts/storage';
import type { BrokerIdentity } from '../broker-identity.js';
import type { ClientConnection } from '../client-session/client-member.js';
import type { ConsumerGroups } from '../client-session/consumer-groups.js';
import type { FairTurns } from '../fair-turns.js';
import type { JsonPieces } from '../json-pieces.js';
import type { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import type { MessageLookup } from '../store-access.js';

/** What `ConsumeProgress` reads. */
export interface ProgressParts {
  readonly store: Pick<MessageLookup, 'findQueue' | 'storeTimestamp'>;
  readonly identity: Pick<BrokerIdentity, 'brokerName'>;
  readonly offsets: ConsumerOffsetTable;
  readonly consumers: Pick<ConsumerGroups<ClientConnection>, 'find'>;
  readonly stats: Pick<BrokerStats, 'pair'>;
}

/** How many messages a group has before it, and how many it has pulled but not acknowledged. */
export interface Lag {
  waiting: number;
  inFlight: number;
}

/**
 * How far groups are in their queues, written as Apache's `ConsumeStats`.
 * Source: rocketmq 5.5.0 `AdminBrokerProcessor#getConsumeStats`, `#fetchAllConsumeStatsInBroker`.
 */
export class ConsumeProgress {
  constructor(private readonly parts: ProgressParts) {}

  /** Whether what the group's members subscribe to lets it consume `topic`; without members it does. */
  consumes(group: string, topic: string): boolean {
    const subscriptions = this.parts.consumers.find(group)?.subscriptions;
    return !subscriptions || subscriptions.size === 0 || subscriptions.has(topic);
  }

  /** Messages per second that the group took out of the topics in the last minute. */
  perSecond(group: string, topics: readonly string[]): number {
    return topics.reduce(
      (sum, topic) => sum + this.parts.stats.pair(group, topic).messagesOutPerSecond,
      0,
    );
  }

  /**
   * Adds one entry of `offsetTable` per queue. @returns whether the next entry would be the first
   * @throws {ResponseError} the answer gets too long @throws system error
   */
  async addQueues(
    json: JsonPieces,
    turns: FairTurns,
    wanted: { group: string; config: TopicConfig; queueCount: number; first: boolean; lag?: Lag },
  ): Promise<boolean> {
    const { topicName: topic } = wanted.config;
    let { first } = wanted;
    for (let queueId = 0; queueId < wanted.queueCount; queueId++) {
      const entry = await this.queue(wanted.group, topic, queueId);
      if (wanted.lag) {
        wanted.lag.waiting += entry.brokerOffset - entry.consumerOffset;
        wanted.lag.inFlight += entry.pullOffset - entry.consumerOffset;
      }
      first = json.addItem(this.named(topic, queueId, formatJson(OffsetWrapper, entry)), first);
      if (turns.due) await turns.pause();
    }
    return first;
  }

  /** An entry of a table whose keys are queues. */
  named(topic: string, queueId: number, value: string): string {
    return `${formatJson(MessageQueue, this.nameOf(topic, queueId), FASTJSON)}:${value}`;
  }

  nameOf(topic: string, queueId: number): MessageQueue {
    return { brokerName: this.parts.identity.brokerName, queueId, topic };
  }

  /** When a message was stored; 0 where there is none. */
  async storeTime(queue: StoreQueue | undefined, queueOffset: number): Promise<number> {
    if (!queue || queueOffset < queue.minOffset || queueOffset >= queue.maxOffset) return 0;
    return (await this.parts.store.storeTimestamp(queue, queueOffset)) ?? 0;
  }

  private async queue(group: string, topic: string, queueId: number): Promise<OffsetWrapper> {
    const { store, offsets } = this.parts;
    const queue = store.findQueue(topic, queueId);
    const consumerOffset = offsets.query(group, topic, queueId) ?? 0;
    const pulled = offsets.pulledOffset(group, topic, queueId) ?? consumerOffset;
    return {
      brokerOffset: queue?.maxOffset ?? 0,
      consumerOffset,
      pullOffset: Math.max(consumerOffset, pulled),
      lastTimestamp: await this.storeTime(queue, consumerOffset - 1),
    };
  }
}
