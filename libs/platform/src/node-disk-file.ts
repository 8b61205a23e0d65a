import {
  close,
  fdatasync,
  ftruncate,
  ftruncateSync,
  read,
  readSync,
  write,
  writeSync,
  writev,
  writevSync,
} from 'node:fs';
import type { DiskDone, DiskFile } from '@rocketmq-ts/kernel';

/** The system's error for a call on a file that was closed. */
export class FileClosedError extends Error {
  override readonly name = 'FileClosedError';
  readonly code = 'EBADF';

  constructor(path: string) {
    super(`EBADF: ${path} is closed`);
  }
}

/** The file took no byte and named no reason: going on would loop for ever. */
class NoProgressError extends Error {
  override readonly name = 'NoProgressError';
  readonly code = 'EIO';

  constructor(path: string) {
    super(`EIO: a write to ${path} made no progress`);
  }
}

/**
 * The part of `buffers` that is left after `writtenBytes` of them were written.
 * Exported for its test: real disks write short too rarely to rely on.
 */
export function remainingOf(buffers: readonly Uint8Array[], writtenBytes: number): Uint8Array[] {
  const left: Uint8Array[] = [];
  let skip = writtenBytes;
  for (const buffer of buffers) {
    if (skip >= buffer.length) {
      skip -= buffer.length;
    } else {
      left.push(skip === 0 ? buffer : buffer.subarray(skip));
      skip = 0;
    }
  }
  return left;
}

const lengthOf = (buffers: readonly Uint8Array[]): number => {
  let total = 0;
  for (let i = 0; i < buffers.length; i++) total += buffers[i]!.length;
  return total;
};

/**
 * A file of this machine behind one descriptor.
 *
 * Invariants:
 *  I1  the descriptor is closed only after every operation under way has ended: a number that the system gave to
 *      somebody else meanwhile is never written to;
 *  I2  `sizeBytes` counts bytes that the system has taken, never bytes that are still on their way.
 */
export class NodeDiskFile implements DiskFile {
  private currentSizeBytes: number;
  private underWay = 0;
  private closed = false;
  private closing: Promise<void> | undefined;
  private onIdle: (() => void) | undefined;

  constructor(
    readonly path: string,
    private readonly descriptor: number,
    sizeBytes: number,
  ) {
    this.currentSizeBytes = sizeBytes;
  }

  get sizeBytes(): number {
    return this.currentSizeBytes;
  }

  write(buffers: readonly Uint8Array[], position: number, done: DiskDone): void {
    const totalBytes = lengthOf(buffers);
    if (!this.begin(done) || this.endIfEmpty(totalBytes, done)) return;
    this.writeOn(buffers, totalBytes, position, done);
  }

  writeNow(buffers: readonly Uint8Array[], position: number): void {
    if (this.closed) throw new FileClosedError(this.path);
    let left = buffers;
    let leftBytes = lengthOf(buffers);
    let at = position;
    while (leftBytes > 0) {
      const written =
        left.length === 1
          ? writeSync(this.descriptor, left[0]!, 0, left[0]!.length, at)
          : writevSync(this.descriptor, left, at);
      if (written === 0) throw new NoProgressError(this.path);
      at += written;
      leftBytes -= written;
      this.grewTo(at);
      if (leftBytes > 0) left = remainingOf(left, written);
    }
  }

  read(
    into: Uint8Array,
    position: number,
    done: (error: Error | undefined, bytesRead: number) => void,
  ): void {
    if (!this.begin((error) => done(error, 0))) return;
    this.readOn(into, 0, position, done);
  }

  readNow(into: Uint8Array, position: number): number {
    if (this.closed) throw new FileClosedError(this.path);
    let got = 0;
    while (got < into.length) {
      const count = readSync(this.descriptor, into, got, into.length - got, position + got);
      if (count === 0) break;
      got += count;
    }
    return got;
  }

  dataSync(done: DiskDone): void {
    if (!this.begin(done)) return;
    fdatasync(this.descriptor, (error) => this.finish(error ?? undefined, done));
  }

  truncate(sizeBytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const done: DiskDone = (error) => (error ? reject(error) : resolve());
      if (!this.begin(done)) return;
      ftruncate(this.descriptor, sizeBytes, (error) => {
        if (!error) this.currentSizeBytes = sizeBytes;
        this.finish(error ?? undefined, done);
      });
    });
  }

  truncateNow(sizeBytes: number): void {
    if (this.closed) throw new FileClosedError(this.path);
    ftruncateSync(this.descriptor, sizeBytes);
    this.currentSizeBytes = sizeBytes;
  }

  close(): Promise<void> {
    if (this.closing) return this.closing;
    this.closed = true;
    this.closing = new Promise<void>((resolve, reject) => {
      const closeNow = (): void =>
        close(this.descriptor, (error) => (error ? reject(error) : resolve()));
      if (this.underWay === 0) closeNow();
      else this.onIdle = closeNow; // I1
    });
    return this.closing;
  }

  private begin(done: DiskDone): boolean {
    if (this.closed) {
      done(new FileClosedError(this.path));
      return false;
    }
    this.underWay++;
    return true;
  }

  private finish(error: Error | undefined, done: DiskDone): void {
    this.underWay--;
    if (this.underWay === 0 && this.onIdle) this.onIdle();
    done(error);
  }

  private endIfEmpty(totalBytes: number, done: DiskDone): boolean {
    if (totalBytes === 0) this.finish(undefined, done);
    return totalBytes === 0;
  }

  private writeOn(
    buffers: readonly Uint8Array[],
    leftBytes: number,
    position: number,
    done: DiskDone,
  ): void {
    const onWritten = (error: Error | null, written: number): void => {
      if (written > 0) this.grewTo(position + written);
      if (error) return this.finish(error, done);
      if (written === leftBytes) return this.finish(undefined, done);
      if (written === 0) return this.finish(new NoProgressError(this.path), done);
      this.writeOn(remainingOf(buffers, written), leftBytes - written, position + written, done);
    };
    if (buffers.length === 1) {
      write(this.descriptor, buffers[0]!, 0, buffers[0]!.length, position, onWritten);
    } else {
      writev(this.descriptor, buffers as Uint8Array[], position, onWritten);
    }
  }

  private readOn(
    into: Uint8Array,
    got: number,
    position: number,
    done: (error: Error | undefined, bytesRead: number) => void,
  ): void {
    read(this.descriptor, into, got, into.length - got, position + got, (error, count) => {
      const bytesRead = got + (error ? 0 : count);
      if (!error && count > 0 && bytesRead < into.length) {
        return this.readOn(into, bytesRead, position, done);
      }
      this.finish(error ?? undefined, (problem) => done(problem, bytesRead));
    });
  }

  private grewTo(endPosition: number): void {
    if (endPosition > this.currentSizeBytes) this.currentSizeBytes = endPosition;
  }
}
