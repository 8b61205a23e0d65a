import { invariant, viewOf } from '@rocketmq-ts/kernel';

/** A stretch of a file in memory. */
export class Chunk {
  /** Bytes that were in the file when it was read; what lies behind is not known. */
  validBytes = 0;
  holds = 0;
  loaded = false;
  failure: Error | undefined;
  /** Still findable in the cache. */
  cached = true;
  readonly waiters: (() => void)[] = [];
  readonly view: DataView;

  constructor(
    readonly key: number,
    /** Offset (in the reader's terms) of byte 0. */
    readonly startOffset: number,
    readonly buffer: Buffer,
    /** Bytes that were asked for; fewer are valid when the file is shorter. */
    readonly wantedBytes: number,
  ) {
    this.view = viewOf(buffer);
  }
}

/** Reads a chunk's bytes; `done` gets the count of bytes that are valid. */
export type ChunkLoader = (
  into: Buffer,
  done: (error: Error | undefined, validBytes: number) => void,
) => void;

/**
 * Chunks of files, least recently used out first, memory reused.
 *
 * Invariants:
 *  I1  a chunk's memory is reused only when nobody holds it and no read into it is under way;
 *  I2  chunks that are held count against the budget but are never dropped: readers bound what they hold.
 */
export class ChunkCache {
  private readonly chunks = new Map<number, Chunk>();
  private readonly idleBuffers: Buffer[] = [];
  private usedBytes = 0;

  constructor(
    private readonly budgetBytes: number,
    private readonly chunkBytes: number,
    private readonly onLoaded: () => void = () => undefined,
  ) {}

  get sizeBytes(): number {
    return this.usedBytes;
  }

  /** The chunk, loaded or being loaded; undefined when it is not here. It becomes the most recently used. */
  get(key: number): Chunk | undefined {
    const chunk = this.chunks.get(key);
    if (chunk) {
      this.chunks.delete(key);
      this.chunks.set(key, chunk);
    }
    return chunk;
  }

  /** Whether the chunk is here or on its way, without making it recently used. */
  has(key: number): boolean {
    return this.chunks.has(key);
  }

  /** Begins to read a chunk that is not here. */
  load(key: number, startOffset: number, sizeBytes: number, read: ChunkLoader): Chunk {
    invariant(!this.chunks.has(key), 'a chunk is loaded once');
    const chunk = new Chunk(key, startOffset, this.takeBuffer(sizeBytes), sizeBytes);
    chunk.holds = 1;
    this.chunks.set(key, chunk);
    this.usedBytes += chunk.buffer.length;
    this.evict();
    const into =
      sizeBytes === chunk.buffer.length ? chunk.buffer : chunk.buffer.subarray(0, sizeBytes);
    read(into, (error, validBytes) => {
      chunk.loaded = true;
      chunk.validBytes = validBytes;
      chunk.failure = error;
      this.onLoaded();
      if (error) this.drop(key);
      for (const waiter of chunk.waiters.splice(0)) waiter();
      this.release(chunk);
    });
    return chunk;
  }

  /** One holder less. */
  release(chunk: Chunk): void {
    chunk.holds--;
    if (chunk.holds === 0 && !chunk.cached) this.recycle(chunk);
  }

  /** Makes a chunk unfindable: its file changed or is gone. Holders keep their bytes. */
  drop(key: number): void {
    const chunk = this.chunks.get(key);
    if (!chunk) return;
    this.chunks.delete(key);
    chunk.cached = false;
    if (chunk.holds === 0) this.recycle(chunk);
  }

  clear(): void {
    for (const key of [...this.chunks.keys()]) this.drop(key);
    this.idleBuffers.length = 0;
  }

  private evict(): void {
    if (this.usedBytes <= this.budgetBytes) return;
    for (const [key, chunk] of this.chunks) {
      if (chunk.holds > 0) continue;
      this.drop(key);
      if (this.usedBytes <= this.budgetBytes) return;
    }
  }

  private recycle(chunk: Chunk): void {
    this.usedBytes -= chunk.buffer.length;
    if (chunk.buffer.length === this.chunkBytes && this.idleBuffers.length < 4) {
      this.idleBuffers.push(chunk.buffer);
    }
  }

  private takeBuffer(sizeBytes: number): Buffer {
    if (sizeBytes <= this.chunkBytes) {
      return this.idleBuffers.pop() ?? Buffer.allocUnsafeSlow(this.chunkBytes);
    }
    return Buffer.allocUnsafeSlow(sizeBytes);
  }
}
