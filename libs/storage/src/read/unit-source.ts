import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import type { QueueFiles } from '../consume-queue/queue-files.js';
import { UNIT_BYTES } from '../consume-queue/queue-unit.js';
import { ChunkCache, type Chunk } from './chunk-cache.js';

/** Units read at once: a divisor of Apache's 300 000 a file. Each read costs the event loop more than its bytes do. */
const CHUNK_UNITS = 2400;
const KEYS_PER_QUEUE = 2 ** 26;

/** Units of one queue from a file, cached. */
export class UnitSource {
  private readonly cache: ChunkCache;

  constructor(
    private readonly files: QueueFiles,
    budgetBytes: number,
  ) {
    this.cache = new ChunkCache(budgetBytes, CHUNK_UNITS * UNIT_BYTES);
  }

  /**
   * The chunk with the unit at `queueOffset`, which is written; possibly still being read. It may be held until the caller
   * lets it go with `release`.
   */
  chunkFor(queue: ConsumeQueue, queueOffset: number): Chunk {
    const { unitCount } = this.files;
    const inFile = queueOffset % unitCount;
    const startOffset = queueOffset - (inFile % CHUNK_UNITS);
    const chunksPerFile = Math.ceil(unitCount / CHUNK_UNITS);
    const number =
      Math.floor(queueOffset / unitCount) * chunksPerFile + Math.floor(inFile / CHUNK_UNITS);
    const key = queue.serial * KEYS_PER_QUEUE + number;
    const known = this.cache.get(key);
    if (known) {
      const grown = known.validBytes === known.wantedBytes && !covers(known, queueOffset);
      if (!known.loaded || !grown) return known;
      this.cache.drop(key);
    }
    const fileEnd = queueOffset - inFile + unitCount;
    const endOffset = Math.min(startOffset + CHUNK_UNITS, fileEnd, queue.writtenOffset);
    return this.cache.load(
      key,
      startOffset,
      (endOffset - startOffset) * UNIT_BYTES,
      (into, done) => {
        this.read(queue, startOffset, into, done);
      },
    );
  }

  release(chunk: Chunk): void {
    this.cache.release(chunk);
  }

  /** Forgets what is cached: units were rewritten or removed. */
  clear(): void {
    this.cache.clear();
  }

  private read(
    queue: ConsumeQueue,
    startOffset: number,
    into: Buffer,
    done: (error: Error | undefined, validBytes: number) => void,
  ): void {
    let file;
    try {
      file = this.files.acquireForRead(queue, startOffset);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)), 0);
      return;
    }
    const position = (startOffset % this.files.unitCount) * UNIT_BYTES;
    file.read(into, position, (error, bytesRead) => {
      this.files.release(file);
      done(error, bytesRead - (bytesRead % UNIT_BYTES));
    });
  }
}

/** Whether a loaded chunk has this unit. */
export function covers(chunk: Chunk, queueOffset: number): boolean {
  return (queueOffset - chunk.startOffset + 1) * UNIT_BYTES <= chunk.validBytes;
}
