import { viewOf } from '@rocketmq-ts/kernel';

/** Sizes of a writer's slab. */
export interface FrameWriterOptions {
  /** First size of the slab; it is made at the first write. */
  readonly initialBytes?: number;
  /** `reset()` lets go of a slab that grew beyond this. */
  readonly keptBytesMax?: number;
}

/**
 * Bytes on their way out: frames are written one behind the other into one slab that grows as needed.
 *
 * Use: `reserve(n)` takes `n` bytes at the end and says where they start; `slab` may be another buffer after any
 * call that takes bytes. What was written leaves with `bytes()`; before the slab is written again the owner calls
 * `reset()` (the system has the bytes) or `detach()` (they are still being sent).
 */
export class FrameWriter {
  /** The buffer written into; read it anew after each call that may have grown it. */
  slab: Buffer = NO_SLAB;
  /** View of `slab`, position for position. */
  view: DataView = NO_VIEW;
  /** Bytes written so far: the position of the next one. */
  length = 0;

  private readonly initialBytes: number;
  private readonly keptBytesMax: number;

  constructor(options: FrameWriterOptions = {}) {
    this.initialBytes = options.initialBytes ?? 4096;
    this.keptBytesMax = options.keptBytesMax ?? 64 * 1024;
  }

  /** Takes `count` bytes at the end and returns the position of the first. */
  reserve(count: number): number {
    const position = this.length;
    const needed = position + count;
    if (needed > this.slab.length) this.grow(needed);
    this.length = needed;
    return position;
  }

  /** Makes room for `count` bytes behind the end without taking them. */
  ensure(count: number): void {
    const needed = this.length + count;
    if (needed > this.slab.length) this.grow(needed);
  }

  /** Appends text as UTF-8 and returns how many bytes it took. */
  text(text: string): number {
    const bytes = Buffer.byteLength(text, 'utf8');
    // The slab is looked up after the reservation, which may have replaced it.
    const at = this.reserve(bytes);
    this.slab.write(text, at, 'utf8');
    return bytes;
  }

  /** Appends a copy of `bytes`. */
  append(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.slab.set(bytes, at);
  }

  /** Forgets what was written behind `length`: an answer that could not be finished. */
  truncate(length: number): void {
    this.length = length;
  }

  /** What was written, as a view of the slab. */
  bytes(): Buffer {
    return this.slab.subarray(0, this.length);
  }

  /** Starts over in the same slab. */
  reset(): void {
    this.length = 0;
    if (this.slab.length > this.keptBytesMax) this.dropSlab();
  }

  /** What was written; it belongs to the caller now, the next write makes a new slab. */
  detach(): Buffer {
    const bytes = this.bytes();
    this.dropSlab();
    this.length = 0;
    return bytes;
  }

  private grow(needed: number): void {
    const size = Math.max(needed, this.slab.length * 2, this.initialBytes);
    const slab = Buffer.allocUnsafeSlow(size);
    slab.set(this.slab.subarray(0, this.length));
    this.slab = slab;
    this.view = viewOf(slab);
  }

  private dropSlab(): void {
    this.slab = NO_SLAB;
    this.view = NO_VIEW;
  }
}

const NO_SLAB: Buffer = Buffer.alloc(0);
const NO_VIEW: DataView = new DataView(new ArrayBuffer(0));
