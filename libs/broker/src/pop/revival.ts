import type { Logger } from '@rocketmq-ts/kernel';
import { offsetMsgId } from '@rocketmq-ts/protocol';
import { WriteRefusedError } from './pop-errors.js';
import type { BrokerIdentity } from '../broker-identity.js';
import type { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { readOne } from '../query/one-record.js';
import { BrokerMessage } from '../send/broker-message.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import type { MessageSink, MessageSource } from '../store-access.js';
import type { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { groupTopic } from '../topic/topic-creation.js';
import type { TopicTable } from '../topic/topic-table.js';
import { normalTopicOf } from './pop-topic-name.js';
import { planRevival } from './revival-plan.js';
import type { RevivalReason } from './revival-plan.js';

/** What a revival works with. */
export interface RevivalParts {
  readonly logger: Logger;
  readonly identity: BrokerIdentity;
  readonly store: MessageSink & MessageSource;
  readonly topics: TopicTable;
  readonly groups: SubscriptionGroupTable;
  readonly offsets: ConsumerOffsetTable;
  readonly stats: BrokerStats;
  /** Whether new pop retry topics have the second form. */
  readonly retryTopicV2: () => boolean;
}

/** A message that was not acknowledged. */
export interface Unacknowledged extends RevivalReason {
  readonly queueId: number;
  readonly queueOffset: number;
}

/** Messages revived, by what became of them; for metrics. */
export type RevivalCounts = Record<RevivalOutcome, number>;

/** `dropped`: the message, its topic or its group is no more. */
export type RevivalOutcome = 'retried' | 'dead' | 'dropped';

/**
 * Stores messages again that were popped and not acknowledged: into the group's pop retry topic, or, after too many
 * tries, into its dead-letter topic.
 * Source: rocketmq 5.5.0 `PopReviveService#reviveRetry`.
 */
export class Revival {
  readonly counts: RevivalCounts = { retried: 0, dead: 0, dropped: 0 };
  constructor(private readonly parts: RevivalParts) {}

  /**
   * Resolves when the message is stored again, with the place behind it in the log; with 0 where there is nothing to store
   * since the message, its topic or its group is no more.
   * @throws {WriteRefusedError} the store took nothing; try again later. @throws system error: as well
   */
  async revive(message: Unacknowledged): Promise<number> {
    const { store, topics, groups, identity } = this.parts;
    const group = groups.find(message.group);
    const known = topics.find(normalTopicOf(message.topic, message.group)) !== undefined;
    const queue = store.findQueue(message.topic, message.queueId);
    const record =
      group && known && queue ? await readOne(store, queue, message.queueOffset) : undefined;
    if (!group || record?.queueOffset !== message.queueOffset) {
      this.counts.dropped++;
      return 0;
    }
    const messageId = offsetMsgId(identity.storeHostHex, record.commitLogOffset);
    const plan = planRevival(record, messageId, message, group, this.parts.retryTopicV2());
    await topics.createIfAbsent(groupTopic(plan.topic, { queueCount: plan.queueCount }));
    if (!plan.dead) this.beginAtFirst(message.group, plan.topic);
    const again = new BrokerMessage(store.queue(plan.topic, 0), record, plan.properties);
    again.reconsumeTimes = plan.reconsumeTimes;
    store.append(again);
    const outcome = await again.stored;
    if (outcome.kind === 'REFUSED') throw new WriteRefusedError(outcome.refusal);
    if (plan.dead) this.noteDead(message, record.reconsumeTimes);
    else this.counts.retried++;
    return again.commitLogOffset + again.sizeBytes;
  }

  /** A group that has never popped its retry topic begins at its first message. */
  private beginAtFirst(group: string, retryTopic: string): void {
    const { offsets } = this.parts;
    if (offsets.query(group, retryTopic, 0) === undefined) offsets.commit(group, retryTopic, 0, 0);
  }

  private noteDead(message: Unacknowledged, reconsumeTimes: number): void {
    const topic = normalTopicOf(message.topic, message.group);
    this.counts.dead++;
    this.parts.stats.countDeadLetter(message.group, topic);
    this.parts.logger.info('a message went to the dead-letter topic', {
      group: message.group,
      topic,
      reconsumeTimes,
    });
  }
}
