import { invariant, type Disk, type DiskFile } from '@rocketmq-ts/kernel';
import {
  decodeIndexEntry,
  decodeIndexHeader,
  encodeIndexHeader,
  entryPosition,
  INDEX_ENTRY_BYTES,
  INDEX_HEADER_BYTES,
  INDEX_SLOT_BYTES,
  indexFileBytes,
  slotPosition,
  type IndexEntry,
  type IndexFileShape,
  type IndexHeader,
} from './index-file.layout.js';
import { PendingEntries } from './pending-entries.js';

/** Slots that are marked and written together: 4 KiB of the file. */
const SLOTS_PER_PAGE_LOG2 = 10;
const SLOTS_PER_PAGE = 1 << SLOTS_PER_PAGE_LOG2;
/** Pages copied and written in one go; bounds the pause of the event loop to well under a millisecond. */
const PAGES_PER_WRITE = 64;
const ENTRIES_PER_READ = 65_536;
/** How this machine lays out the slots in memory; the file has the highest byte first. */
const IS_LITTLE_ENDIAN = new Uint8Array(Int32Array.of(1).buffer)[0] === 1;

/**
 * The index file that is being filled: slots in memory, entries in memory until they are written.
 *
 * Order of writing, so that whatever a kill leaves behind can be read: entries, then the slots that point to them,
 * then the header. Slots are 20 MB whose every page changes within seconds, so they are written with durable flushes
 * alone: a file that is continued gets them from its entries. Invariants:
 *  I1  the header on disk counts only entries whose bytes are on disk, and after a durable flush their slots too; Apache's
 *      broker, after a crash, drops a file whose header is younger than the checkpoint, which is written behind that flush;
 *  I2  a slot on disk points at an entry whose bytes are on disk, though possibly one the header does not count yet;
 *  I3  entries are in commit-log order.
 */
export class ActiveIndexFile {
  private file: DiskFile | undefined;
  private readonly pending: PendingEntries;
  private readonly dirtyPages: Uint8Array;
  private running: Promise<void> | undefined;

  private constructor(
    private readonly disk: Disk,
    readonly path: string,
    private readonly shape: IndexFileShape,
    private readonly slots: Int32Array,
    readonly header: IndexHeader,
  ) {
    this.pending = new PendingEntries(header.entryCount);
    this.dirtyPages = new Uint8Array(Math.ceil(shape.slotCount / SLOTS_PER_PAGE));
  }

  /** A new file, on disk only from its first flush on. Begins where the one before it ended, as Apache's does. */
  static create(
    disk: Disk,
    path: string,
    shape: IndexFileShape,
    before: IndexHeader | undefined,
  ): ActiveIndexFile {
    const offset = before?.endCommitLogOffset ?? 0;
    const timestampMs = before?.endTimestampMs ?? 0;
    return new ActiveIndexFile(disk, path, shape, new Int32Array(shape.slotCount), {
      beginTimestampMs: timestampMs,
      endTimestampMs: timestampMs,
      beginCommitLogOffset: offset,
      endCommitLogOffset: offset,
      usedSlotCount: 0,
      entryCount: 1,
    });
  }

  /**
   * Continues a file of an earlier run with the entries whose messages lie below `trustedUpTo`. The slots are built
   * anew from the entries: after a crash they may point at entries that never came to disk.
   */
  static async reopen(
    disk: Disk,
    path: string,
    shape: IndexFileShape,
    trustedUpTo: number,
  ): Promise<ActiveIndexFile> {
    const file = await disk.open(path, { create: false });
    const headerBytes = Buffer.alloc(INDEX_HEADER_BYTES);
    file.readNow(headerBytes, 0);
    const header = decodeIndexHeader(headerBytes);
    const countedEntries = Math.min(header.entryCount, shape.entryCountMax);
    const slots = new Int32Array(shape.slotCount);
    header.entryCount = 1;
    header.usedSlotCount = 0;
    header.endCommitLogOffset = header.beginCommitLogOffset;
    header.endTimestampMs = header.beginTimestampMs;

    const bytes = Buffer.alloc(ENTRIES_PER_READ * INDEX_ENTRY_BYTES);
    let previousOffset = 0;
    scan: for (let next = 1; next < countedEntries;) {
      const got = file.readNow(bytes, entryPosition(shape, next));
      for (
        let at = 0;
        at + INDEX_ENTRY_BYTES <= got && next < countedEntries;
        at += INDEX_ENTRY_BYTES, next++
      ) {
        const high = bytes.readInt32BE(at + 4);
        const commitLogOffset = high * 0x1_0000_0000 + bytes.readUInt32BE(at + 8);
        if (high < 0 || commitLogOffset < previousOffset || commitLogOffset >= trustedUpTo)
          break scan;
        previousOffset = commitLogOffset;
        const slot = bytes.readInt32BE(at) % shape.slotCount;
        if (slot < 0) break scan;
        if (slots[slot] === 0) header.usedSlotCount++;
        slots[slot] = next;
        header.entryCount = next + 1;
        header.endCommitLogOffset = commitLogOffset;
        header.endTimestampMs = header.beginTimestampMs + bytes.readInt32BE(at + 12) * 1000;
      }
      if (got < INDEX_ENTRY_BYTES) break;
    }
    const active = new ActiveIndexFile(disk, path, shape, slots, header);
    active.file = file;
    // What the slots on disk say is not known to agree: all are written again with the next flush.
    active.dirtyPages.fill(1);
    return active;
  }

  get isFull(): boolean {
    return this.header.entryCount >= this.shape.entryCountMax;
  }

  /** Bytes of entries that are only in memory. */
  get pendingBytes(): number {
    return (this.header.entryCount - this.pending.writtenCount) * INDEX_ENTRY_BYTES;
  }

  /** Adds one key of a message. The caller checks `isFull` first. Source: rocketmq 5.x `IndexFile#putKey`. */
  put(keyHash: number, commitLogOffset: number, storeTimestampMs: number): void {
    const { header, slots } = this;
    const slot = keyHash % slots.length;
    const before = slots[slot]!;
    const entry = header.entryCount;
    const { beginTimestampMs } = header;
    const sinceBeginMs = beginTimestampMs <= 0 ? 0 : storeTimestampMs - beginTimestampMs;
    const seconds = Math.min(Math.max(Math.trunc(sinceBeginMs / 1000), 0), 0x7fff_ffff);
    this.pending.add(keyHash, commitLogOffset, seconds, before);
    slots[slot] = entry;
    this.dirtyPages[slot >>> SLOTS_PER_PAGE_LOG2] = 1;
    if (before === 0) header.usedSlotCount++;
    header.entryCount = entry + 1;
    if (entry === 1) {
      header.beginCommitLogOffset = commitLogOffset;
      header.beginTimestampMs = storeTimestampMs;
    }
    header.endCommitLogOffset = commitLogOffset;
    header.endTimestampMs = storeTimestampMs;
  }

  /** Newest entry of a key's slot, 0 when none. */
  newestEntry(keyHash: number): Promise<number> {
    return Promise.resolve(this.newestInMemory(keyHash));
  }

  /** As `newestEntry`, at once. */
  newestInMemory(keyHash: number): number {
    return this.slots[keyHash % this.slots.length] ?? 0;
  }

  /**
   * Looks at the slots of these hashes, and nothing else, so that the processor waits for many of them at once: they lie all
   * over 20 MB. @returns something that depends on all of them
   */
  fetchSlots(hashes: Int32Array, count: number): number {
    const { slots } = this;
    const slotCount = slots.length;
    let seen = 0;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i]!;
      if (hash >= 0) seen |= slots[hash % slotCount]!;
    }
    return seen;
  }

  async entry(number: number): Promise<IndexEntry> {
    const inMemory = this.pending.find(number);
    if (inMemory) return decodeIndexEntry(inMemory.chunk, inMemory.position);
    const file = await this.opened();
    return decodeIndexEntry(
      await readExactly(file, entryPosition(this.shape, number), INDEX_ENTRY_BYTES),
    );
  }

  /** Writes entries only, in whole chunks: keeps memory small between two flushes. */
  writeEntries(): Promise<void> {
    return this.oneAtATime(() => this.writePending(this.pending.endOfWholeChunks));
  }

  /**
   * Brings all entries to the file; with `durable` the file also says all that is known now, and is synced.
   * @throws system error; may be repeated.
   */
  flush(durable: boolean): Promise<void> {
    return this.oneAtATime(async () => {
      const header = encodeIndexHeader(this.header);
      const file = await this.opened();
      if (durable) await this.writeDirtySlots(file);
      await this.writePending(this.header.entryCount);
      await write(file, [header], 0);
      if (durable) await sync(file);
    });
  }

  /** After the last flush: the same open file, without the slots in memory. Lookups under way are not disturbed. */
  sealed(): SealedIndexFile {
    invariant(
      this.file !== undefined && this.pendingBytes === 0,
      'a sealed file is wholly written',
    );
    return new SealedIndexFile(this.file, this.shape, this.header);
  }

  async close(): Promise<void> {
    await this.running?.catch(() => undefined);
    await this.file?.close();
    this.file = undefined;
  }

  /** Writes must not overtake each other; a failed one does not stop the next. */
  private oneAtATime(work: () => Promise<void>): Promise<void> {
    const after = this.running?.catch(() => undefined) ?? Promise.resolve();
    this.running = after.then(work);
    return this.running;
  }

  private async opened(): Promise<DiskFile> {
    if (this.file === undefined) {
      const file = await this.disk.open(this.path, { create: true });
      if (file.sizeBytes !== indexFileBytes(this.shape))
        await file.truncate(indexFileBytes(this.shape));
      this.file = file;
    }
    return this.file;
  }

  /** Writes the entries below `endEntry` that are not in the file yet; what is put meanwhile is left for later. */
  private async writePending(endEntry: number): Promise<void> {
    const { pending } = this;
    if (pending.writtenCount >= endEntry) return;
    const file = await this.opened();
    while (pending.writtenCount < endEntry) {
      const pieces = pending.pieces(endEntry);
      await write(file, pieces.buffers, entryPosition(this.shape, pending.writtenCount));
      pending.noteWritten(pieces.entryCount);
    }
  }

  private async writeDirtySlots(file: DiskFile): Promise<void> {
    for (let first = 0; first < this.dirtyPages.length; first++) {
      if (this.dirtyPages[first] === 0) continue;
      let last = first;
      while (
        last + 1 < this.dirtyPages.length &&
        last - first + 1 < PAGES_PER_WRITE &&
        this.dirtyPages[last + 1] !== 0
      )
        last++;
      const bytes = this.copySlots(first, last);
      this.dirtyPages.fill(0, first, last + 1);
      try {
        await this.writePending(this.header.entryCount); // I2: what these slots point at comes first
        await write(file, [bytes], slotPosition(first * SLOTS_PER_PAGE));
      } catch (error) {
        this.dirtyPages.fill(1, first, last + 1);
        throw error;
      }
      first = last;
    }
  }

  private copySlots(firstPage: number, lastPage: number): Buffer {
    const from = firstPage * SLOTS_PER_PAGE;
    const to = Math.min((lastPage + 1) * SLOTS_PER_PAGE, this.shape.slotCount);
    const { buffer, byteOffset } = this.slots;
    const bytes = Buffer.allocUnsafe((to - from) * INDEX_SLOT_BYTES);
    bytes.set(new Uint8Array(buffer, byteOffset + from * INDEX_SLOT_BYTES, bytes.length));
    return IS_LITTLE_ENDIAN ? bytes.swap32() : bytes;
  }
}

/** An index file that is full, or of an earlier run: read from disk, never written again. */
export class SealedIndexFile {
  constructor(
    private readonly file: DiskFile,
    private readonly shape: IndexFileShape,
    readonly header: IndexHeader,
  ) {}

  /** @returns undefined where the file cannot be an index file of this shape. */
  static async open(
    disk: Disk,
    path: string,
    shape: IndexFileShape,
    readOnly = false,
  ): Promise<SealedIndexFile | undefined> {
    const file = await disk.open(path, { create: false, readOnly });
    if (file.sizeBytes !== indexFileBytes(shape)) {
      await file.close();
      return undefined;
    }
    const bytes = Buffer.alloc(INDEX_HEADER_BYTES);
    file.readNow(bytes, 0);
    return new SealedIndexFile(file, shape, decodeIndexHeader(bytes));
  }

  get path(): string {
    return this.file.path;
  }

  async newestEntry(keyHash: number): Promise<number> {
    const bytes = await readExactly(
      this.file,
      slotPosition(keyHash % this.shape.slotCount),
      INDEX_SLOT_BYTES,
    );
    return bytes.readInt32BE(0);
  }

  async entry(number: number): Promise<IndexEntry> {
    return decodeIndexEntry(
      await readExactly(this.file, entryPosition(this.shape, number), INDEX_ENTRY_BYTES),
    );
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

const write = (file: DiskFile, buffers: readonly Buffer[], position: number): Promise<void> =>
  new Promise((done, failed) => {
    file.write(buffers, position, (error) => (error ? failed(error) : done()));
  });

const sync = (file: DiskFile): Promise<void> =>
  new Promise((done, failed) => {
    file.dataSync((error) => (error ? failed(error) : done()));
  });

/** Bytes behind the end of the file read as zeros, as they do in a sparse file. */
const readExactly = (file: DiskFile, position: number, sizeBytes: number): Promise<Buffer> =>
  new Promise((done, failed) => {
    const into = Buffer.alloc(sizeBytes);
    file.read(into, position, (error) => (error ? failed(error) : done(into)));
  });
