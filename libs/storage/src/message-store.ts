import type { Clock, Disk, Logger } from '@rocketmq-ts/kernel';
import type { AppendEntry } from './append-entry.js';
import type { ConsumeQueue } from './consume-queue/consume-queue.js';
import { resolveOptions } from './message-store.options.js';
import type {
  MessageStoreOptions,
  QueryResult,
  ReadRequest,
  ReadResult,
  StoredRecord,
  StoreQueue,
  StoreStats,
  WriteRefusal,
} from './message-store.types.js';
import type { CopyGate } from './replication/copy-gate.js';
import type { RawLog } from './replication/raw-log.js';
import type { ReplicaLog } from './replication/replica-log.js';
import type { TimeBoundary } from './read/time-search.js';
import type { QueueUnit } from './read/unit-listing.js';
import type { NeededFrom } from './retention.js';
import { StoreClosedError } from './store-errors.js';
import { openStoreParts, type StoreParts } from './store-parts.js';
import { verifyStore } from './store-verify.js';
import { queueOf } from './store-writing.js';
import { closeStore } from './store-close.js';

/** What the store needs from its surroundings. */
export interface StoreSeams {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * A store directory in Apache's format, open: takes messages, serves them, keeps them for a time and finds them again after
 * a crash. One process at a time may have it open. Layout and deviations: FORMAT.md.
 */
export class MessageStore {
  private readonly refused: { entry: AppendEntry; refusal: WriteRefusal }[] = [];
  private closing: Promise<void> | undefined;

  private constructor(private readonly parts: StoreParts) {}

  /**
   * Opens (or makes) the store in `options.rootPath` and brings it into order.
   * @throws {StoreLockedError} another process has it.
   * @throws {StoreLayoutError} its files do not fit the settings.
   * @throws {CorruptionError} it is damaged, and repair was not asked for.
   * @throws system error
   */
  static async open(seams: StoreSeams, options: MessageStoreOptions): Promise<MessageStore> {
    return new MessageStore(await openStoreParts(seams, resolveOptions(options)));
  }

  /** The queue, made where there is none; nothing is written before its first message. */
  queue(topic: string, queueId: number): StoreQueue {
    return this.parts.queues.get(topic, queueId);
  }

  findQueue(topic: string, queueId: number): StoreQueue | undefined {
    return this.parts.queues.find(topic, queueId);
  }

  /** Topics with a queue that has, or had, messages or a handle. */
  topics(): string[] {
    return this.parts.queues.topics();
  }

  queuesOf(topic: string): StoreQueue[] {
    return this.parts.queues.queuesOf(topic);
  }

  /**
   * Takes one message. Its fate comes to `entry.onStored`, later. Look at `writeRefusal()` first: an entry that comes while
   * the store refuses is refused; while it is only busy it is taken.
   * @throws {RecordLimitError} it can never be stored; `onStored` will not be called.
   */
  append(entry: AppendEntry): void {
    const refusal = this.parts.health.refusal;
    if (refusal) this.refuseLater([entry], refusal);
    else if (entry.multiDispatch !== undefined) this.appendBatch([entry]);
    else this.parts.commitLog.append(entry, writable(entry));
  }

  /**
   * Takes messages that belong together: one behind the other, in one file. As `append` otherwise.
   * @throws {RecordLimitError} one of them, or all together, can never be stored; nothing was taken.
   * @throws {LightQueueLimitError} one of them needs one more light queue than there may be; nothing was taken.
   */
  appendBatch(entries: readonly AppendEntry[]): void {
    const refusal = this.parts.health.refusal;
    if (refusal) this.refuseLater(entries, refusal);
    else this.appendTogether(entries);
  }

  /**
   * Why no message should be appended now, or undefined. `BUSY` asks callers to wait for `onWritable`: the disk is slower
   * than they are.
   */
  writeRefusal(): WriteRefusal | undefined {
    const { health, decided, backPressure } = this.parts;
    if (health.refusal) return health.refusal;
    const { copyRefusal } = decided;
    if (copyRefusal !== undefined) return { reason: 'COPIES_MISSING', message: copyRefusal };
    return backPressure.refusal();
  }

  /** Takes no message any more until it is opened again, whoever sends it. */
  refuseMessages(because: string): void {
    this.parts.health.retire(because);
  }

  /** Whether there is, or may be, a light queue (`%LMQ%…`) of this name. */
  admitsLightQueue(name: string): boolean {
    return this.parts.lightDispatch.admits(name);
  }

  /** From now on sends wait for copies on other machines too; undefined: not any more. Consumers see what is copied. */
  waitForCopies(gate: CopyGate | undefined): void {
    this.parts.decided.waitForCopies(gate);
  }

  /** The log's bytes, for whoever copies them. */
  get rawLog(): RawLog {
    return this.parts.rawLog;
  }

  /** The way in for the bytes of another log, in a store that follows a master. */
  get replicaLog(): ReplicaLog {
    return this.parts.replicaLog;
  }

  /** Runs `listener` each time `BUSY` has ended. */
  onWritable(listener: () => void): void {
    this.parts.backPressure.onWritable(listener);
  }

  /** Serves a pull. `done` is called once; before `read` returns where everything is in memory. */
  read(request: ReadRequest, done: (result: ReadResult) => void): void {
    const { queue } = request;
    this.parts.reader.read(queue && queueOf(queue), request, done);
  }

  /** Runs `listener` once per queue and batch when messages have become visible. One listener. */
  onArrival(listener: (queue: StoreQueue) => void): void {
    this.parts.dispatcher.onArrival(listener);
  }

  /** Queue offset of a time, see `TimeSearch.offsetByTime`. @throws system error */
  offsetByTime(queue: StoreQueue, timestampMs: number, boundary: TimeBoundary): Promise<number> {
    return this.parts.timeSearch.offsetByTime(queueOf(queue), timestampMs, boundary);
  }

  /** When the message at `queueOffset` was stored; undefined where there is none. @throws system error */
  storeTimestamp(queue: StoreQueue, queueOffset: number): Promise<number | undefined> {
    return this.parts.timeSearch.storeTimestamp(queueOf(queue), queueOffset);
  }

  /** When the queue's (without one: the log's) oldest message was stored; undefined where there is none. */
  earliestStoreTime(queue?: StoreQueue): Promise<number | undefined> {
    const { timeSearch, segments } = this.parts;
    if (queue) return timeSearch.storeTimestamp(queueOf(queue), queue.minOffset);
    return timeSearch.storeTimestampAt(segments.minOffset);
  }

  /** The record that begins at this offset of the log; undefined where none does. @throws system error */
  recordAt(commitLogOffset: number): Promise<StoredRecord | undefined> {
    return this.parts.lookup.recordAt(commitLogOffset);
  }

  /** Gives bytes that are among the newest of the log to `use`, see `RecordLookup.useNewest`. */
  useNewest<T>(
    commitLogOffset: number,
    sizeBytes: number,
    use: (bytes: Buffer) => T,
  ): T | undefined {
    return this.parts.lookup.useNewest(commitLogOffset, sizeBytes, use);
  }

  /** The record of this size that begins at this offset, see `RecordLookup.readRecord`. */
  readRecord(
    commitLogOffset: number,
    sizeBytes: number,
    done: (bytes: Buffer | undefined, error?: Error) => void,
  ): void {
    this.parts.lookup.readRecord(commitLogOffset, sizeBytes, done);
  }

  /** Messages by key or unique key, stored in [beginMs, endMs]. @throws system error */
  query(
    topic: string,
    key: string,
    maxCount: number,
    beginMs: number,
    endMs: number,
  ): Promise<QueryResult> {
    return this.parts.lookup.query(topic, key, maxCount, beginMs, endMs);
  }

  /** Removes a topic's queues. Its messages stay in the log; should the topic come again, its offsets go on. */
  async deleteTopic(topic: string): Promise<void> {
    await this.parts.removal.deleteTopic(topic);
  }

  /** Deletes expired files now, at any hour. @returns count of log files deleted */
  deleteExpired(): Promise<number> {
    return this.parts.retention.clean('request');
  }

  /**
   * Keeps log files, expired or not, that somebody needs.
   * @param neededFrom commit-log offset of the first byte needed, Infinity for none; asked before files are deleted
   */
  keepNeeded(neededFrom: NeededFrom): void {
    this.parts.retention.keepNeeded(neededFrom);
  }

  /**
   * Removes the files of queues whose messages are all deleted, but of topics that `isKept`.
   * @returns count of queues @throws system error
   */
  removeExpiredQueues(isKept: (topic: string) => boolean): Promise<number> {
    return this.parts.expiredQueues.remove(isKept);
  }

  /** Units of a queue as they stand in its files, for people. @throws system error */
  listUnits(queue: StoreQueue, fromQueueOffset: number, count: number): Promise<QueueUnit[]> {
    return this.parts.unitListing.list(queueOf(queue), fromQueueOffset, count);
  }

  /** Address that the records of messages appended from now on carry: 8 bytes (IPv4) or 20. */
  setStoreHost(storeHostBytes: Buffer): void {
    this.parts.commitLog.storeHostBytes = storeHostBytes;
  }

  get stats(): StoreStats {
    return this.parts.counters;
  }

  /** Offset of the oldest byte of the log. */
  get commitLogMinOffset(): number {
    return this.parts.segments.minOffset;
  }

  /** Offset behind the last byte that was written to the log's file. */
  get commitLogMaxOffset(): number {
    return this.parts.writer.writtenOffset;
  }

  /** Everything below is on stable storage. */
  get flushedOffset(): number {
    return this.parts.sync.flushedOffset;
  }

  /** Written and not yet visible to consumers. */
  get dispatchBehindBytes(): number {
    return this.parts.writer.writtenOffset - this.parts.dispatcher.dispatchedOffset;
  }

  /** Used share of the store's disk, 0…1. */
  get diskUsedRatio(): number {
    return this.parts.diskWatch.usedRatio;
  }

  /** Used bytes of that filesystem, as of the last look. */
  get diskUsedBytes(): number {
    return this.parts.diskWatch.usedBytes;
  }

  /**
   * Checks all that must hold between log, queues and counters; for tests and tools, it reads the whole store.
   * @returns what does not hold, empty when all is well
   */
  verify(): Promise<string[]> {
    return verifyStore(this.parts);
  }

  /** Brings everything to disk and closes the files. Messages appended before are answered first. */
  close(): Promise<void> {
    this.closing ??= closeStore(this.parts);
    return this.closing;
  }

  private appendTogether(entries: readonly AppendEntry[]): void {
    const { commitLog, lightDispatch } = this.parts;
    lightDispatch.prepareAll(entries);
    try {
      commitLog.appendBatch(entries, entries.map(writable));
    } catch (error) {
      lightDispatch.takeBack(entries);
      throw error;
    }
  }

  private refuseLater(entries: readonly AppendEntry[], refusal: WriteRefusal): void {
    if (this.closing && entries.length === 0) throw new StoreClosedError();
    const first = this.refused.length === 0;
    for (const entry of entries) this.refused.push({ entry, refusal });
    if (first) this.parts.clock.afterTick(() => this.tellRefused());
  }

  private tellRefused(): void {
    for (const { entry, refusal } of this.refused.splice(0)) {
      this.parts.answers.refuse([entry], refusal, 'all');
    }
  }
}

/** The entry's queue, in use again should its topic have been removed. */
function writable(entry: AppendEntry): ConsumeQueue {
  const queue = queueOf(entry.queue);
  queue.retired = false;
  return queue;
}
