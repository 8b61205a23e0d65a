import { describeError, KIB, MIB, viewOf, type Logger } from '@rocketmq-ts/kernel';
import type { Chunk } from './chunk-cache.js';
import { LOG_CHUNK_BYTES, type LogChunks } from './log-chunks.js';
import type { RecordLocation } from './stored-record.js';

/** Records above this are read by themselves: in the cache they would push everything else out. */
const OWN_READ_BYTES = LOG_CHUNK_BYTES / 2;
/** Records spread thinner than one byte in so many are read by themselves. */
const SPARSE_FACTOR = 32;
/** Own reads closer together than this become one. */
const MERGE_GAP_BYTES = 16 * KIB;
const MERGED_BYTES_MAX = MIB;
/** Records at least this dense (one byte in so many) are worth reading ahead for. */
const DENSE_FACTOR = 16;

const NO_BYTES: Buffer = Buffer.alloc(0);

interface OwnRead {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly buffer: Buffer;
  readonly view: DataView;
}

/** Gets records out of the log's files for one read operation, and keeps them until it is released. */
export class RecordFetch {
  private readonly chunks: Chunk[] = [];
  private readonly ownReads: OwnRead[] = [];
  private readonly location = { buffer: NO_BYTES, view: viewOf(NO_BYTES), position: 0 };
  private wanted: number[] = [];
  private pending = 0;
  private starting = false;
  private released = false;
  failed = false;

  constructor(
    private readonly log: LogChunks,
    private readonly logger: Logger,
    private readonly onReady: () => void,
  ) {}

  get waiting(): boolean {
    return this.pending > 0;
  }

  /** The record's bytes in one buffer, or undefined when they are not here. Valid until the next call. */
  locate(commitLogOffset: number, sizeBytes: number): RecordLocation | undefined {
    const chunks = this.chunks;
    for (let i = chunks.length - 1; i >= 0; i--) {
      const chunk = chunks[i]!;
      const position = commitLogOffset - chunk.startOffset;
      if (position >= 0 && position < chunk.validBytes) {
        if (position + sizeBytes > chunk.validBytes) break;
        return this.at(chunk, position);
      }
    }
    for (const read of this.ownReads) {
      if (commitLogOffset >= read.startOffset && commitLogOffset + sizeBytes <= read.endOffset) {
        return this.at(read, commitLogOffset - read.startOffset);
      }
    }
    return this.fromTwoChunks(commitLogOffset, sizeBytes);
  }

  /** Notes a record for the next `start`; offsets increase. */
  want(commitLogOffset: number, sizeBytes: number): void {
    this.wanted.push(commitLogOffset, sizeBytes);
  }

  /** Begins to read what was noted. When anything has to be waited for, `waiting` is true and `onReady` will be called. */
  start(): void {
    const wanted = this.wanted;
    this.wanted = [];
    if (wanted.length === 0) return;
    this.starting = true;
    const first = wanted[0]!;
    const last = wanted[wanted.length - 2]! + wanted[wanted.length - 1]!;
    let bytes = 0;
    for (let i = 1; i < wanted.length; i += 2) bytes += wanted[i]!;
    const span = last - first;
    if (span > SPARSE_FACTOR * bytes + LOG_CHUNK_BYTES) {
      this.readOwn(wanted);
    } else {
      this.readChunks(wanted);
      if (span <= DENSE_FACTOR * bytes)
        this.log.readAhead(this.log.startOf(last) + LOG_CHUNK_BYTES);
    }
    this.starting = false;
  }

  /** The bytes are no longer needed. */
  release(): void {
    this.released = true;
    for (const chunk of this.chunks) this.log.release(chunk);
    this.chunks.length = 0;
    this.ownReads.length = 0;
  }

  private at({ buffer, view }: Chunk | OwnRead, position: number): RecordLocation {
    const { location } = this;
    location.buffer = buffer;
    location.view = view;
    location.position = position;
    return location;
  }

  /** A record across the border of chunks is put together in a buffer of its own: rare, and simpler for all others. */
  private fromTwoChunks(commitLogOffset: number, sizeBytes: number): RecordLocation | undefined {
    if (this.chunks.length < 2) return undefined;
    const buffer = Buffer.allocUnsafe(sizeBytes);
    let copied = 0;
    while (copied < sizeBytes) {
      const offset = commitLogOffset + copied;
      const chunk = this.chunks.find(
        ({ startOffset, validBytes }) => offset >= startOffset && offset < startOffset + validBytes,
      );
      if (!chunk) return undefined;
      const from = offset - chunk.startOffset;
      const length = Math.min(chunk.validBytes - from, sizeBytes - copied);
      chunk.buffer.copy(buffer, copied, from, from + length);
      copied += length;
    }
    const endOffset = commitLogOffset + sizeBytes;
    return this.at(this.keep({ startOffset: commitLogOffset, endOffset, buffer }), 0);
  }

  private readChunks(wanted: readonly number[]): void {
    // Most records lie in the chunk of the one before: nothing is computed for them.
    let last: Chunk | undefined;
    for (let i = 0; i < wanted.length; i += 2) {
      const offset = wanted[i]!;
      const sizeBytes = wanted[i + 1]!;
      const endOffset = offset + sizeBytes;
      if (last && endOffset <= endOf(last) && offset >= last.startOffset) continue;
      if (sizeBytes > OWN_READ_BYTES) {
        this.readOwn(wanted.slice(i, i + 2));
        continue;
      }
      let chunkStart = this.log.startOf(offset);
      while (chunkStart < endOffset) {
        last = this.wantChunk(chunkStart, endOffset);
        chunkStart = this.log.startOf(chunkStart + LOG_CHUNK_BYTES);
      }
    }
  }

  private wantChunk(startOffset: number, neededEndOffset: number): Chunk | undefined {
    const held = this.chunks.find((chunk) => chunk.startOffset === startOffset);
    if (held) {
      const needed = Math.min(neededEndOffset, startOffset + LOG_CHUNK_BYTES) - startOffset;
      if (!held.loaded || held.validBytes >= needed) return held;
      this.chunks.splice(this.chunks.indexOf(held), 1);
      this.log.release(held);
    }
    const chunk = this.log.chunkAt(startOffset, neededEndOffset);
    if (!chunk) {
      this.failed = true;
      return undefined;
    }
    chunk.holds++;
    this.chunks.push(chunk);
    if (chunk.loaded) return chunk;
    this.pending++;
    chunk.waiters.push(() => this.arrived(chunk.failure));
    return chunk;
  }

  /** Reads records into buffers of their own; neighbours within `MERGE_GAP_BYTES` share one. */
  private readOwn(wanted: readonly number[]): void {
    let startOffset = -1;
    let endOffset = -1;
    for (let i = 0; i < wanted.length; i += 2) {
      const offset = wanted[i]!;
      const recordEnd = offset + wanted[i + 1]!;
      const joins =
        startOffset >= 0 &&
        offset - endOffset <= MERGE_GAP_BYTES &&
        recordEnd - startOffset <= MERGED_BYTES_MAX &&
        this.log.sameFile(startOffset, offset);
      if (!joins) {
        if (startOffset >= 0) this.readRange(startOffset, endOffset);
        startOffset = offset;
      }
      endOffset = recordEnd;
    }
    if (startOffset >= 0) this.readRange(startOffset, endOffset);
  }

  private readRange(startOffset: number, endOffset: number): void {
    const buffer = Buffer.allocUnsafe(endOffset - startOffset);
    this.pending++;
    this.log.readInto(buffer, startOffset, (error) => {
      if (!error) this.keep({ startOffset, endOffset, buffer });
      this.arrived(error);
    });
  }

  private keep(read: Omit<OwnRead, 'view'>): OwnRead {
    const kept = { ...read, view: viewOf(read.buffer) };
    this.ownReads.push(kept);
    return kept;
  }

  private arrived(error: Error | undefined): void {
    this.pending--;
    if (error) {
      this.failed = true;
      this.logger.error('reading the commit log failed', { error: describeError(error) });
    }
    if (this.pending === 0 && !this.starting && !this.released) this.onReady();
  }
}

/** Commit-log offset behind the last byte that the chunk has, or will have once it is loaded. */
const endOf = ({ startOffset, loaded, validBytes, wantedBytes }: Chunk): number =>
  startOffset + (loaded ? validBytes : wantedBytes);
