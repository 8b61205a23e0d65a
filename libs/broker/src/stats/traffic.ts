import { isSystemTopic } from '../topic/topic-name.js';
import { NOBODYS_AT } from './counter-cells.js';
import type { CounterCells } from './counter-cells.js';
import { Meter, PlainMeter } from './meter.js';
import { COLUMN } from './snapshot-ring.js';

/**
 * Kinds of messages, as RocketMQ's metrics tell them apart; the number is the place of its counters.
 * Source: rocketmq 5.5.0 `TopicMessageType#parseFromMessageProperty`.
 */
export const MESSAGE_TYPES = ['normal', 'fifo', 'delay', 'transaction'] as const;
export const MessageType = { NORMAL: 0, FIFO: 1, DELAY: 2, TRANSACTION: 3 } as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

const KIB = 1_024;
/** Upper ends of the buckets of `rocketmq_message_size`. Source: rocketmq 5.5.0 `BrokerMetricsManager#registerMetricsView`. */
export const MESSAGE_SIZE_BOUNDS = [1, 4, 512, 1_024, 2_048, 4_096].map((kib) => kib * KIB);

/** Cells of one type of messages: first the sums, then a count per bound of sizes and one for what is above. */
const TYPE_CELL = { MESSAGES: 0, BYTES: 1, SIZE_SUM: 2, SIZES: 3 } as const;
const SIZE_COUNT = MESSAGE_SIZE_BOUNDS.length + 1;
const CELLS_PER_TYPE = TYPE_CELL.SIZES + SIZE_COUNT;
const CELLS_PER_TOPIC = CELLS_PER_TYPE * MESSAGE_TYPES.length;

const QUEUE_CELL = { TIMES: 0, MESSAGES: 1, LATENCY_MS: 2 } as const;
const CELLS_PER_QUEUE = 3;

/** How many queues may still be counted apart, over all topics and pairs. */
export interface QueueAllowance {
  left: number;
}

/** What one queue of a topic got, or a group took out of it. */
class QueueMeter extends Meter {
  override readonly bytes = 0;

  constructor(
    private readonly owner: QueuedTraffic,
    private readonly queueId: number,
  ) {
    super();
  }

  override get times(): number {
    return this.owner.queueCell(this.queueId, QUEUE_CELL.TIMES);
  }

  override get messages(): number {
    return this.owner.queueCell(this.queueId, QUEUE_CELL.MESSAGES);
  }

  override get latencyMs(): number {
    return this.owner.queueCell(this.queueId, QUEUE_CELL.LATENCY_MS);
  }
}

/** What is counted as a whole and by queue. */
abstract class QueuedTraffic extends Meter {
  /** First cell of queue 0; the other queues follow. */
  private queuesAt = 0;
  /** Queues that have cells. */
  private queueCapacity = 0;
  private released = false;
  private readonly queueMeters: (QueueMeter | undefined)[] = [];

  constructor(
    protected readonly cells: CounterCells,
    private readonly allowance: QueueAllowance,
  ) {
    super();
  }

  /** The meter of a queue in which something has happened. */
  queue(queueId: number): Meter | undefined {
    if (this.queueCell(queueId, QUEUE_CELL.TIMES) === 0) return undefined;
    return (this.queueMeters[queueId] ??= new QueueMeter(this, queueId));
  }

  *queues(): Iterable<Meter> {
    for (let queueId = 0; queueId < this.queueCapacity; queueId++) {
      const meter = this.queue(queueId);
      if (meter) yield meter;
    }
  }

  queueCell(queueId: number, column: number): number {
    if (queueId >= this.queueCapacity) return 0;
    return this.cells.values[this.queuesAt + queueId * CELLS_PER_QUEUE + column]!;
  }

  /** The topic or group is gone: its cells are given back, and what is still counted for it is lost. */
  release(): void {
    this.released = true;
    this.giveQueuesBack();
  }

  protected countQueue(queueId: number, messages: number, latencyMs: number): void {
    if (queueId >= this.queueCapacity && !this.growTo(queueId + 1)) return;
    const { values } = this.cells;
    const at = this.queuesAt + queueId * CELLS_PER_QUEUE;
    values[at + QUEUE_CELL.TIMES]!++;
    values[at + QUEUE_CELL.MESSAGES]! += messages;
    values[at + QUEUE_CELL.LATENCY_MS]! += latencyMs;
  }

  private growTo(queueCount: number): boolean {
    if (this.released) return false;
    const capacity = 2 ** Math.ceil(Math.log2(queueCount));
    if (capacity - this.queueCapacity > this.allowance.left) return false;
    const { cells, queuesAt } = this;
    const at = cells.take(capacity * CELLS_PER_QUEUE);
    const end = queuesAt + this.queueCapacity * CELLS_PER_QUEUE;
    cells.values.copyWithin(at, queuesAt, end);
    this.giveQueuesBack();
    this.allowance.left -= capacity;
    this.queuesAt = at;
    this.queueCapacity = capacity;
    return true;
  }

  private giveQueuesBack(): void {
    const { queueCapacity } = this;
    if (queueCapacity === 0) return;
    this.cells.giveBack(this.queuesAt, queueCapacity * CELLS_PER_QUEUE);
    this.allowance.left += queueCapacity;
    this.queueCapacity = 0;
  }
}

/** Messages of one type in one topic. */
export interface TypeTraffic {
  readonly messages: number;
  readonly bytes: number;
  /** Sends by mean size of their messages: one count per bound, and one for what is above. */
  readonly sizes: readonly number[];
  /** Sum of those mean sizes. */
  readonly sizeSum: number;
}

/** What came in for one topic. Its totals are the sums over the types of messages, so that a send is counted once. */
export class TopicTraffic extends QueuedTraffic {
  /** First cell of the first type. */
  private typesAt: number;
  /** Whether the topic is one of the software itself. */
  readonly system: boolean;
  override readonly latencyMs = 0;

  constructor(
    cells: CounterCells,
    allowance: QueueAllowance,
    readonly topic: string,
  ) {
    super(cells, allowance);
    this.typesAt = cells.take(CELLS_PER_TOPIC);
    this.system = isSystemTopic(topic);
  }

  /** A send. Hot. */
  countSend(
    type: MessageType,
    queueId: number,
    messages: number,
    bytes: number,
    latencyMs: number,
  ): void {
    const { values } = this.cells;
    const at = this.typesAt + type * CELLS_PER_TYPE;
    const size = messages === 1 ? bytes : Math.floor(bytes / messages);
    values[at + TYPE_CELL.MESSAGES]! += messages;
    values[at + TYPE_CELL.BYTES]! += bytes;
    values[at + TYPE_CELL.SIZE_SUM]! += size;
    let bucket = 0;
    while (bucket < MESSAGE_SIZE_BOUNDS.length && size > MESSAGE_SIZE_BOUNDS[bucket]!) bucket++;
    values[at + TYPE_CELL.SIZES + bucket]!++;
    this.countQueue(queueId, messages, latencyMs);
  }

  /** The messages of a type, where there were any. */
  type(type: MessageType): TypeTraffic | undefined {
    const at = this.typesAt + type * CELLS_PER_TYPE;
    const cells = Array.from(this.cells.values.subarray(at, at + CELLS_PER_TYPE));
    const sizes = cells.slice(TYPE_CELL.SIZES);
    if (sizes.every((count) => count === 0)) return undefined;
    const [messages, bytes, sizeSum] = cells as [number, number, number];
    return { messages, bytes, sizes, sizeSum };
  }

  override get times(): number {
    let times = 0;
    for (let bucket = 0; bucket < SIZE_COUNT; bucket++) times += this.sum(TYPE_CELL.SIZES + bucket);
    return times;
  }

  override get messages(): number {
    return this.sum(TYPE_CELL.MESSAGES);
  }

  override get bytes(): number {
    return this.sum(TYPE_CELL.BYTES);
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

  override release(): void {
    super.release();
    if (this.typesAt === NOBODYS_AT) return;
    this.cells.giveBack(this.typesAt, CELLS_PER_TOPIC);
    this.typesAt = NOBODYS_AT;
  }

  private sum(column: number): number {
    const { values } = this.cells;
    let sum = 0;
    for (const type of TYPES) sum += values[this.typesAt + type * CELLS_PER_TYPE + column]!;
    return sum;
  }
}

const TYPES = Object.values(MessageType);

/** What one group took out of one topic. */
export class GroupTraffic extends QueuedTraffic {
  override times = 0;
  override messages = 0;
  override bytes = 0;
  override readonly latencyMs = 0;
  readonly system: boolean;
  /** What had to be read from files. */
  fromDisk: PlainMeter | undefined = undefined;

  constructor(
    cells: CounterCells,
    allowance: QueueAllowance,
    readonly group: string,
    readonly topic: string,
  ) {
    super(cells, allowance);
    this.system = isSystemTopic(topic);
  }

  /** Messages were given to a consumer. Hot. */
  countGet(queueId: number, messages: number, bytes: number, latencyMs: number): void {
    this.times++;
    this.messages += messages;
    this.bytes += bytes;
    this.countQueue(queueId, messages, latencyMs);
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
export class PairMeter extends PlainMeter {
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
