import { crc32 } from 'node:zlib';
import { MIB, traceOf, type Logger } from '@rocketmq-ts/kernel';
import type { LogScanner } from '../commit-log/log-scanner.js';
import type { LogSegments } from '../commit-log/log-segments.js';
import type { LogSlab, LogSlabPool } from '../commit-log/log-slab.js';
import type { LogSync } from '../commit-log/log-sync.js';
import type { LogWriter } from '../commit-log/log-writer.js';
import type { Segment } from '../segment.js';
import type { TailCache } from '../tail-cache.js';

/** Most that one checksum covers. */
export const CHECKSUM_BYTES_MAX = 4 * MIB;

/** A stretch of the log. */
export interface RawBytes {
  readonly offset: number;
  /** Valid until `release`. */
  readonly bytes: Buffer;
  /** Call it exactly once. */
  release(): void;
}

/**
 * The bytes of the log as they are, for whoever copies it. Only what the system has taken is given out: a copy must never be
 * ahead of the log after the process was killed.
 */
export class RawLog {
  private readonly writtenListeners = new Set<() => void>();
  private readonly flushedListeners = new Set<() => void>();

  constructor(
    private readonly parts: {
      readonly logger: Logger;
      readonly segments: LogSegments;
      readonly writer: LogWriter;
      readonly sync: LogSync;
      readonly tailCache: TailCache;
      readonly pool: LogSlabPool;
      readonly scanner: LogScanner;
    },
  ) {
    parts.sync.onFlushed(() => this.call(this.flushedListeners));
  }

  /** Offset of the oldest byte. */
  get minOffset(): number {
    return this.parts.segments.minOffset;
  }

  /** Everything below can be read. */
  get writtenOffset(): number {
    return this.parts.writer.writtenOffset;
  }

  /** Everything below is on stable storage. */
  get flushedOffset(): number {
    return this.parts.sync.flushedOffset;
  }

  /** Length of a file of the log; offsets that are multiples of it begin one. */
  get segmentSizeBytes(): number {
    return this.parts.segments.segmentSizeBytes;
  }

  /** Runs `listener` after each write, before the senders are answered. @returns ends it */
  onWritten(listener: () => void): () => void {
    return subscribe(this.writtenListeners, listener);
  }

  /** Runs `listener` after each sync. @returns ends it */
  onFlushed(listener: () => void): () => void {
    return subscribe(this.flushedListeners, listener);
  }

  /** For the store: bytes were written. */
  announceWritten(): void {
    if (this.writtenListeners.size > 0) this.call(this.writtenListeners);
  }

  /**
   * Gives the bytes from `offset` on, `maxBytes` at most and of one file: without a copy while they are in memory, otherwise
   * from the file. `done` is called once, possibly before this returns; undefined: the log does not have that byte.
   */
  read(
    offset: number,
    maxBytes: number,
    done: (found: RawBytes | undefined, error?: Error) => void,
  ): void {
    const { segments, tailCache, writer } = this.parts;
    const segment = segments.find(offset);
    if (!segment || offset < segments.minOffset || offset >= writer.writtenOffset) {
      done(undefined);
      return;
    }
    const endOffset = Math.min(offset + maxBytes, segment.endOffset, writer.writtenOffset);
    const slab = tailCache.find(offset);
    if (slab) {
      done(this.fromSlab(slab, offset, endOffset));
      return;
    }
    this.fromFile(segment, offset, endOffset, done);
  }

  /**
   * CRC-32 of the bytes in [fromOffset, toOffset), of `CHECKSUM_BYTES_MAX` at most; undefined where the log does not have
   * them all. @throws system error
   */
  async checksum(fromOffset: number, toOffset: number): Promise<number | undefined> {
    if (toOffset - fromOffset > CHECKSUM_BYTES_MAX) return undefined;
    let sum = 0;
    let offset = fromOffset;
    while (offset < toOffset) {
      const found = await this.readPromised(offset, Math.min(toOffset - offset, MIB));
      if (!found) return undefined;
      sum = crc32(found.bytes, sum);
      offset += found.bytes.length;
      found.release();
    }
    return sum;
  }

  /**
   * Where the last record begins, or a file or the log ends, at or before this offset; undefined where the log does not reach
   * so far. The file is walked from its start: up to a second for one of 1 GiB. @throws system error
   */
  async boundaryBefore(offset: number): Promise<number | undefined> {
    const { segments, scanner, writer } = this.parts;
    if (offset < segments.minOffset || offset > writer.writtenOffset) return undefined;
    let boundary = segments.startOf(offset);
    await scanner.scan(boundary, offset, ({ commitLogOffset, sizeBytes }) => {
      const endOffset = commitLogOffset + sizeBytes;
      boundary = endOffset > offset ? commitLogOffset : endOffset;
    });
    return boundary;
  }

  private readPromised(offset: number, maxBytes: number): Promise<RawBytes | undefined> {
    return new Promise((resolve, reject) => {
      this.read(offset, maxBytes, (found, error) => (error ? reject(error) : resolve(found)));
    });
  }

  /** Into memory of the pool: buffers that are made for each read would be collected several times a second. */
  private fromFile(
    segment: Segment,
    offset: number,
    endOffset: number,
    done: (found: RawBytes | undefined, error?: Error) => void,
  ): void {
    const { pool } = this.parts;
    const sizeBytes = endOffset - offset;
    const slab = pool.take(offset, sizeBytes);
    slab.holds = 1;
    const bytes = slab.buffer.subarray(0, sizeBytes);
    const release = (): void => pool.release(slab);
    segment.file.read(bytes, offset - segment.startOffset, (error, bytesRead) => {
      if (!error && bytesRead === sizeBytes) {
        done({ offset, bytes, release });
        return;
      }
      release();
      done(undefined, error ?? new RangeError(`${segment.file.path} is short`));
    });
  }

  private fromSlab(slab: LogSlab, offset: number, endOffset: number): RawBytes {
    const at = offset - slab.startOffset;
    const length = Math.min(endOffset - offset, slab.usedBytes - at);
    slab.holds++;
    return {
      offset,
      bytes: slab.buffer.subarray(at, at + length),
      release: () => this.parts.pool.release(slab),
    };
  }

  private call(listeners: ReadonlySet<() => void>): void {
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        this.parts.logger.error('who copies the log failed', { error: traceOf(error) });
      }
    }
  }
}

function subscribe(listeners: Set<() => void>, listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
