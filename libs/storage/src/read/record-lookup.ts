import {
  checkRecord,
  decodeRecord,
  MAGIC_V1,
  MAGIC_V2,
  PropertyName,
  RecordAt,
} from '@rocketmq-ts/protocol';
import type { IndexSink, QueryResult, StoredRecord } from '../message-store.types.js';
import type { TailCache } from '../tail-cache.js';
import type { LogChunks } from './log-chunks.js';

const HEAD_BYTES = 8;
/** How often a lookup goes further back when what it found is gone. Source: `DefaultMessageStore#queryMessage`. */
const QUERY_ROUNDS = 3;

/** Finds single records: by their place in the log, and by key. For rare requests. */
export class RecordLookup {
  constructor(
    private readonly parts: {
      readonly tailCache: TailCache;
      readonly log: LogChunks;
      readonly index: IndexSink | undefined;
      readonly logStartOffset: () => number;
      readonly writtenOffset: () => number;
      /** End of what consumers may see. */
      readonly visibleOffset: () => number;
    },
  ) {}

  /** The record that begins at `commitLogOffset`, checked; undefined where none does. @throws system error */
  async recordAt(commitLogOffset: number): Promise<StoredRecord | undefined> {
    const { logStartOffset, visibleOffset } = this.parts;
    if (!Number.isSafeInteger(commitLogOffset)) return undefined;
    if (commitLogOffset < logStartOffset() || commitLogOffset >= visibleOffset()) return undefined;
    const head = await this.bytesAt(commitLogOffset, HEAD_BYTES);
    if (!head) return undefined;
    const sizeBytes = head.readInt32BE(0);
    const magic = head.readInt32BE(RecordAt.MAGIC);
    if (sizeBytes <= RecordAt.BORN_HOST || (magic !== MAGIC_V1 && magic !== MAGIC_V2))
      return undefined;
    const bytes = await this.bytesAt(commitLogOffset, sizeBytes);
    if (!bytes) return undefined;
    const checked = checkRecord(bytes, 0, bytes.length, { verifyBody: true, commitLogOffset });
    return typeof checked === 'number' ? { commitLogOffset, bytes } : undefined;
  }

  /**
   * Gives the bytes at an offset to `use`, while they are among the newest of the log: a view, unchecked, valid during the call.
   * @returns what `use` returns; undefined where the bytes are not in memory (any more)
   */
  useNewest<T>(
    commitLogOffset: number,
    sizeBytes: number,
    use: (bytes: Buffer) => T,
  ): T | undefined {
    const { tailCache, visibleOffset } = this.parts;
    if (commitLogOffset + sizeBytes > visibleOffset()) return undefined;
    return tailCache.use(commitLogOffset, sizeBytes, use);
  }

  /**
   * The record at an offset whose size is known, checked: for those who noted both. `done` comes before the call returns
   * where the record is in memory; undefined where there is no such record (any more).
   */
  readRecord(
    commitLogOffset: number,
    sizeBytes: number,
    done: (bytes: Buffer | undefined, error?: Error) => void,
  ): void {
    const { tailCache, log, logStartOffset, visibleOffset } = this.parts;
    const endOffset = commitLogOffset + sizeBytes;
    if (commitLogOffset < logStartOffset() || endOffset > visibleOffset()) {
      done(undefined);
      return;
    }
    const checked = (bytes: Buffer): Buffer | undefined =>
      checkRecord(bytes, 0, sizeBytes, { verifyBody: true, commitLogOffset }) === sizeBytes
        ? bytes
        : undefined;
    const slab = tailCache.find(commitLogOffset);
    const at = slab ? commitLogOffset - slab.startOffset : 0;
    if (slab && at + sizeBytes <= slab.usedBytes) {
      done(checked(Buffer.from(slab.buffer.subarray(at, at + sizeBytes))));
    } else if (!log.sameFile(commitLogOffset, endOffset - 1)) done(undefined);
    else {
      const bytes = Buffer.allocUnsafe(sizeBytes);
      log.readInto(bytes, commitLogOffset, (error) => {
        // A file that was deleted meanwhile is no trouble of the disk.
        const gone = commitLogOffset < logStartOffset();
        if (error && !gone) done(undefined, error);
        else done(error ? undefined : checked(bytes));
      });
    }
  }

  /**
   * Messages of `topic` whose unique key or one of whose keys is `key`, oldest first.
   * Source: rocketmq 5.5.0 `DefaultMessageStore#queryMessage`; unlike there, hash collisions are sorted out here.
   */
  async query(
    topic: string,
    key: string,
    maxCount: number,
    beginMs: number,
    endMs: number,
  ): Promise<QueryResult> {
    const { index } = this.parts;
    const records: StoredRecord[] = [];
    let lastUpdateTimestampMs = 0;
    let lastUpdateCommitLogOffset = 0;
    let untilMs = endMs;
    for (let round = 0; index && round < QUERY_ROUNDS && untilMs >= beginMs; round++) {
      const hits = await index.query(topic, key, maxCount, beginMs, untilMs);
      lastUpdateTimestampMs = hits.lastUpdateTimestampMs;
      lastUpdateCommitLogOffset = hits.lastUpdateCommitLogOffset;
      if (hits.commitLogOffsets.length === 0) break;
      let oldestMs = Infinity;
      for (const offset of [...hits.commitLogOffsets].sort((one, other) => one - other)) {
        const record = await this.recordAt(offset);
        if (!record) continue;
        const message = decodeRecord(record.bytes, 0);
        oldestMs = Math.min(oldestMs, message.storeTimestampMs);
        if (message.topic === topic && hasKey(message.properties, key)) records.push(record);
      }
      if (records.length > 0 || oldestMs === Infinity) break;
      untilMs = oldestMs - 1;
    }
    return {
      records,
      indexLastUpdateTimestampMs: lastUpdateTimestampMs,
      indexLastUpdateCommitLogOffset: lastUpdateCommitLogOffset,
    };
  }

  /** Own copy of bytes that are in memory or in one file; undefined beyond the end. */
  private async bytesAt(commitLogOffset: number, length: number): Promise<Buffer | undefined> {
    const { tailCache, log, writtenOffset } = this.parts;
    const slab = tailCache.find(commitLogOffset);
    if (slab) {
      const at = commitLogOffset - slab.startOffset;
      return at + length > slab.usedBytes
        ? undefined
        : Buffer.from(slab.buffer.subarray(at, at + length));
    }
    const endOffset = commitLogOffset + length;
    if (endOffset > writtenOffset() || !log.sameFile(commitLogOffset, endOffset - 1))
      return undefined;
    const bytes = Buffer.allocUnsafe(length);
    await new Promise<void>((resolve, reject) => {
      log.readInto(bytes, commitLogOffset, (error) => (error ? reject(error) : resolve()));
    });
    return bytes;
  }
}

function hasKey(properties: ReadonlyMap<string, string>, key: string): boolean {
  if (properties.get(PropertyName.UNIQ_KEY) === key) return true;
  return (properties.get(PropertyName.KEYS) ?? '').split(' ').includes(key);
}
