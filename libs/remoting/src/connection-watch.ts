import type { ConnectionSet } from './connection-set.js';

/** Why a connection that goes on has to be closed. */
export type Overdue = 'idle' | 'incomplete frame' | 'slow reader';

/**
 * What one connection holds in memory and since when, counted in sweeps of its side. The side's totals are kept in step.
 *
 * I1  the side's `keptBytesNow` and `unsentBytesNow` are the sums over its watches; a forgotten watch adds nothing.
 */
export class ConnectionWatch {
  private activeSweep: number;
  private partialBytes = 0;
  private waitingBytes = 0;
  private partialSinceSweep = 0;
  private unsentBytes = 0;
  private unsentSinceSweep = 0;

  constructor(private readonly side: ConnectionSet) {
    this.activeSweep = side.sweepNumber;
  }

  /** Bytes moved, in or out. */
  active(): void {
    this.activeSweep = this.side.sweepNumber;
  }

  /** Bytes of an unfinished frame, and of requests that were read and wait. */
  get keptBytes(): number {
    return this.partialBytes + this.waitingBytes;
  }

  /** Number of the first sweep with the present unfinished frame; 0 where there is none. */
  get unfinishedSince(): number {
    return this.partialSinceSweep;
  }

  /** There were unsent bytes after the last write. */
  get backlogged(): boolean {
    return this.unsentBytes > 0;
  }

  /** After each chunk: what is left of it. `frameCompleted` says that this is another frame than before. */
  notePartial(byteCount: number, frameCompleted: boolean): void {
    if (byteCount === 0 && this.partialBytes === 0) return;
    const grewBy = byteCount - this.partialBytes;
    this.partialBytes = byteCount;
    if (byteCount === 0) this.partialSinceSweep = 0;
    else if (frameCompleted || this.partialSinceSweep === 0) {
      this.partialSinceSweep = this.side.sweepNumber;
    }
    this.side.onKeptChanged(grewBy);
  }

  /** Requests that were read when reading was paused wait, or wait no more. */
  noteWaiting(grewByBytes: number): void {
    this.waitingBytes += grewByBytes;
    this.side.onKeptChanged(grewByBytes);
  }

  /** After writes and drains: what the system has not taken. */
  noteUnsent(byteCount: number): void {
    if (byteCount === 0 && this.unsentBytes === 0) return;
    if (this.unsentBytes === 0) this.unsentSinceSweep = this.side.sweepNumber;
    const grewBy = byteCount - this.unsentBytes;
    this.unsentBytes = byteCount;
    this.side.onUnsentChanged(grewBy);
  }

  /** With every sweep. @param paused we do not read: then what the peer sends is not late. */
  overdue(paused: boolean, unsentBytes: number): Overdue | undefined {
    const { side } = this;
    const now = side.sweepNumber;
    if (this.partialSinceSweep > 0) {
      if (paused) this.partialSinceSweep = now;
      else if (now - this.partialSinceSweep > side.frameDeadlineSweeps) return 'incomplete frame';
    }
    if (this.unsentBytes > 0) {
      if (unsentBytes < this.unsentBytes) {
        this.noteUnsent(unsentBytes);
        this.unsentSinceSweep = now;
      }
      return now - this.unsentSinceSweep > side.unsentDeadlineSweeps ? 'slow reader' : undefined;
    }
    return !paused && now - this.activeSweep > side.idleSweeps ? 'idle' : undefined;
  }

  /** The connection is closed: it counts no more (I1). */
  forget(): void {
    this.notePartial(0, false);
    this.noteWaiting(-this.waitingBytes);
    this.noteUnsent(0);
  }
}
