import { HaProtocolError } from './replication-errors.js';
import type { CopiedLog } from './log-seams.js';

const START_BYTES = 64 * 1024;
const LENGTH_BYTES = 4;

/**
 * Gives a stream of log bytes to a log that takes only whole records: what is left of a chunk waits for what follows it.
 *
 * Invariant I1: the bytes kept begin at the log's `endOffset`.
 */
export class RecordAssembly {
  private kept = Buffer.allocUnsafeSlow(START_BYTES);
  private keptBytes = 0;

  constructor(
    private readonly log: Pick<CopiedLog, 'take' | 'endOffset'>,
    /** Most that may be kept: more than any record. */
    private readonly keptBytesMax: number,
  ) {}

  /** Where the next byte of the stream belongs. */
  get nextOffset(): number {
    return this.log.endOffset + this.keptBytes;
  }

  /** Takes the stream's next bytes; they may be reused afterwards. @throws what the log's `take` throws; {HaProtocolError} too long a record */
  push(bytes: Buffer): void {
    const completed = this.complete(bytes);
    if (completed === bytes.length) return;
    const rest = bytes.subarray(completed);
    const taken = this.log.take(rest);
    if (taken < rest.length) this.keep(rest.subarray(taken));
  }

  /**
   * Adds to what is kept as much as its first record lacks, and no more: the rest can be taken from where it lies.
   * @returns bytes used; nothing is kept any more, or that is all
   */
  private complete(bytes: Buffer): number {
    if (this.keptBytes === 0) return 0;
    let used = 0;
    if (this.keptBytes < LENGTH_BYTES) {
      used = Math.min(LENGTH_BYTES - this.keptBytes, bytes.length);
      this.keep(bytes.subarray(0, used));
      if (this.keptBytes < LENGTH_BYTES) return used;
    }
    const wantedBytes = this.kept.readInt32BE(0);
    const isRecord = wantedBytes > this.keptBytes && wantedBytes <= this.keptBytesMax;
    if (isRecord) {
      const lacking = bytes.subarray(used, used + wantedBytes - this.keptBytes);
      this.keep(lacking);
      used += lacking.length;
      if (this.keptBytes < wantedBytes) return used;
      this.retry();
      if (this.keptBytes === 0) return used;
    }
    // Filler, or the log takes nothing now: all of it is offered together.
    this.keep(bytes.subarray(used));
    this.retry();
    return bytes.length;
  }

  /** Offers what is kept again, because the log may take now what it did not. @throws what the log's `take` throws */
  retry(): void {
    const { kept, keptBytes } = this;
    if (keptBytes === 0) return;
    const taken = this.log.take(kept.subarray(0, keptBytes));
    kept.copyWithin(0, taken, keptBytes);
    this.keptBytes -= taken;
  }

  private keep(bytes: Buffer): void {
    const neededBytes = this.keptBytes + bytes.length;
    if (neededBytes > this.keptBytesMax)
      throw new HaProtocolError(`a record of more than ${this.keptBytesMax} bytes`);
    if (neededBytes > this.kept.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(neededBytes, 2 * this.kept.length));
      this.kept.copy(larger, 0, 0, this.keptBytes);
      this.kept = larger;
    }
    bytes.copy(this.kept, this.keptBytes);
    this.keptBytes = neededBytes;
  }
}
