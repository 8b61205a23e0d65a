import type { Clock } from '@rocketmq-ts/kernel';
import { RateWindow } from './rate-window.js';

/** What came in for one topic. Plain numbers, counted on the hot path. */
export interface TopicTraffic {
  messagesIn: number;
  bytesIn: number;
  /** Messages of the last finished minute, per second. */
  messagesInPerSecond: number;
  messagesInAtMinute: number;
}

/** What one group took out of one topic. */
export interface GroupTraffic {
  readonly group: string;
  readonly topic: string;
  messagesOut: number;
  bytesOut: number;
  messagesOutPerSecond: number;
  messagesOutAtMinute: number;
}

/** Messages that a group gave up. */
export interface DeadLetters {
  readonly group: string;
  readonly topic: string;
  messages: number;
}

const newTopicTraffic = (): TopicTraffic => ({
  messagesIn: 0,
  bytesIn: 0,
  messagesInPerSecond: 0,
  messagesInAtMinute: 0,
});

/** Totals at the beginning of a day, for the figures "today" and "yesterday" of `mqadmin clusterList`. */
interface DayMark {
  readonly messagesIn: number;
  readonly messagesOut: number;
}

/** Pairs of group and topic that are counted apart; more share one entry, so that a flood of names costs nothing. */
const PAIR_COUNT_MAX = 100_000;
const OTHERS = '(others)';

/**
 * What this broker has handled since it was started.
 * Source of the figures: rocketmq 5.x `BrokerStatsManager`, `BrokerStats`.
 */
export class BrokerStats {
  messagesIn = 0;
  bytesIn = 0;
  messagesOut = 0;
  bytesOut = 0;
  sendFailures = 0;
  /** Pulls answered with messages, and without. */
  pullsFound = 0;
  pullsMissed = 0;
  /** Store time of the oldest message, as of the last sample; undefined without one. */
  oldestMessageTimestampMs: number | undefined = undefined;

  readonly putRate = new RateWindow();
  readonly getRate = new RateWindow();
  readonly foundRate = new RateWindow();
  readonly missRate = new RateWindow();

  readonly bootTimestampMs: number;
  private readonly byTopic = new Map<string, TopicTraffic>();
  private readonly byPair = new Map<string, Map<string, GroupTraffic>>();
  private readonly dead = new Map<string, DeadLetters>();
  private pairCount = 0;
  private today: DayMark = { messagesIn: 0, messagesOut: 0 };
  private yesterday: DayMark = { messagesIn: 0, messagesOut: 0 };

  constructor(private readonly clock: Clock) {
    this.bootTimestampMs = clock.nowMs();
    this.sample();
  }

  /** The counters of a topic; the same object each time. */
  topic(topic: string): TopicTraffic {
    let traffic = this.byTopic.get(topic);
    if (!traffic) this.byTopic.set(topic, (traffic = newTopicTraffic()));
    return traffic;
  }

  /** The counters of a group in a topic; the same object each time. */
  pair(group: string, topic: string): GroupTraffic {
    const known = this.byPair.get(group)?.get(topic);
    if (known) return known;
    if (this.pairCount >= PAIR_COUNT_MAX && group !== OTHERS) return this.pair(OTHERS, OTHERS);
    let topics = this.byPair.get(group);
    if (!topics) this.byPair.set(group, (topics = new Map<string, GroupTraffic>()));
    const traffic = {
      group,
      topic,
      messagesOut: 0,
      bytesOut: 0,
      messagesOutPerSecond: 0,
      messagesOutAtMinute: 0,
    };
    topics.set(topic, traffic);
    this.pairCount++;
    return traffic;
  }

  countDeadLetter(group: string, topic: string): void {
    const key = `${group}\n${topic}`;
    const known = this.dead.get(key);
    if (known) known.messages++;
    else if (this.dead.size < PAIR_COUNT_MAX) this.dead.set(key, { group, topic, messages: 1 });
  }

  topics(): Iterable<[string, TopicTraffic]> {
    return this.byTopic;
  }

  *pairs(): Iterable<GroupTraffic> {
    for (const topics of this.byPair.values()) yield* topics.values();
  }

  deadLetters(): Iterable<DeadLetters> {
    return this.dead.values();
  }

  /** The topic is deleted. */
  forgetTopic(topic: string): void {
    this.byTopic.delete(topic);
    for (const topics of this.byPair.values()) if (topics.delete(topic)) this.pairCount--;
  }

  /** The group is deleted. */
  forgetGroup(group: string): void {
    const topics = this.byPair.get(group);
    if (topics && this.byPair.delete(group)) this.pairCount -= topics.size;
  }

  /** Messages since midnight, and during the day before; what came before the start is unknown. */
  days(): { readonly yesterday: DayMark; readonly today: DayMark; readonly now: DayMark } {
    const now = { messagesIn: this.messagesIn, messagesOut: this.messagesOut };
    return { yesterday: this.yesterday, today: this.today, now };
  }

  /** To be called every `SAMPLE_INTERVAL_MS`. */
  sample(): void {
    const atMs = this.clock.monotonicMs();
    this.putRate.sample(this.messagesIn, atMs);
    this.getRate.sample(this.messagesOut, atMs);
    this.foundRate.sample(this.pullsFound, atMs);
    this.missRate.sample(this.pullsMissed, atMs);
  }

  /** To be called every minute. */
  closeMinute(): void {
    for (const traffic of this.byTopic.values()) {
      traffic.messagesInPerSecond = (traffic.messagesIn - traffic.messagesInAtMinute) / 60;
      traffic.messagesInAtMinute = traffic.messagesIn;
    }
    for (const traffic of this.pairs()) {
      traffic.messagesOutPerSecond = (traffic.messagesOut - traffic.messagesOutAtMinute) / 60;
      traffic.messagesOutAtMinute = traffic.messagesOut;
    }
  }

  /** To be called at midnight, local time. */
  closeDay(): void {
    this.yesterday = this.today;
    this.today = { messagesIn: this.messagesIn, messagesOut: this.messagesOut };
  }
}
