import type {
  AppendEntry,
  QueryResult,
  QueueUnit,
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
  /** Whether there is, or may be, a light queue (`%LMQ%…`) of this name. */
  admitsLightQueue(name: string): boolean;
  /** Calls `done` once, at once when everything asked for is in memory. */
  read(request: ReadRequest, done: (result: ReadResult) => void): void;
}

/** The part of the store that gives records by their place in the log. */
export interface RecordSource {
  /** The record of this size at this offset; undefined where none is. `done` may come before the call returns. */
  readRecord(
    commitLogOffset: number,
    sizeBytes: number,
    done: (bytes: Buffer | undefined, error?: Error) => void,
  ): void;
}

/** The part of the store that has the newest records at hand. */
export interface NewestRecords {
  /**
   * Gives a view of bytes of the log to `use`, valid during the call alone; answers what that answers, undefined where the
   * bytes are not in memory any more.
   */
  useNewest<T>(
    commitLogOffset: number,
    sizeBytes: number,
    use: (bytes: Buffer) => T,
  ): T | undefined;
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
  /** Store time of the first message of a queue, without one of the log; undefined where it is empty. */
  earliestStoreTime(queue?: StoreQueue): Promise<number | undefined>;
  /** Units of a queue as they stand in its files. */
  listUnits(queue: StoreQueue, fromQueueOffset: number, count: number): Promise<QueueUnit[]>;
  /** Store time of one message; undefined where it is not there. */
  storeTimestamp(queue: StoreQueue, queueOffset: number): Promise<number | undefined>;
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

/** The part of the store that operators change. */
export interface StoreAdministration {
  /** Removes a topic's queues. */
  deleteTopic(topic: string): Promise<void>;
  /** Topics with a queue that has, or had, messages or a handle. */
  topics(): string[];
  /** Removes the files of queues whose messages are all deleted, but of topics that `isKept`. @returns count of queues */
  removeExpiredQueues(isKept: (topic: string) => boolean): Promise<number>;
  /** Deletes expired files of the log now, at any hour. @returns count of files */
  deleteExpired(): Promise<number>;
  /** Keeps log files from the offset on that the function tells, Infinity for none. */
  keepNeeded(neededFrom: () => number | Promise<number>): void;
}

/** Figures of the store. */
export interface StoreGauges {
  readonly stats: StoreStats;
  readonly commitLogMinOffset: number;
  readonly commitLogMaxOffset: number;
  /** Everything below is on stable storage. */
  readonly flushedOffset: number;
  readonly dispatchBehindBytes: number;
  /** Used share of the filesystem that holds the log, 0…1. */
  readonly diskUsedRatio: number;
  readonly diskUsedBytes: number;
}
