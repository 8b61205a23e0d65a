import { FrameTooLargeError, MalformedFrameError } from '../protocol-errors.js';
import { decodeBinaryHeader } from './binary-header.codec.js';
import { FRAME_PREFIX_BYTES, RemotingFrame, SerializeType } from './frame.js';
import { decodeJsonHeader } from './json-header.codec.js';
import { PartialBuffers } from './partial-buffers.js';

/** What is taken from a peer. */
export interface FrameLimits {
  /** Largest frame without its four bytes of length. */
  readonly frameBytesMax: number;
  readonly headerBytesMax: number;
  /** Most ext fields of one header. */
  readonly extCountMax: number;
}

/** Apache's frame limit; a header limit above the worst escaping of the longest properties (`PROPERTIES_BYTES_MAX`). */
export const DEFAULT_FRAME_LIMITS: FrameLimits = {
  frameBytesMax: 16 * 1024 * 1024,
  headerBytesMax: 256 * 1024,
  extCountMax: 256,
};

/** Called for each frame; the frame is valid during the call alone. It must not throw. */
export type OnFrame = (frame: RemotingFrame) => void;

const LENGTH_BYTES = 4;
const NO_BYTES: Buffer = Buffer.alloc(0);
/** For all connections: frames are cut one after the other. */
const partialBuffers = new PartialBuffers();

/**
 * Cuts one connection's byte stream into frames.
 *
 * I1  a frame that lies wholly inside a chunk is not copied;
 * I2  what is kept of an unfinished frame is at most twice the bytes that came in, whatever length was announced;
 * I3  each byte is copied a constant number of times, however small the chunks are;
 * I4  after a throw the stream is lost: the owner closes the connection.
 */
export class FrameDecoder {
  private readonly frame = new RemotingFrame();
  /** The start of an unfinished frame: `partialLength` bytes from 0 on. */
  private partial: Buffer = NO_BYTES;
  private partialLength = 0;

  constructor(private readonly limits: FrameLimits = DEFAULT_FRAME_LIMITS) {
    this.frame.extCountMax = limits.extCountMax;
  }

  /** Bytes of an unfinished frame that are held back. */
  get partialBytes(): number {
    return this.partialLength;
  }

  /**
   * Takes what came in and hands out the frames that are complete, in order.
   * @throws {MalformedFrameError} @throws {FrameTooLargeError} frames before the broken one were handed out.
   */
  push(chunk: Buffer, onFrame: OnFrame): void {
    let at = this.partialLength > 0 ? this.finishPartial(chunk, onFrame) : 0;
    const end = chunk.length;
    while (end - at >= FRAME_PREFIX_BYTES) {
      const frameEnd = at + LENGTH_BYTES + this.frameLength(chunk, at, end);
      if (frameEnd > end) break;
      this.emit(chunk, at, frameEnd, onFrame);
      at = frameEnd;
    }
    if (at < end) this.keep(chunk, at, end);
  }

  /** Completes the unfinished frame as far as the chunk goes. @returns how many bytes it took. */
  private finishPartial(chunk: Buffer, onFrame: OnFrame): number {
    let at = 0;
    if (this.partialLength < FRAME_PREFIX_BYTES) {
      at = Math.min(FRAME_PREFIX_BYTES - this.partialLength, chunk.length);
      this.keep(chunk, 0, at);
      if (this.partialLength < FRAME_PREFIX_BYTES) return at;
    }
    const length = this.frameLength(this.partial, 0, this.partialLength);
    const missing = LENGTH_BYTES + length - this.partialLength;
    const available = chunk.length - at;
    if (available < missing) {
      this.keep(chunk, at, chunk.length);
      return chunk.length;
    }
    this.keep(chunk, at, at + missing);
    const { partial } = this;
    this.partial = NO_BYTES;
    this.partialLength = 0;
    this.emit(partial, 0, LENGTH_BYTES + length, onFrame);
    partialBuffers.give(partial);
    return at + missing;
  }

  private keep(chunk: Buffer, from: number, to: number): void {
    const length = this.partialLength + to - from;
    if (length > this.partial.length) {
      const { partial } = this;
      this.partial = partialBuffers.take(length);
      partial.copy(this.partial, 0, 0, this.partialLength);
      if (partial.length > 0) partialBuffers.give(partial);
    }
    chunk.copy(this.partial, this.partialLength, from, to);
    this.partialLength = length;
    // The prefix is checked as soon as it is there: a lie about the length is not waited for.
    if (length >= LENGTH_BYTES) this.frameLength(this.partial, 0, length);
  }

  /** The announced length of the frame at `at`, checked. */
  private frameLength(bytes: Buffer, at: number, end: number): number {
    const length = readInt32(bytes, at);
    const { frameBytesMax, headerBytesMax } = this.limits;
    if (length < LENGTH_BYTES) throw new MalformedFrameError(`length ${length}`);
    if (length > frameBytesMax) throw new FrameTooLargeError('frame', length, frameBytesMax);
    if (end - at < FRAME_PREFIX_BYTES) return length;
    const word = readInt32(bytes, at + LENGTH_BYTES);
    const headerLength = word & 0xff_ffff;
    if (headerLength === 0 || headerLength > length - LENGTH_BYTES) {
      throw new MalformedFrameError(`header of ${headerLength} bytes in a frame of ${length}`);
    }
    if (headerLength > headerBytesMax) {
      throw new FrameTooLargeError('header', headerLength, headerBytesMax);
    }
    if (word >>> 24 > SerializeType.ROCKETMQ) {
      throw new MalformedFrameError(`serialize type ${word >>> 24}`);
    }
    return length;
  }

  private emit(bytes: Buffer, start: number, end: number, onFrame: OnFrame): void {
    const { frame } = this;
    const word = readInt32(bytes, start + LENGTH_BYTES);
    frame.reset(bytes, start, word & 0xff_ffff, end);
    if (word >>> 24 === SerializeType.JSON) {
      frame.serializeType = SerializeType.JSON;
      decodeJsonHeader(frame);
    } else {
      frame.serializeType = SerializeType.ROCKETMQ;
      decodeBinaryHeader(frame);
    }
    onFrame(frame);
  }
}

/** `Buffer#readInt32BE` without its checks: both callers know that the bytes are there. */
const readInt32 = (bytes: Buffer, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
