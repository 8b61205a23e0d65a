import type { LogEntry } from '../append-entry.js';
import type { LogSlab } from './log-slab.js';

/** What is known of the copies that a batch waits for; the last two are reasons to wait no longer. */
export type CopyState = 'awaited' | 'timed-out' | 'not-available';

/**
 * Records that are written together: a stretch of the log inside one file.
 * It grows until the writer takes it; a batch never spans two files.
 */
export class LogBatch {
  readonly entries: LogEntry[] = [];
  private readonly slabs: LogSlab[] = [];
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  /** Offset of the log behind this batch; the start of the next file when an end-of-file mark closes it. */
  endOffset: number;
  bytes = 0;
  /** Nothing may be added any more. */
  sealed = false;
  /** Monotonic ms at which its bytes reached the system; 0 before. */
  writtenAtMs = 0;
  copies: CopyState = 'awaited';
  /** The sync takes too long. */
  syncTimedOut = false;
  /** The entries that wait have been answered. */
  told = false;

  constructor(readonly startOffset: number) {
    this.endOffset = startOffset;
  }

  /** Adds what was just encoded at the end of `slab`. */
  extend(slab: LogSlab, addedBytes: number, endOffset: number): void {
    const last = this.slabs.length - 1;
    if (last >= 0 && this.slabs[last] === slab) {
      this.ends[last] = slab.usedBytes;
    } else {
      slab.holds++;
      this.slabs.push(slab);
      this.starts.push(slab.usedBytes - addedBytes);
      this.ends.push(slab.usedBytes);
    }
    this.bytes += addedBytes;
    this.endOffset = endOffset;
  }

  /** The bytes, in order, as slices of the slabs. */
  pieces(): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    for (let i = 0; i < this.slabs.length; i++) {
      pieces.push(this.slabs[i]!.buffer.subarray(this.starts[i], this.ends[i]));
    }
    return pieces;
  }

  /** Gives up the slabs: their bytes are written, or never will be. */
  releaseSlabs(release: (slab: LogSlab) => void): void {
    for (const slab of this.slabs) release(slab);
    this.slabs.length = 0;
  }
}
