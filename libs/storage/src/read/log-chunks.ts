import { MIB } from '@rocketmq-ts/kernel';
import type { LogSegments } from '../commit-log/log-segments.js';
import type { StoreCounters } from '../store-counters.js';
import { ChunkCache, type Chunk } from './chunk-cache.js';
import { LoadGate } from './load-gate.js';

/** Size of a read from the log's files. */
export const LOG_CHUNK_BYTES = MIB;

/** Chunks of the commit log's files, for readers that are behind the tail cache. */
export class LogChunks {
  private readonly cache: ChunkCache;
  private readonly gate = new LoadGate();

  constructor(
    private readonly segments: LogSegments,
    private readonly counters: StoreCounters,
    private readonly writtenOffset: () => number,
    budgetBytes: number,
  ) {
    this.cache = new ChunkCache(budgetBytes, LOG_CHUNK_BYTES);
  }

  get sizeBytes(): number {
    return this.cache.sizeBytes;
  }

  /** Where the chunk with this byte begins: a chunk never spans two files. */
  startOf(commitLogOffset: number): number {
    const segmentStart = this.segments.startOf(commitLogOffset);
    const inSegment = commitLogOffset - segmentStart;
    return segmentStart + inSegment - (inSegment % LOG_CHUNK_BYTES);
  }

  /**
   * The chunk that begins at `startOffset` with all bytes below `neededEndOffset` that it can hold, possibly still being
   * read; undefined where no file has it.
   */
  chunkAt(startOffset: number, neededEndOffset: number): Chunk | undefined {
    const known = this.cache.get(startOffset);
    if (known) {
      const endOffset = this.endOf(startOffset);
      const needed = Math.min(neededEndOffset, endOffset) - startOffset;
      // Fewer bytes than asked for: the file is shorter than it should be, and asking again gives no more.
      const short = known.validBytes < known.wantedBytes;
      if (!known.loaded || short || known.validBytes >= needed) return known;
      // Read while the log was shorter.
      this.cache.drop(startOffset);
    }
    const segment = this.segments.find(startOffset);
    if (!segment) return undefined;
    const length = Math.min(this.endOf(startOffset), this.writtenOffset()) - startOffset;
    if (length <= 0) return undefined;
    this.counters.logChunkReads++;
    return this.cache.load(startOffset, startOffset, length, (into, done) => {
      this.gate.enter(() => {
        segment.file.read(into, startOffset - segment.startOffset, (error, validBytes) => {
          this.gate.leave();
          done(error, validBytes);
        });
      });
    });
  }

  /** Begins to read a chunk that a sequential reader will want next. */
  readAhead(startOffset: number): void {
    if (!this.cache.has(startOffset)) this.chunkAt(startOffset, startOffset);
  }

  /** Whether both bytes lie in one file. */
  sameFile(oneOffset: number, otherOffset: number): boolean {
    return this.segments.startOf(oneOffset) === this.segments.startOf(otherOffset);
  }

  /** Fills `into` with the bytes from `startOffset` on, past the cache; fewer bytes than asked for are an error. */
  readInto(into: Buffer, startOffset: number, done: (error: Error | undefined) => void): void {
    const segment = this.segments.find(startOffset);
    if (!segment) {
      done(new RangeError(`no commit-log file holds offset ${startOffset}`));
      return;
    }
    this.gate.enter(() => {
      segment.file.read(into, startOffset - segment.startOffset, (error, bytesRead) => {
        this.gate.leave();
        if (error || bytesRead === into.length) done(error);
        else done(new RangeError(`${segment.file.path} ends inside a record`));
      });
    });
  }

  release(chunk: Chunk): void {
    this.cache.release(chunk);
  }

  clear(): void {
    this.cache.clear();
  }

  private endOf(startOffset: number): number {
    const segmentEnd = this.segments.startOf(startOffset) + this.segments.segmentSizeBytes;
    return Math.min(startOffset + LOG_CHUNK_BYTES, segmentEnd);
  }
}
