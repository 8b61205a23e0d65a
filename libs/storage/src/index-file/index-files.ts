import {
  describeError,
  javaHashCode,
  joinedHashCode,
  type Clock,
  type Disk,
  type Logger,
} from '@rocketmq-ts/kernel';
import { HASHES_PER_MESSAGE } from '../message-store.types.js';
import type { IndexedLog, IndexHits, IndexKeys, IndexSink } from '../message-store.types.js';
import {
  APACHE_INDEX_SHAPE,
  positiveHash,
  topicSeed,
  type IndexFileShape,
  type IndexHeader,
} from './index-file.layout.js';
import { ActiveIndexFile, SealedIndexFile } from './index-file.js';

/** Entries in memory from which they are written without waiting for a flush. */
const PENDING_BYTES_SOFT = 4 * 1024 * 1024;
/** Entries in memory from which indexing stops because the disk does not take them. */
const PENDING_BYTES_MAX = 64 * 1024 * 1024;
/** Steps through one slot's chain: a bound against a damaged file that points in circles. */
const CHAIN_STEPS_MAX = 100_000;
const SPACE = 0x20;
/** No hash of a key: those are not negative. */
const NO_KEY_HASH = -1;

/**
 * All index files of a store: the newest is being filled, older ones are read only. Derived from the log: a file that
 * does not look right is removed and its messages are put again.
 *
 * Source: rocketmq 5.x `IndexService`, `IndexFile`.
 */
export class IndexFiles implements IndexSink {
  private readonly sealed: SealedIndexFile[] = [];
  private active: ActiveIndexFile | undefined;
  private newestName = '';
  /** Full files on their way to disk, one after the other so that `sealed` stays in order; never rejects. */
  private sealing: Promise<void> = Promise.resolve();
  private lastPutOffset = -1;
  private readonly hashesOfOne = new Int32Array(HASHES_PER_MESSAGE);
  private suspended = false;
  private relieving = false;
  /** Kept so that the look at slots is not left out by the compiler. */
  lastSeenEntries = 0;

  constructor(
    private readonly seams: { readonly disk: Disk; readonly clock: Clock; readonly logger: Logger },
    private readonly directory: string,
    private readonly shape: IndexFileShape = APACHE_INDEX_SHAPE,
  ) {}

  async recover(log: IndexedLog): Promise<number> {
    const { disk } = this.seams;
    await disk.makeDirectory(this.directory);
    const names = (await disk.list(this.directory))
      .filter((entry) => !entry.directory && /^\d{17}$/.test(entry.name))
      .map((entry) => entry.name);
    const trustedUpTo = Math.min(log.trustedUpTo, log.commitLogMaxOffset);

    let good = true;
    for (const [position, name] of names.entries()) {
      const path = `${this.directory}/${name}`;
      const opened = good ? await this.openIfWhole(path) : undefined;
      if (opened === undefined) {
        good = false; // files behind a removed one would leave a hole; they are built again
        await disk.remove(path);
        continue;
      }
      const isNewest = position === names.length - 1;
      this.newestName = name;
      if (!isNewest && opened.header.endCommitLogOffset < trustedUpTo) {
        this.sealed.push(opened);
        continue;
      }
      await opened.close();
      this.active = await ActiveIndexFile.reopen(disk, path, this.shape, trustedUpTo);
      good = isNewest;
    }
    const end = this.newestHeader();
    if (end && end.entryCount > 1) this.lastPutOffset = end.endCommitLogOffset;
    if (good && names.length > 0) return Math.max(trustedUpTo, log.commitLogMinOffset);
    return Math.max(end?.endCommitLogOffset ?? 0, log.commitLogMinOffset);
  }

  private async openIfWhole(path: string): Promise<SealedIndexFile | undefined> {
    try {
      const file = await SealedIndexFile.open(this.seams.disk, path, this.shape);
      const { entryCount = 0, endCommitLogOffset = -1 } = file?.header ?? {};
      if (file && entryCount <= this.shape.entryCountMax && endCommitLogOffset >= 0) return file;
      await file?.close();
      this.seams.logger.warn('index file does not look like one and is built again', { path });
    } catch (error) {
      this.seams.logger.warn('index file cannot be read and is built again', {
        path,
        error: describeError(error),
      });
    }
    return undefined;
  }

  put(keys: IndexKeys, topicHash: number, commitLogOffset: number, storeTimestampMs: number): void {
    const { hashesOfOne } = this;
    this.hashKeys(keys, topicHash, hashesOfOne, 0);
    this.putHashed(hashesOfOne, 0, keys.keys, topicHash, commitLogOffset, storeTimestampMs);
  }

  hashKeys(keys: IndexKeys, topicHash: number, hashes: Int32Array, at: number): void {
    const { uniqKeyHash, uniqKeyLength, tagsHash, tagsLength } = keys;
    const seed = topicSeed(topicHash);
    hashes[at] =
      uniqKeyLength > 0
        ? positiveHash(joinedHashCode(seed, uniqKeyHash, uniqKeyLength))
        : NO_KEY_HASH;
    // Since 5.5 the tag is a key of its own kind. Source: rocketmq 5.5.0 `IndexService#buildIndex`.
    hashes[at + 1] =
      tagsLength > 0
        ? positiveHash(joinedHashCode(javaHashCode('T#', seed), tagsHash, tagsLength))
        : NO_KEY_HASH;
  }

  fetchSlots(hashes: Int32Array, count: number): void {
    if (this.active) this.lastSeenEntries = this.active.fetchSlots(hashes, count);
  }

  putHashed(
    hashes: Int32Array,
    at: number,
    keys: string | undefined,
    topicHash: number,
    commitLogOffset: number,
    storeTimestampMs: number,
  ): void {
    if (commitLogOffset <= this.lastPutOffset || this.suspended) return;
    const uniqKeyHash = hashes[at]!;
    const tagsHash = hashes[at + 1]!;
    if (uniqKeyHash < 0 && tagsHash < 0 && !keys) return;
    if (uniqKeyHash >= 0) this.putHash(uniqKeyHash, commitLogOffset, storeTimestampMs);
    if (keys) this.putTokens(keys, topicSeed(topicHash), commitLogOffset, storeTimestampMs);
    if (tagsHash >= 0) this.putHash(tagsHash, commitLogOffset, storeTimestampMs);
    this.lastPutOffset = commitLogOffset;
  }

  /** Each token between spaces; its hash is formed on the way, so no substring is made. */
  private putTokens(
    keys: string,
    seed: number,
    commitLogOffset: number,
    storeTimestampMs: number,
  ): void {
    let hash = seed;
    let length = 0;
    for (let i = 0; i <= keys.length; i++) {
      const unit = i < keys.length ? keys.charCodeAt(i) : SPACE;
      if (unit !== SPACE) {
        hash = (Math.imul(hash, 31) + unit) | 0;
        length++;
      } else if (length > 0) {
        this.putHash(positiveHash(hash), commitLogOffset, storeTimestampMs);
        hash = seed;
        length = 0;
      }
    }
  }

  private putHash(keyHash: number, commitLogOffset: number, storeTimestampMs: number): void {
    let { active } = this;
    if (active === undefined || active.isFull) active = this.nextFile(active);
    active.put(keyHash, commitLogOffset, storeTimestampMs);
    if (active.pendingBytes >= PENDING_BYTES_SOFT && !this.relieving) this.relieve(active);
  }

  private nextFile(full: ActiveIndexFile | undefined): ActiveIndexFile {
    if (full !== undefined) this.seal(full);
    this.newestName = nextName(this.seams.clock.nowMs(), this.newestName);
    this.active = ActiveIndexFile.create(
      this.seams.disk,
      `${this.directory}/${this.newestName}`,
      this.shape,
      full?.header ?? this.sealed.at(-1)?.header,
    );
    return this.active;
  }

  /** Brings a full file to disk in the background; until then lookups find it through `beingSealed`. */
  private readonly beingSealed: ActiveIndexFile[] = [];
  private seal(full: ActiveIndexFile): void {
    this.beingSealed.push(full);
    this.sealing = this.sealing
      .then(() => full.flush(true))
      .then(() => {
        this.sealed.push(full.sealed());
        this.beingSealed.splice(this.beingSealed.indexOf(full), 1);
      })
      .catch((error: unknown) => {
        this.suspend(describeError(error));
      });
  }

  private relieve(active: ActiveIndexFile): void {
    if (active.pendingBytes >= PENDING_BYTES_MAX)
      this.suspend(`${active.pendingBytes} bytes of entries wait for the disk`);
    this.relieving = true;
    active
      .writeEntries()
      .catch((error: unknown) => {
        this.seams.logger.warn('index entries could not be written; they stay in memory', {
          path: active.path,
          error: describeError(error),
        });
      })
      .finally(() => {
        this.relieving = false;
      });
  }

  /** Lookups become incomplete, sends go on; the next start puts the missing messages again. */
  private suspend(reason: string): void {
    if (this.suspended) return;
    this.suspended = true;
    this.seams.logger.error('indexing of keys stopped until restart', { reason });
  }

  async flush(durable: boolean): Promise<void> {
    await this.sealing;
    // Also without a single key: a directory without files would make the next start read the whole log.
    await (this.active ?? this.nextFile(undefined)).flush(durable);
  }

  /** Source: rocketmq 5.x `IndexService#queryOffset`, `IndexFile#selectPhyOffset`. */
  async query(
    topic: string,
    key: string,
    maxCount: number,
    beginMs: number,
    endMs: number,
  ): Promise<IndexHits> {
    const keyHash = positiveHash(javaHashCode(key, topicSeed(javaHashCode(topic))));
    const newest = this.newestHeader();
    const commitLogOffsets: number[] = [];
    const files = [
      ...this.sealed,
      ...this.beingSealed,
      ...(this.active ? [this.active] : []),
    ].reverse();
    for (const file of files) {
      if (commitLogOffsets.length >= maxCount) break;
      if (file.header.beginTimestampMs > endMs) continue;
      await collect(file, keyHash, { maxCount, beginMs, endMs }, commitLogOffsets);
      if (file.header.beginTimestampMs < beginMs) break;
    }
    return {
      commitLogOffsets,
      lastUpdateTimestampMs: newest?.endTimestampMs ?? 0,
      lastUpdateCommitLogOffset: newest?.endCommitLogOffset ?? 0,
    };
  }

  private newestHeader(): IndexHeader | undefined {
    return (this.active ?? this.beingSealed.at(-1) ?? this.sealed.at(-1))?.header;
  }

  async removeBelow(commitLogMinOffset: number): Promise<void> {
    for (
      let first = this.sealed[0];
      first && first.header.endCommitLogOffset < commitLogMinOffset;
      first = this.sealed[0]
    ) {
      this.sealed.shift();
      await first.close();
      await this.seams.disk.remove(first.path);
    }
  }

  async close(): Promise<void> {
    await this.sealing;
    await this.active?.close();
    for (const file of this.sealed) await file.close();
    this.sealed.length = 0;
    this.active = undefined;
  }
}

/**
 * Walks one slot's chain from its newest entry back. An entry knows its time to the second only, so one second more is
 * looked at on the early side than was asked for.
 */
async function collect(
  file: ActiveIndexFile | SealedIndexFile,
  keyHash: number,
  wanted: { readonly maxCount: number; readonly beginMs: number; readonly endMs: number },
  into: number[],
): Promise<void> {
  const { entryCount, beginTimestampMs } = file.header;
  let number = await file.newestEntry(keyHash);
  for (let steps = 0; steps < CHAIN_STEPS_MAX && into.length < wanted.maxCount; steps++) {
    if (number <= 0 || number >= entryCount) return;
    const entry = await file.entry(number);
    if (entry.seconds < 0) return;
    const storedMs = beginTimestampMs + entry.seconds * 1000;
    if (storedMs + 999 < wanted.beginMs) return;
    if (entry.keyHash === keyHash && storedMs <= wanted.endMs) into.push(entry.commitLogOffset);
    if (entry.previousEntry >= number) return;
    number = entry.previousEntry;
  }
}

/** `yyyyMMddHHmmssSSS` in UTC, always behind `newest`: names give the order of the files. */
function nextName(nowMs: number, newest: string): string {
  // eslint-disable-next-line no-restricted-globals -- writes down a given time; does not look at the clock
  const name = new Date(nowMs).toISOString().replace(/\D/g, '');
  return name > newest ? name : (BigInt(newest) + 1n).toString().padStart(17, '0');
}
