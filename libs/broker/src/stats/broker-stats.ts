import type { Clock } from '@rocketmq-ts/kernel';
import { LatencySpread } from './latency-spread.js';
import { CounterCells } from './counter-cells.js';
import { PlainMeter } from './meter.js';
import type { Meter } from './meter.js';
import { RateWindow } from './rate-window.js';
import { RequestTimes } from './request-times.js';
import { GroupTraffic, PairMeters, TopicTraffic } from './traffic.js';
import type { MessageType, PairMeter, QueueAllowance } from './traffic.js';

export { GroupTraffic, TopicTraffic } from './traffic.js';

/** Totals at the beginning of a day, for the figures "today" and "yesterday" of `mqadmin clusterList`. */
interface DayMark {
  readonly messagesIn: number;
  readonly messagesOut: number;
}

/** A send that was stored. Its own object on the hot path, so that counting makes none. */
export interface StoredSend {
  readonly traffic: TopicTraffic;
  readonly queueId: number;
  readonly messageType: MessageType;
  readonly messageCount: number;
  readonly storedBytes: number;
  /** When the broker took it. */
  readonly storeTimestampMs: number;
}

/** Messages that were given to a consumer. */
export interface GivenMessages {
  readonly group: string;
  readonly topic: string;
  readonly queueId: number;
  readonly messageCount: number;
  readonly bytes: number;
  readonly fromDisk: boolean;
  /** Time it took to find them. */
  readonly latencyMs: number;
}

/** Pairs of group and topic that are counted apart; more share one entry, so that a flood of names costs nothing. */
const PAIR_COUNT_MAX = 50_000;
/** Queues of topics and of pairs that are counted apart; the others are counted with their topic or pair alone. */
const QUEUE_METER_COUNT_MAX = 65_536;
const OTHERS = '(others)';

/**
 * What this broker has handled since it was started. Names of peers bound nothing here: tables have limits of their own.
 * Source of the figures: rocketmq 5.5.0 `BrokerStatsManager`, `BrokerStats`, `StoreStatsService`.
 */
export class BrokerStats {
  readonly puts = new PlainMeter();
  readonly gets = new PlainMeter();
  /** The same without the software's own topics. */
  readonly userPuts = new PlainMeter();
  readonly userGets = new PlainMeter();
  readonly getsFromDisk = new PlainMeter();
  /** Acknowledgements and checkpoints of pop consumers. */
  readonly acks = new PlainMeter();
  readonly checkpoints = new PlainMeter();
  readonly sendBacks = new PairMeters(PAIR_COUNT_MAX);
  readonly dead = new PairMeters(PAIR_COUNT_MAX);
  readonly groupAcks = new PairMeters(PAIR_COUNT_MAX);
  readonly groupCheckpoints = new PairMeters(PAIR_COUNT_MAX);
  readonly sendTimes = new LatencySpread();
  readonly requestTimes = new RequestTimes();

  sendFailures = 0;
  /** Pulls answered with messages, and without. */
  pullsFound = 0;
  pullsMissed = 0;
  /** Longest time that it took to find messages. */
  getLatencyMsMax = 0;
  /** Store time of the oldest message, as of the last sample; undefined without one. */
  oldestMessageTimestampMs: number | undefined = undefined;

  readonly putRate = new RateWindow();
  readonly getRate = new RateWindow();
  readonly foundRate = new RateWindow();
  readonly missRate = new RateWindow();

  readonly bootTimestampMs: number;
  private readonly byTopic = new Map<string, TopicTraffic>();
  private readonly byPair = new Map<string, Map<string, GroupTraffic>>();
  private readonly cells = new CounterCells();
  private readonly queueAllowance: QueueAllowance = { left: QUEUE_METER_COUNT_MAX };
  private pairCount = 0;
  private today: DayMark = { messagesIn: 0, messagesOut: 0 };
  private yesterday: DayMark = { messagesIn: 0, messagesOut: 0 };

  constructor(private readonly clock: Clock) {
    this.bootTimestampMs = clock.nowMs();
    this.sample();
  }

  get messagesIn(): number {
    return this.puts.messages;
  }

  get bytesIn(): number {
    return this.puts.bytes;
  }

  get messagesOut(): number {
    return this.gets.messages;
  }

  get bytesOut(): number {
    return this.gets.bytes;
  }

  /** The counters of a topic; the same object each time. */
  topic(topic: string): TopicTraffic {
    let traffic = this.byTopic.get(topic);
    if (!traffic) {
      traffic = new TopicTraffic(this.cells, this.queueAllowance, topic);
      this.byTopic.set(topic, traffic);
    }
    return traffic;
  }

  /** The counters of a topic that has had traffic. */
  findTopic(topic: string): TopicTraffic | undefined {
    return this.byTopic.get(topic);
  }

  /** The counters of a group in a topic; the same object each time. */
  pair(group: string, topic: string): GroupTraffic {
    const known = this.byPair.get(group)?.get(topic);
    if (known) return known;
    if (this.pairCount >= PAIR_COUNT_MAX && group !== OTHERS) return this.pair(OTHERS, OTHERS);
    let topics = this.byPair.get(group);
    if (!topics) this.byPair.set(group, (topics = new Map<string, GroupTraffic>()));
    const traffic = new GroupTraffic(this.cells, this.queueAllowance, group, topic);
    topics.set(topic, traffic);
    this.pairCount++;
    return traffic;
  }

  /** The counters of a group in a topic, where it has taken something. */
  findPair(group: string, topic: string): GroupTraffic | undefined {
    return this.byPair.get(group)?.get(topic);
  }

  /** A send was stored. Hot. */
  countPut(send: StoredSend): void {
    const { traffic, messageCount, storedBytes, messageType } = send;
    const latencyMs = Math.max(this.clock.nowMs() - send.storeTimestampMs, 0);
    traffic.countSend(messageType, send.queueId, messageCount, storedBytes, latencyMs);
    this.puts.count(messageCount, storedBytes);
    if (!traffic.system) this.userPuts.count(messageCount, storedBytes);
    this.sendTimes.record(latencyMs);
  }

  /** A request was answered. Hot. @param sinceMs when it came, wall clock */
  countAnswer(requestCode: number, responseCode: number, sinceMs: number, held = false): void {
    this.requestTimes.record(requestCode, responseCode, this.clock.nowMs() - sinceMs, held);
  }

  /** A pull or a pop was answered with messages. Hot. */
  countGet(given: GivenMessages): void {
    const { messageCount, bytes, latencyMs } = given;
    const traffic = this.pair(given.group, given.topic);
    traffic.countGet(given.queueId, messageCount, bytes, latencyMs);
    this.gets.count(messageCount, bytes);
    if (!traffic.system) this.userGets.count(messageCount, bytes);
    if (latencyMs > this.getLatencyMsMax) this.getLatencyMsMax = latencyMs;
    this.pullsFound++;
    if (!given.fromDisk) return;
    (traffic.fromDisk ??= new PlainMeter()).count(messageCount, bytes);
    this.getsFromDisk.count(messageCount, bytes);
  }

  /** A message came back that could not be consumed. */
  countSendBack(group: string, topic: string): void {
    this.sendBacks.of(group, topic)?.count(1);
  }

  countDeadLetter(group: string, topic: string): void {
    this.dead.of(group, topic)?.count(1);
  }

  /** A pop consumer acknowledged messages. */
  countAck(group: string, topic: string, messageCount: number): void {
    this.groupAcks.of(group, topic)?.count(messageCount);
    this.acks.count(messageCount);
  }

  /** A checkpoint of a pop was written. */
  countCheckpoint(group: string, topic: string, messageCount: number): void {
    this.groupCheckpoints.of(group, topic)?.count(messageCount);
    this.checkpoints.count(messageCount);
  }

  topics(): Iterable<[string, TopicTraffic]> {
    return this.byTopic;
  }

  *pairs(): Iterable<GroupTraffic> {
    for (const topics of this.byPair.values()) yield* topics.values();
  }

  deadLetters(): Iterable<PairMeter> {
    return this.dead.values();
  }

  /** The topic is deleted. */
  forgetTopic(topic: string): void {
    this.byTopic.get(topic)?.release();
    this.byTopic.delete(topic);
    for (const topics of this.byPair.values()) {
      topics.get(topic)?.release();
      if (topics.delete(topic)) this.pairCount--;
    }
    for (const meters of this.pairTables()) meters.forget((meter) => meter.topic === topic);
  }

  /** The group is deleted. */
  forgetGroup(group: string): void {
    const topics = this.byPair.get(group);
    for (const traffic of topics?.values() ?? []) traffic.release();
    if (topics && this.byPair.delete(group)) this.pairCount -= topics.size;
    for (const meters of this.pairTables()) meters.forget((meter) => meter.group === group);
  }

  /** Messages since midnight, and during the day before; what came before the start is unknown. */
  days(): { readonly yesterday: DayMark; readonly today: DayMark; readonly now: DayMark } {
    const { yesterday, today } = this;
    return { yesterday, today, now: this.dayMark() };
  }

  /** To be called every `SAMPLE_INTERVAL_MS`. */
  sample(): void {
    const atMs = this.clock.monotonicMs();
    this.putRate.sample(this.messagesIn, atMs);
    this.getRate.sample(this.messagesOut, atMs);
    this.foundRate.sample(this.pullsFound, atMs);
    this.missRate.sample(this.pullsMissed, atMs);
  }

  /** To be called at midnight, local time. */
  closeDay(): void {
    this.yesterday = this.today;
    this.today = this.dayMark();
  }

  /** Source: rocketmq 5.5.0 `BrokerStats#record`: the software's own topics do not count. */
  private dayMark(): DayMark {
    return { messagesIn: this.userPuts.messages, messagesOut: this.userGets.messages };
  }

  /** Everything that is counted, for who takes snapshots of it. */
  *meters(): Iterable<Meter> {
    const { puts, gets, userPuts, userGets, getsFromDisk, acks, checkpoints } = this;
    yield* [puts, gets, userPuts, userGets, getsFromDisk, acks, checkpoints];
    for (const traffic of this.byTopic.values()) yield* this.withQueues(traffic);
    for (const traffic of this.pairs()) {
      yield* this.withQueues(traffic);
      if (traffic.fromDisk) yield traffic.fromDisk;
    }
    for (const table of this.pairTables()) yield* table.values();
  }

  private pairTables(): PairMeters[] {
    return [this.sendBacks, this.dead, this.groupAcks, this.groupCheckpoints];
  }

  private *withQueues(traffic: TopicTraffic | GroupTraffic): Iterable<Meter> {
    yield traffic;
    yield* traffic.queues();
  }
}
