import { isSystemTopic } from '../topic/topic-name.js';
import { COLUMN } from './snapshot-ring.js';
import { Meter } from './meter.js';

/**
 * Kinds of messages, as RocketMQ's metrics tell them apart; the number indexes `TopicTraffic.byType`.
 * Source: rocketmq 5.5.0 `TopicMessageType#parseFromMessageProperty`.
 */
export const MESSAGE_TYPES = ['normal', 'fifo', 'delay', 'transaction'] as const;
export const MessageType = { NORMAL: 0, FIFO: 1, DELAY: 2, TRANSACTION: 3 } as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

const KIB = 1_024;
/** Upper ends of the buckets of `rocketmq_message_size`. Source: rocketmq 5.5.0 `BrokerMetricsManager#registerMetricsView`. */
export const MESSAGE_SIZE_BOUNDS = [1, 4, 512, 1_024, 2_048, 4_096].map((kib) => kib * KIB);

/** Messages of one type in one topic. */
export class TypeTraffic {
  messages = 0;
  bytes = 0;
  /** Sends by mean size of their messages: one count per bound, and one for what is above. */
  readonly sizes = new Array<number>(MESSAGE_SIZE_BOUNDS.length + 1).fill(0);
  /** Sum of those mean sizes. */
  sizeSum = 0;

  count(messages: number, bytes: number): void {
    this.messages += messages;
    this.bytes += bytes;
    const size = messages === 1 ? bytes : Math.floor(bytes / messages);
    this.sizeSum += size;
    let bucket = 0;
    while (bucket < MESSAGE_SIZE_BOUNDS.length && size > MESSAGE_SIZE_BOUNDS[bucket]!) bucket++;
    this.sizes[bucket]!++;
  }
}

/** What came in for one topic. */
export class TopicTraffic extends Meter {
  /** Whether the topic is one of the software itself. */
  readonly system: boolean;
  /** By `MessageType`, made when the first one comes. */
  readonly byType: (TypeTraffic | undefined)[] = [];
  /** Sends by queue, with the time that they took; made when the first one comes. */
  readonly queues: (Meter | undefined)[] = [];

  constructor(readonly topic: string) {
    super();
    this.system = isSystemTopic(topic);
  }

  get messagesIn(): number {
    return this.messages;
  }

  get bytesIn(): number {
    return this.bytes;
  }

  /** Over the last minute. */
  get messagesInPerSecond(): number {
    return this.window('minute', COLUMN.MESSAGES).tps;
  }
}

/** What one group took out of one topic. */
export class GroupTraffic extends Meter {
  readonly system: boolean;
  /** What had to be read from files. */
  fromDisk: Meter | undefined = undefined;
  /** Pulls by queue, with the time that they took; made when the first one comes. */
  readonly queues: (Meter | undefined)[] = [];

  constructor(
    readonly group: string,
    readonly topic: string,
  ) {
    super();
    this.system = isSystemTopic(topic);
  }

  get messagesOut(): number {
    return this.messages;
  }

  get bytesOut(): number {
    return this.bytes;
  }

  /** Over the last minute. */
  get messagesOutPerSecond(): number {
    return this.window('minute', COLUMN.MESSAGES).tps;
  }
}

/** Something that happens to a group's messages of one topic: given back, given up, acknowledged. */
export class PairMeter extends Meter {
  constructor(
    readonly group: string,
    readonly topic: string,
  ) {
    super();
  }
}

/** Meters of pairs of group and topic; past `countMax` pairs nothing more is counted apart. */
export class PairMeters {
  private readonly byKey = new Map<string, PairMeter>();

  constructor(private readonly countMax: number) {}

  /** @returns undefined where there are too many pairs */
  of(group: string, topic: string): PairMeter | undefined {
    const key = `${topic}@${group}`;
    const known = this.byKey.get(key);
    if (known || this.byKey.size >= this.countMax) return known;
    const meter = new PairMeter(group, topic);
    this.byKey.set(key, meter);
    return meter;
  }

  /** @param key `topic@group` */
  find(key: string): PairMeter | undefined {
    return this.byKey.get(key);
  }

  values(): Iterable<PairMeter> {
    return this.byKey.values();
  }

  forget(matches: (meter: PairMeter) => boolean): void {
    for (const [key, meter] of this.byKey) if (matches(meter)) this.byKey.delete(key);
  }
}
