import { javaHashCode, readSafeInt64, writeSafeInt64 } from '@rocketmq-ts/kernel';

/**
 * Sizes of an index file. Apache's are the default; a store keeps to one choice for life.
 * Source: rocketmq 5.x `MessageStoreConfig#maxHashSlotNum`, `#maxIndexNum`.
 */
export interface IndexFileShape {
  /** Slots of the hash table. */
  readonly slotCount: number;
  /** Entries, the unused entry 0 included. */
  readonly entryCountMax: number;
}

export const APACHE_INDEX_SHAPE: IndexFileShape = {
  slotCount: 5_000_000,
  entryCountMax: 20_000_000,
};

export const INDEX_HEADER_BYTES = 40;
export const INDEX_SLOT_BYTES = 4;
export const INDEX_ENTRY_BYTES = 20;

export const indexFileBytes = (shape: IndexFileShape): number =>
  INDEX_HEADER_BYTES + shape.slotCount * INDEX_SLOT_BYTES + shape.entryCountMax * INDEX_ENTRY_BYTES;

/** Byte position of a slot, and of an entry. */
export const slotPosition = (slot: number): number => INDEX_HEADER_BYTES + slot * INDEX_SLOT_BYTES;
export const entryPosition = (shape: IndexFileShape, entry: number): number =>
  INDEX_HEADER_BYTES + shape.slotCount * INDEX_SLOT_BYTES + entry * INDEX_ENTRY_BYTES;

/** First 40 bytes of an index file. Source: rocketmq 5.x `IndexHeader`. */
export interface IndexHeader {
  /** Store timestamps of the first and the newest message, ms. */
  beginTimestampMs: number;
  endTimestampMs: number;
  beginCommitLogOffset: number;
  endCommitLogOffset: number;
  /** Slots in use. */
  usedSlotCount: number;
  /** Number that the next entry gets; starts at 1. */
  entryCount: number;
}

/** @throws {UnsafeInt64Error} a field is beyond 2^53. */
export function decodeIndexHeader(bytes: Buffer): IndexHeader {
  return {
    beginTimestampMs: readSafeInt64(bytes, 0),
    endTimestampMs: readSafeInt64(bytes, 8),
    beginCommitLogOffset: readSafeInt64(bytes, 16),
    endCommitLogOffset: readSafeInt64(bytes, 24),
    usedSlotCount: bytes.readInt32BE(32),
    entryCount: Math.max(1, bytes.readInt32BE(36)),
  };
}

export function encodeIndexHeader(header: IndexHeader): Buffer {
  const bytes = Buffer.alloc(INDEX_HEADER_BYTES);
  writeSafeInt64(bytes, 0, header.beginTimestampMs);
  writeSafeInt64(bytes, 8, header.endTimestampMs);
  writeSafeInt64(bytes, 16, header.beginCommitLogOffset);
  writeSafeInt64(bytes, 24, header.endCommitLogOffset);
  bytes.writeInt32BE(header.usedSlotCount, 32);
  bytes.writeInt32BE(header.entryCount, 36);
  return bytes;
}

/** One entry: 20 bytes, `keyHash:int32 | commitLogOffset:int64 | seconds since begin:int32 | previous entry of the slot:int32`. */
export interface IndexEntry {
  readonly keyHash: number;
  readonly commitLogOffset: number;
  /** Seconds after the file's begin timestamp. */
  readonly seconds: number;
  /** Entry that the slot pointed to before, 0 when none. */
  readonly previousEntry: number;
}

/** @throws {UnsafeInt64Error} the offset is beyond 2^53. */
export const decodeIndexEntry = (bytes: Buffer, position = 0): IndexEntry => ({
  keyHash: bytes.readInt32BE(position),
  commitLogOffset: readSafeInt64(bytes, position + 4),
  seconds: bytes.readInt32BE(position + 12),
  previousEntry: bytes.readInt32BE(position + 16),
});

/** Hash of the beginning `topic#` that every key of a topic shares. @param topicHash `javaHashCode` of the topic */
export const topicSeed = (topicHash: number): number => javaHashCode('#', topicHash);

/** Java's `Math.abs` of a hash code, with its one exception made 0. Source: rocketmq 5.x `IndexFile#indexKeyHashMethod`. */
export const positiveHash = (hash: number): number => (hash === -0x8000_0000 ? 0 : Math.abs(hash));
