import type { Clock } from '@rocketmq-ts/kernel';
import type { StoreQueue } from '@rocketmq-ts/storage';
import type { ConsumerGroups } from '../client-session/consumer-groups.js';
import type { ClientConnection } from '../client-session/client-member.js';
import { FairTurns } from '../fair-turns.js';
import type { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { isBroadcastGroup } from '../offset/offset-key.js';
import type { MessageLookup } from '../store-access.js';
import { isRetryTopic } from '../topic/topic-name.js';
import type { TopicTable } from '../topic/topic-table.js';

/** How far a group is behind in a topic it subscribes to. */
export interface TopicLag {
  readonly group: string;
  readonly topic: string;
  /** Messages that were not acknowledged. */
  readonly lagMessages: number;
  /** Age of the oldest of them. */
  readonly lagMs: number;
  /** Messages that were given to the group and not acknowledged. */
  readonly inFlightMessages: number;
  /** Messages that were not given to the group yet. */
  readonly readyMessages: number;
  /** Age of the oldest of them. */
  readonly queueingMs: number;
}

/** What `ConsumerLags` reads. */
export interface LagParts {
  readonly clock: Clock;
  readonly store: Pick<MessageLookup, 'findQueue' | 'storeTimestamp'>;
  readonly topics: Pick<TopicTable, 'find'>;
  readonly offsets: Pick<ConsumerOffsetTable, 'query' | 'pulledOffset' | 'topicsByGroup'>;
  readonly consumers: Pick<ConsumerGroups<ClientConnection>, 'all'>;
}

/** Figures that are younger than this are shown again: one scrape asks for five of them. */
const FRESH_MS = 2_000;
/** Store times that are looked up for one set of figures; for the rest of the queues the oldest known ones count. */
const LOOKUP_COUNT_MAX = 2_000;
/** Store times that are kept from one scrape to the next. */
const KNOWN_COUNT_MAX = 100_000;

/** Store time of a message of a queue. */
interface KnownTime {
  queueOffset: number;
  storeTimestampMs: number;
}

/**
 * How far consumer groups are behind: what their members subscribe to, and where there are none any more what they have
 * committed. (Apache's broker shows nothing of a group whose last member died, which is when somebody should hear of its lag.)
 * Worked out when somebody asks, in turns, at most every two seconds;
 * nothing is counted while messages flow.
 *
 * Invariant:
 *  I1  reading store times, which may come from the disk, is bounded per set of figures.
 *
 * Source: rocketmq 5.5.0 `ConsumerLagCalculator`. Its estimate for groups with filters is not made: all messages count.
 */
export class ConsumerLags {
  private known = new Map<string, KnownTime>();
  private current:
    { readonly atMs: number; readonly lags: Promise<readonly TopicLag[]> } | undefined;

  constructor(private readonly parts: LagParts) {}

  /** @throws system error */
  all(): Promise<readonly TopicLag[]> {
    const nowMs = this.parts.clock.monotonicMs();
    if (!this.current || nowMs - this.current.atMs > FRESH_MS) {
      this.current = { atMs: nowMs, lags: this.compute() };
    }
    return this.current.lags;
  }

  private async compute(): Promise<readonly TopicLag[]> {
    const lags: TopicLag[] = [];
    const turns = new FairTurns(this.parts.clock);
    const round = { lookupsLeft: LOOKUP_COUNT_MAX, known: new Map<string, KnownTime>() };
    for (const [group, topics] of this.watched()) {
      for (const topic of topics) {
        const queueCount = this.parts.topics.find(topic)?.config.writeQueueNums;
        if (queueCount === undefined || isRetryTopic(topic)) continue;
        lags.push(await this.lagOf(group, topic, queueCount, round, turns));
      }
    }
    this.known = round.known;
    return lags;
  }

  /** Groups and their topics. Names of broadcasting groups' members are no groups. */
  private watched(): [string, readonly string[]][] {
    const topicsOf = new Map<string, readonly string[]>();
    for (const [group, topics] of this.parts.offsets.topicsByGroup()) {
      if (!isBroadcastGroup(group)) topicsOf.set(group, topics);
    }
    for (const { group, subscriptions } of this.parts.consumers.all()) {
      topicsOf.set(group, [...subscriptions.keys()]);
    }
    return [...topicsOf];
  }

  private async lagOf(
    group: string,
    topic: string,
    queueCount: number,
    round: Round,
    turns: FairTurns,
  ): Promise<TopicLag> {
    const sum = { lagMessages: 0, inFlightMessages: 0, readyMessages: 0 };
    let unconsumedMs = Infinity;
    let unpulledMs = Infinity;
    for (let queueId = 0; queueId < queueCount; queueId++) {
      if (turns.due) await turns.pause();
      const queue = this.parts.store.findQueue(topic, queueId);
      if (!queue || queue.maxOffset === 0) continue;
      const place = this.placeOf(group, queue);
      sum.lagMessages += queue.maxOffset - place.consumed;
      sum.inFlightMessages += place.pulled - place.consumed;
      sum.readyMessages += queue.maxOffset - place.pulled;
      const key = `${group}@${topic}@${queueId}`;
      const consumedMs = await this.timeOf(queue, place.consumed, key, round);
      const pulledMs =
        place.pulled === place.consumed
          ? consumedMs
          : await this.timeOf(queue, place.pulled, `${key}@pulled`, round);
      unconsumedMs = Math.min(unconsumedMs, consumedMs);
      unpulledMs = Math.min(unpulledMs, pulledMs);
    }
    return {
      group,
      topic,
      ...sum,
      lagMs: this.age(unconsumedMs),
      queueingMs: this.age(unpulledMs),
    };
  }

  /** A group that never committed an offset counts as being at the end, as with Apache. */
  private placeOf(group: string, queue: StoreQueue): { consumed: number; pulled: number } {
    const { offsets } = this.parts;
    const { topic, queueId, maxOffset } = queue;
    const committed = offsets.query(group, topic, queueId);
    const pulledOffset = offsets.pulledOffset(group, topic, queueId);
    const within = (offset: number): number =>
      Math.min(Math.max(offset, queue.minOffset), maxOffset);
    const consumed = within(committed ?? pulledOffset ?? maxOffset);
    return { consumed, pulled: Math.max(consumed, within(pulledOffset ?? consumed)) };
  }

  private age(storeTimestampMs: number): number {
    return storeTimestampMs === Infinity
      ? 0
      : Math.max(this.parts.clock.nowMs() - storeTimestampMs, 0);
  }

  /** Store time of a message; infinite where there is none. */
  private async timeOf(
    queue: StoreQueue,
    queueOffset: number,
    key: string,
    round: Round,
  ): Promise<number> {
    if (queueOffset >= queue.maxOffset) return Infinity;
    let time = this.known.get(key);
    if (time?.queueOffset !== queueOffset && round.lookupsLeft > 0) {
      round.lookupsLeft--;
      const storeTimestampMs = await this.parts.store.storeTimestamp(queue, queueOffset);
      time = storeTimestampMs === undefined ? undefined : { queueOffset, storeTimestampMs };
    }
    if (!time) return Infinity;
    if (round.known.size < KNOWN_COUNT_MAX) round.known.set(key, time);
    return time.storeTimestampMs;
  }
}

interface Round {
  lookupsLeft: number;
  /** Replaces what was known before: what nobody asks for any more is forgotten. */
  readonly known: Map<string, KnownTime>;
}
