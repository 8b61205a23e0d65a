import { readSafeInt64, RocketMQError, writeSafeInt64 } from '@rocketmq-ts/kernel';
import { crc32 } from 'node:zlib';
import type { CopiedLog, CopyPressure, LogBytes, SourceLog } from '../src/log-seams.js';

const HEAD_BYTES = 16;
const FILLER = 0xf111;
const FILLER_BYTE = 0xee;

/** What a `MemoryLog` refuses, as the store does. */
export class UnsoundBytesError extends RocketMQError {
  override readonly code = 'ROCKETMQ_COPIED_RECORD';
}

/** A log in memory: records of length, checksum, own offset and content; files that end with filler. Offsets begin at `minOffset`. */
export class MemoryLog implements SourceLog, CopiedLog, CopyPressure {
  readonly segmentSizeBytes: number;
  minOffset = 0;
  held = 0;
  checksums = 0;
  refusal: { readonly reason: string } | undefined;
  private room: Buffer = Buffer.alloc(1024);
  private used = 0;
  private fillerEnd = 0;
  private stuckAt: number | undefined;
  private readonly written = new Set<() => void>();
  private readonly flushed = new Set<() => void>();
  private writable: () => void = () => undefined;
  flushedOffset = 0;

  constructor(segmentSizeBytes = 1024) {
    this.segmentSizeBytes = segmentSizeBytes;
  }

  get endOffset(): number {
    return this.minOffset + this.bytes.length;
  }

  get writtenOffset(): number {
    return this.stuckAt ?? this.endOffset;
  }

  /** From now on nothing is written, until `unstick`. */
  stick(): void {
    this.stuckAt = this.endOffset;
  }

  unstick(): void {
    this.stuckAt = undefined;
    for (const listener of this.written) listener();
  }

  get isEmpty(): boolean {
    return this.bytes.length === 0;
  }

  get content(): Buffer {
    return this.bytes;
  }

  onWritten(listener: () => void): () => void {
    this.written.add(listener);
    return () => this.written.delete(listener);
  }

  onFlushed(listener: () => void): () => void {
    this.flushed.add(listener);
    return () => this.flushed.delete(listener);
  }

  writeRefusal(): { readonly reason: string } | undefined {
    return this.refusal;
  }

  onWritable(listener: () => void): void {
    this.writable = listener;
  }

  goOn(): void {
    this.refusal = undefined;
    this.writable();
  }

  flush(): void {
    this.flushedOffset = this.endOffset;
    for (const listener of this.flushed) listener();
  }

  /** Appends records of these lengths of content, as one batch. */
  append(...contents: readonly (string | Buffer)[]): void {
    for (const content of contents) this.appendOne(Buffer.from(content as string));
    this.announce();
  }

  private appendOne(content: Buffer): void {
    const room = this.segmentSizeBytes - (this.endOffset % this.segmentSizeBytes);
    const size = HEAD_BYTES + content.length;
    if (size > room - HEAD_BYTES) {
      this.grow(head(room, FILLER, this.endOffset), Buffer.alloc(room - HEAD_BYTES, FILLER_BYTE));
    }
    this.grow(head(size, crc32(content), this.endOffset), content);
  }

  private grow(...pieces: readonly Buffer[]): void {
    for (const piece of pieces) {
      const used = this.used + piece.length;
      if (used > this.room.length) this.room = Buffer.concat([this.bytes], 2 * used);
      piece.copy(this.room, this.used);
      this.used = used;
    }
  }

  private get bytes(): Buffer {
    return this.room.subarray(0, this.used);
  }

  private set bytes(bytes: Buffer) {
    this.room = bytes;
    this.used = bytes.length;
  }

  private announce(): void {
    for (const listener of [...this.written]) listener();
  }

  /** Makes a log with the same bytes below `offset`. */
  copyUpTo(offset: number): MemoryLog {
    const copy = new MemoryLog(this.segmentSizeBytes);
    copy.minOffset = this.minOffset;
    copy.bytes = Buffer.from(this.bytes.subarray(0, offset - this.minOffset));
    return copy;
  }

  /** Forgets the oldest files. */
  expire(minOffset: number): void {
    this.bytes = Buffer.from(this.bytes.subarray(minOffset - this.minOffset));
    this.minOffset = minOffset;
  }

  read(offset: number, maxBytes: number, done: (found: LogBytes | undefined) => void): void {
    const at = offset - this.minOffset;
    if (at < 0 || at >= this.bytes.length) {
      done(undefined);
      return;
    }
    const room = this.segmentSizeBytes - (offset % this.segmentSizeBytes);
    this.held++;
    done({
      offset,
      bytes: this.bytes.subarray(at, at + Math.min(maxBytes, room)),
      release: () => {
        this.held--;
      },
    });
  }

  checksum(fromOffset: number, toOffset: number): Promise<number | undefined> {
    this.checksums++;
    const there = fromOffset >= this.minOffset && toOffset <= this.endOffset;
    const bytes = this.bytes.subarray(fromOffset - this.minOffset, toOffset - this.minOffset);
    return Promise.resolve(there ? crc32(bytes) : undefined);
  }

  /** Every record's end, and the log's start. */
  boundaries(): number[] {
    const found = [this.minOffset];
    for (let at = 0; at < this.bytes.length;) {
      at += this.bytes.readInt32BE(at);
      found.push(this.minOffset + at);
    }
    return found;
  }

  boundaryBefore(offset: number): Promise<number | undefined> {
    return Promise.resolve(this.boundaries().findLast((boundary) => boundary <= offset));
  }

  recordAt(offset: number): Promise<Buffer | undefined> {
    const at = offset - this.minOffset;
    if (!this.boundaries().includes(offset) || at >= this.bytes.length)
      return Promise.resolve(undefined);
    return Promise.resolve(Buffer.from(this.bytes.subarray(at, at + this.bytes.readInt32BE(at))));
  }

  beginAt(offset: number): Promise<void> {
    this.minOffset = offset;
    this.flushedOffset = offset;
    return Promise.resolve();
  }

  take(bytes: Buffer): number {
    if (this.refusal) return 0;
    let at = 0;
    try {
      while (at < bytes.length) {
        const taken = this.takeNext(bytes.subarray(at));
        if (taken === 0) break;
        at += taken;
      }
    } finally {
      if (at > 0) this.announce();
    }
    return at;
  }

  private takeNext(bytes: Buffer): number {
    const offset = this.endOffset;
    let size = 0;
    if (offset < this.fillerEnd) {
      size = Math.min(bytes.length, this.fillerEnd - offset);
      if (bytes.subarray(0, size).some((byte) => byte !== FILLER_BYTE))
        throw new UnsoundBytesError('filler');
    } else {
      if (bytes.length < HEAD_BYTES) return 0;
      size = bytes.readInt32BE(0);
      const mark = bytes.readUInt32BE(4);
      const room = this.segmentSizeBytes - (offset % this.segmentSizeBytes);
      if (size < HEAD_BYTES || size > room || readSafeInt64(bytes, 8) !== offset)
        throw new UnsoundBytesError('head');
      if (mark === FILLER) {
        this.fillerEnd = offset + size;
        size = HEAD_BYTES;
      } else if (size > bytes.length) return 0;
      else if (crc32(bytes.subarray(HEAD_BYTES, size)) !== mark)
        throw new UnsoundBytesError('checksum');
    }
    this.grow(Buffer.from(bytes.subarray(0, size)));
    return size;
  }
}

function head(size: number, mark: number, offset: number): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES);
  bytes.writeInt32BE(size, 0);
  bytes.writeUInt32BE(mark, 4);
  writeSafeInt64(bytes, 8, offset);
  return bytes;
}
