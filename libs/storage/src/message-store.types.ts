import type { LightQueueSettings } from './light-queue/light-dispatch.js';

/** Why the store takes no message now. All but `BUSY`, which only slows callers down, are for the send decision. */
export type WriteRefusalReason = 'CLOSED' | 'READ_ONLY' | 'DISK_FULL' | 'COPIES_MISSING' | 'BUSY';

/** A refusal with the text and figures that an answer or a log line needs. */
export interface WriteRefusal {
  readonly reason: WriteRefusalReason;
  /** One clear sentence with the numbers in it. */
  readonly message: string;
  /** Used share of the filesystem (0…1) when the disk is the reason. */
  readonly diskUsedRatio?: number;
  readonly diskFreeBytes?: number;
  /** Bytes accepted and not yet written, when the reason is `BUSY`. */
  readonly unwrittenBytes?: number;
  /** How long the reason has been `BUSY`: so long, at least, the oldest of those bytes have waited. */
  readonly busyMs?: number;
}

/**
 * What became of an appended message. `OK`: as durable as flush mode and copies promise. `FLUSH_TIMEOUT`: written, but the
 * sync did not end in time. `SLAVE_TIMEOUT`: not copied in time. `SLAVE_NOT_AVAILABLE`: there is nowhere to copy it to. In
 * these three the message stays. `REFUSED`: not acknowledged and not promised; it may or may not be found after a restart.
 */
export type StoreOutcome =
  | { readonly kind: 'OK' }
  | { readonly kind: 'FLUSH_TIMEOUT' }
  | { readonly kind: 'SLAVE_TIMEOUT' }
  | { readonly kind: 'SLAVE_NOT_AVAILABLE' }
  | { readonly kind: 'REFUSED'; readonly refusal: WriteRefusal };

/** The message is in the log. */
export type StoredOutcome = Exclude<StoreOutcome, { readonly kind: 'REFUSED' }>;

/** The outcomes that carry nothing: shared, so that the hot path allocates none. */
export const STORED_OK: StoreOutcome = { kind: 'OK' };
export const STORED_FLUSH_TIMEOUT: StoreOutcome = { kind: 'FLUSH_TIMEOUT' };
export const STORED_SLAVE_TIMEOUT: StoreOutcome = { kind: 'SLAVE_TIMEOUT' };
export const STORED_SLAVE_NOT_AVAILABLE: StoreOutcome = { kind: 'SLAVE_NOT_AVAILABLE' };

/** One queue of one topic, as the store knows it. Handles are unique per (topic, queueId) and live as long as the store. */
export interface StoreQueue {
  readonly topic: string;
  /** `javaHashCode` of the topic. */
  readonly topicHash: number;
  readonly queueId: number;
  /** First queue offset that can be read. */
  readonly minOffset: number;
  /** Queue offset behind the last message that consumers may see. */
  readonly maxOffset: number;
  /** Queue offset that the next appended message gets; ahead of `maxOffset` by what is on its way to disk. */
  readonly nextOffset: number;
}

/** Apache's statuses of a read. Source: rocketmq 5.x `GetMessageStatus`. */
export type ReadStatus =
  | 'FOUND'
  | 'NO_MATCHED_MESSAGE'
  | 'MESSAGE_WAS_REMOVING'
  | 'OFFSET_FOUND_NULL'
  | 'OFFSET_OVERFLOW_BADLY'
  | 'OFFSET_OVERFLOW_ONE'
  | 'OFFSET_TOO_SMALL'
  | 'NO_MATCHED_LOGIC_QUEUE'
  | 'NO_MESSAGE_IN_QUEUE';

/** What a pull asks for. The object must stay unchanged until `done`. */
export interface ReadRequest {
  /** Undefined: there is no such queue (answered `NO_MATCHED_LOGIC_QUEUE`). */
  readonly queue: StoreQueue | undefined;
  readonly queueOffset: number;
  /** Messages at most. */
  readonly maxCount: number;
  /** Bytes of records at most, but at least one record is given. */
  readonly maxBytes: number;
  /** First sieve, on the queue's unit alone. */
  readonly matchesTagsCode?: ((tagsCode: number) => boolean) | undefined;
  /** Second sieve, on the whole record (valid during the call). */
  readonly matchesRecord?: ((record: Buffer) => boolean) | undefined;
  /** Asked after each record that `matchesRecord` rejected; true ends the read with what there is so far. */
  isTired?(): boolean;
}

/** Answer to a read. */
export interface ReadResult {
  readonly status: ReadStatus;
  /** Where the reader should go on. */
  readonly nextQueueOffset: number;
  readonly minQueueOffset: number;
  readonly maxQueueOffset: number;
  /** The records, one after the other, cut into pieces anywhere: to be sent as they are. Valid until `release()`. */
  readonly pieces: readonly Buffer[];
  /** How many pieces there are; asking for this makes none. */
  readonly pieceCount: number;
  readonly messageCount: number;
  readonly totalBytes: number;
  /** Whether a file had to be read. */
  readonly fromDisk: boolean;
  /** Copies all `totalBytes` bytes to `position`. Only before `release()`. */
  copyTo(into: Uint8Array, position: number): void;
  /** The pieces are no longer needed. Call it exactly once, on every result. */
  release(): void;
}

/** A single record read by its place in the log. */
export interface StoredRecord {
  readonly commitLogOffset: number;
  /** Own copy of the record's bytes. */
  readonly bytes: Buffer;
}

/** Answer to a lookup by key. */
export interface QueryResult {
  readonly records: readonly StoredRecord[];
  /** Store timestamp and commit-log offset of the newest indexed message, 0 when there is none. */
  readonly indexLastUpdateTimestampMs: number;
  readonly indexLastUpdateCommitLogOffset: number;
}

/** `ASYNC`: answered when written; synced within `flushIntervalMs`. `SYNC`: answered when synced. */
export type FlushMode = 'ASYNC' | 'SYNC';

/** When old segments are deleted and when writing stops. Ratios are used shares of the filesystem, 0…1. */
export interface RetentionOptions {
  /** Age of a segment's last change from which it may be deleted. Default 72 h. */
  readonly fileReservedMs: number;
  /** Hours of the day (0–23, local) in which expired segments are deleted. Default [4]. */
  readonly deleteWhenHours: readonly number[];
  /** Above it expired segments are deleted at any hour. Default 0.75. */
  readonly diskMaxUsedRatio: number;
  /** Above it the oldest segments are deleted although not expired. Default 0.85. */
  readonly diskCleanForciblyRatio: number;
  /** Whether `diskCleanForciblyRatio` is obeyed. Default true. */
  readonly cleanForcibly: boolean;
  /** Above it sends are refused. Default 0.90. */
  readonly diskFullRatio: number;
  /** Sends are also refused when fewer bytes than this are free. Default 256 MiB, at most a tenth of the disk. */
  readonly diskReserveBytes: number;
  /** How often the disk is looked at. Default 1 000 ms. */
  readonly diskCheckIntervalMs: number;
  /** How often deletion is considered. Default 10 000 ms. */
  readonly cleanIntervalMs: number;
  /** Segments deleted in one run at most. Default 10. */
  readonly deleteBatchMax: number;
}

/** How much a single read may give, by where the data is thought to be. Source: rocketmq 5.x `MessageStoreConfig`. */
export interface TransferLimits {
  readonly inMemoryBytesMax: number;
  readonly inMemoryCountMax: number;
  readonly onDiskBytesMax: number;
  readonly onDiskCountMax: number;
  /** Distance from the log's end up to which data counts as in memory. Default 40 % of 8 GiB; give 40 % of the machine's. */
  readonly inMemoryDistanceBytes: number;
}

/**
 * When bodies that come out of files are checked. `from-disk`: what an earlier process wrote, and what is too old to be in
 * the system's cache still. Checking everything costs 0.6 µs a KiB, as much as serving it (measured).
 */
export type CrcCheck = 'from-disk' | 'always' | 'never';

/** Settings of a store. Everything but `rootPath` and `storeHostBytes` has a default (`message-store.options.ts`). */
export interface MessageStoreOptions {
  /** Directory of the store (`storePathRootDir`). */
  readonly rootPath: string;
  /** Default `<rootPath>/commitlog`. */
  readonly commitLogPath?: string;
  /** Advertised address and port as the record stores them: 8 bytes (IPv4) or 20 (IPv6). */
  readonly storeHostBytes: Buffer;
  /** Light queues; read anew for each message that names some. Default: switched off. */
  readonly lightQueues?: LightQueueSettings;
  /** Length of a commit-log file. Default 1 GiB. */
  readonly segmentSizeBytes?: number;
  /** Units in a consume-queue file. Default 300 000, which makes 6 000 000 bytes. */
  readonly consumeQueueFileUnitCount?: number;
  readonly flushMode?: FlushMode;
  /** Written bytes are synced at the latest after this. Default 500. */
  readonly flushIntervalMs?: number;
  /** Wait for a sync after which an entry is answered `FLUSH_TIMEOUT`. Default 5 000. */
  readonly syncFlushTimeoutMs?: number;
  /** Wait for copies after which an entry is answered `SLAVE_TIMEOUT`. Default 3 000. */
  readonly slaveTimeoutMs?: number;
  /** Size of the buffers that the newest bytes are written into. Default 1 MiB. */
  readonly slabBytes?: number;
  /** Memory for the newest bytes of the log. Default 32 MiB. */
  readonly tailCacheBytes?: number;
  /** Memory for chunks of files read for pulls. Default 32 MiB. */
  readonly readCacheBytes?: number;
  /** Accepted and unwritten bytes from which `writeRefusal()` says `BUSY`. Default 32 MiB. */
  readonly unwrittenBytesMax?: number;
  /** Batches up to this size are written on the event loop, four times larger ones into blocks that are ready. Default 64 KiB. */
  readonly writeNowBytesMax?: number;
  /**
   * Bytes kept written with zeros ahead of the log's end, so that blocks are ready when data comes; 0 turns it off.
   * With ASYNC only for batches that the event loop writes. Default 8 MiB: a third more throughput and shorter syncs for about a
   * sixth more bytes to the disk (measured).
   */
  readonly zeroAheadBytes?: number;
  /** Bytes of new log after which queue units are written out. Default 256 MiB. */
  readonly queueWriteLogBytes?: number;
  /** Time after which queue units are written out. Default 5 000. */
  readonly queueWriteIntervalMs?: number;
  /** Time after which written queue units are synced. Default 60 000. */
  readonly queueSyncIntervalMs?: number;
  /** Consume-queue files kept open. Default 1 024. */
  readonly openQueueFilesMax?: number;
  readonly retention?: Partial<RetentionOptions>;
  readonly transferLimits?: Partial<TransferLimits>;
  /** When the CRC of a body is checked before it is served from a file. Default `from-disk`. */
  readonly checkCrcOnRead?: CrcCheck;
  /** Whether messages can be found by key (`messageIndexEnable`). Default true. */
  readonly indexEnabled?: boolean;
  /** Names one run of the operating system's kernel; unknown makes recovery assume that power was lost. */
  readonly bootId?: string | undefined;
  /** Start on a damaged log: what is valid is kept, damaged ranges are skipped. Default false. */
  readonly repair?: boolean;
  /**
   * When a message of the schedule topic is due. Needed to rebuild its queue units. Default: 1 s after it was stored.
   * Source: rocketmq 5.x `CommitLog#checkMessageAndReturnSize`.
   */
  readonly deliverTimestampMs?: (delayLevel: number, storeTimestampMs: number) => number;
  /** Hour of the day (0–23) at the place of the operator, for `deleteWhenHours`. Default: the hour in UTC. */
  readonly localHourOf?: (timestampMs: number) => number;
}

/** What a key lookup in the index gives: places to look at, newest first; hashes may collide, so check the records. */
export interface IndexHits {
  readonly commitLogOffsets: readonly number[];
  /** Of the newest indexed message, 0 when there is none. */
  readonly lastUpdateTimestampMs: number;
  readonly lastUpdateCommitLogOffset: number;
}

/** The range of the log that an index can be told about. */
export interface IndexedLog {
  readonly commitLogMinOffset: number;
  readonly commitLogMaxOffset: number;
  /**
   * Entries of messages below it were written (process kill) or synced (power loss) when the store was last used:
   * files that end below may be trusted, the others not.
   */
  readonly trustedUpTo: number;
}

/**
 * What the index wants to know of a message. Of the two properties that have one value it is the hash (`javaHashCode`) and the
 * length in UTF-16 units, 0 where the property is not there: nobody has to make a text of their bytes for it.
 */
export interface IndexKeys {
  readonly uniqKeyHash: number;
  readonly uniqKeyLength: number;
  /** Value of the property KEYS: keys with spaces between them. */
  readonly keys: string | undefined;
  readonly tagsHash: number;
  readonly tagsLength: number;
}

/** Hashes that `IndexSink.hashKeys` writes. */
export const HASHES_PER_MESSAGE = 2;

/** Keys of messages → places in the log. Derived from the log; may be deleted at will. */
export interface IndexSink {
  /**
   * Opens what is on disk and drops what cannot be trusted. Called once, before any other method.
   * @returns commit-log offset from which messages must be put again (`commitLogMaxOffset` when nothing is missing).
   */
  recover(log: IndexedLog): Promise<number>;
  /**
   * Adds the keys of one message: the unique key first, then each token of `keys`, then the tags. Offsets increase; a message
   * that is already indexed is skipped. Hot: only memory is touched; errors of the disk never reach the caller.
   * @param topicHash `javaHashCode` of the topic
   */
  put(keys: IndexKeys, topicHash: number, commitLogOffset: number, storeTimestampMs: number): void;
  /**
   * The first part of `put`, for many messages in a row: what `putHashed` wants to know of the unique key and the tags, written
   * to `hashes` from `at` on (`HASHES_PER_MESSAGE` numbers).
   */
  hashKeys(keys: IndexKeys, topicHash: number, hashes: Int32Array, at: number): void;
  /** The second part, for all of them: their places in the index are far apart, and the processor fetches many at once. */
  fetchSlots(hashes: Int32Array, count: number): void;
  /** The third part, message by message. */
  putHashed(
    hashes: Int32Array,
    at: number,
    keys: string | undefined,
    topicHash: number,
    commitLogOffset: number,
    storeTimestampMs: number,
  ): void;
  /** Hands all entries put so far to the system; with `durable` also syncs them. */
  flush(durable: boolean): Promise<void>;
  query(
    topic: string,
    key: string,
    maxCount: number,
    beginMs: number,
    endMs: number,
  ): Promise<IndexHits>;
  /** Removes files that hold only messages below this offset. */
  removeBelow(commitLogMinOffset: number): Promise<void>;
  close(): Promise<void>;
}

/** Counters since the store was opened, and levels. All plain numbers: cheap to read at any time. */
export interface StoreStats {
  readonly appendedMessages: number;
  readonly appendedBytes: number;
  readonly logWrites: number;
  readonly logSyncs: number;
  /** Duration of the last and of the longest sync. */
  readonly lastSyncMs: number;
  readonly maxSyncMs: number;
  readonly unwrittenBytes: number;
  readonly unflushedBytes: number;
  readonly readMessages: number;
  readonly readBytes: number;
  /** Chunks of log files read for pulls. */
  readonly logChunkReads: number;
  readonly queueUnitsWritten: number;
  readonly queueWrites: number;
  /** Records that failed their check when they were read; they were not served. */
  readonly damagedRecords: number;
  readonly deletedSegments: number;
  readonly flushTimeouts: number;
  /** Messages whose senders were told that they were not copied in time, or could not be. */
  readonly missingCopies: number;
  readonly refusedAppends: number;
}
