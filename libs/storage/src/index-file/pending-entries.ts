import { setSafeInt64, viewOf } from '@rocketmq-ts/kernel';
import { INDEX_ENTRY_BYTES } from './index-file.layout.js';

const ENTRIES_PER_CHUNK = 3276;
const CHUNK_BYTES = ENTRIES_PER_CHUNK * INDEX_ENTRY_BYTES;
/** Chunks handed to the system in one call. */
const CHUNKS_PER_WRITE = 16;

/**
 * Entries on their way to an index file, in chunks of memory. An entry is put once and its bytes never move, so they can be
 * written from where they lie while more entries are put behind them. A chunk is dropped when all of it is written.
 */
export class PendingEntries {
  private readonly chunks: Buffer[] = [];
  /** Of the newest chunk. */
  private view = viewOf(Buffer.alloc(0));
  /** Bytes of that chunk that hold entries. */
  private currentBytes = CHUNK_BYTES;
  /** Number of the first entry of the first chunk. */
  private firstEntry: number;

  /** @param writtenCount entries with lower numbers are in the file. */
  constructor(public writtenCount: number) {
    this.firstEntry = writtenCount;
  }

  add(keyHash: number, commitLogOffset: number, seconds: number, previousEntry: number): void {
    if (this.currentBytes === CHUNK_BYTES) this.addChunk();
    const { view, currentBytes: at } = this;
    view.setInt32(at, keyHash);
    setSafeInt64(view, at + 4, commitLogOffset);
    view.setInt32(at + 12, seconds);
    view.setInt32(at + 16, previousEntry);
    this.currentBytes = at + INDEX_ENTRY_BYTES;
  }

  private addChunk(): void {
    const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.view = viewOf(chunk);
    this.currentBytes = 0;
    this.chunks.push(chunk);
  }

  /** Number behind the last entry that fills a chunk. */
  get endOfWholeChunks(): number {
    const whole = this.currentBytes === CHUNK_BYTES ? this.chunks.length : this.chunks.length - 1;
    return this.firstEntry + Math.max(0, whole) * ENTRIES_PER_CHUNK;
  }

  /** Where an entry lies in memory; undefined where it is only in the file. */
  find(number: number): { readonly chunk: Buffer; readonly position: number } | undefined {
    const place = number - this.firstEntry;
    const chunk = place < 0 ? undefined : this.chunks[Math.trunc(place / ENTRIES_PER_CHUNK)];
    return chunk && { chunk, position: (place % ENTRIES_PER_CHUNK) * INDEX_ENTRY_BYTES };
  }

  /** Bytes of the next entries to be written, none of them numbered `endEntry` or higher. */
  pieces(endEntry: number): { readonly buffers: Buffer[]; readonly entryCount: number } {
    const buffers: Buffer[] = [];
    let next = this.writtenCount;
    while (next < endEntry && buffers.length < CHUNKS_PER_WRITE) {
      const place = next - this.firstEntry;
      const number = Math.trunc(place / ENTRIES_PER_CHUNK);
      const chunkEnd = this.firstEntry + (number + 1) * ENTRIES_PER_CHUNK;
      const end = Math.min(endEntry, chunkEnd);
      const start = (place % ENTRIES_PER_CHUNK) * INDEX_ENTRY_BYTES;
      buffers.push(this.chunks[number]!.subarray(start, start + (end - next) * INDEX_ENTRY_BYTES));
      next = end;
    }
    return { buffers, entryCount: next - this.writtenCount };
  }

  /** The first `entryCount` of what was not written is in the file now. */
  noteWritten(entryCount: number): void {
    this.writtenCount += entryCount;
    // The chunk that is being filled stays, also when all that it holds is written.
    while (this.chunks.length > 1 && this.firstEntry + ENTRIES_PER_CHUNK <= this.writtenCount) {
      this.chunks.shift();
      this.firstEntry += ENTRIES_PER_CHUNK;
    }
  }
}
