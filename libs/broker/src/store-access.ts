import type {
  AppendEntry,
  QueryResult,
  ReadRequest,
  ReadResult,
  StoreQueue,
  StoreStats,
  StoredRecord,
  WriteRefusal,
} from '@rocketmq-ts/storage';

/** The part of the store that takes messages. */
export interface MessageSink {
  /** The queue, made where there is none. */
  queue(topic: string, queueId: number): StoreQueue;
  append(entry: AppendEntry): void;
  /** All or none, next to each other in the log. */
  appendBatch(entries: readonly AppendEntry[]): void;
  /** Why a send must be refused or slowed down now; undefined when all is well. */
  writeRefusal(): WriteRefusal | undefined;
}

/** The part of the store that gives messages. */
export interface MessageSource {
  findQueue(topic: string, queueId: number): StoreQueue | undefined;
  /** Calls `done` once, at once when everything asked for is in memory. */
  read(request: ReadRequest, done: (result: ReadResult) => void): void;
  /** Hears of each queue that got visible messages, once per batch. */
  onArrival(listener: (queue: StoreQueue) => void): void;
}

/** The part of the store that answers questions of operators and tools. */
export interface MessageLookup {
  findQueue(topic: string, queueId: number): StoreQueue | undefined;
  /** First queue offset stored at or after, or last stored at or before, a time. */
  offsetByTime(
    queue: StoreQueue,
    timestampMs: number,
    boundary: 'lower' | 'upper',
  ): Promise<number>;
  /** Store time of a queue's first message; −1 where it is empty. */
  earliestStoreTime(queue: StoreQueue): Promise<number>;
  /** The record that starts at `commitLogOffset`, undefined where none does. */
  recordAt(commitLogOffset: number): Promise<StoredRecord | undefined>;
  query(
    topic: string,
    key: string,
    maxCount: number,
    beginMs: number,
    endMs: number,
  ): Promise<QueryResult>;
}

/** Figures of the store. */
export interface StoreGauges {
  readonly stats: StoreStats;
  readonly commitLogMinOffset: number;
  readonly commitLogMaxOffset: number;
  readonly dispatchBehindBytes: number;
  /** Used share of the filesystem that holds the log, 0…1. */
  readonly diskUsedRatio: number;
  /** Store time of the oldest message that is kept; −1 without one. */
  readonly earliestMessageTimestampMs: number;
}
