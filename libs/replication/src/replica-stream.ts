import {
  RocketMQError,
  type Clock,
  type NetworkSocket,
  type SocketEvents,
} from '@rocketmq-ts/kernel';
import { encodeReport, FrameReader, type FrameEvents } from './ha-frame.js';
import type { CopiedLog, CopyPressure } from './log-seams.js';
import { RecordAssembly } from './record-assembly.js';
import { HaProtocolError, HaTimeoutError } from './replication-errors.js';

/** What a slave reports as copied: what its system has taken, or what is on stable storage. */
export type SlaveAck = 'received' | 'flushed';

/** Limits of one stream. */
export interface ReplicaStreamOptions {
  readonly ack: SlaveAck;
  readonly segmentSizeBytes: number;
  readonly frameBytesMax: number;
  readonly recordBytesMax: number;
  readonly heartbeatMs: number;
  readonly silenceMaxMs: number;
  /** Presented in front of the first report; undefined under an Apache master. */
  readonly ticket: number | undefined;
}

/**
 * Bytes that may wait for the disk: enough for it, and little enough that what is known of their records does not grow old in
 * memory (the store's own bound, 32 MiB, is 25 000 messages of 1 KiB).
 */
const UNWRITTEN_BYTES_MAX = 4 * 1024 * 1024;

/** More frames without a byte of the log than this, in one second, are no heartbeat. */
const HEARTBEATS_MAX = 100;

/**
 * The slave's end of one connection: checks frames, gives their bytes to the log, and reports.
 *
 * Invariants:
 *  I1  a frame is the log's next bytes and lies in one file, or the connection ends before anything of it is looked at;
 *  I2  what is reported is in the log of this slave, whole records, and does not fall.
 */
export class ReplicaStream implements SocketEvents, FrameEvents {
  reportedOffset = -1;
  receivedBytes = 0;
  lastReadMs: number;
  lastWriteMs: number;
  /** Where the last frame ended: as far as the master has sent. */
  frameEndOffset: number;
  private readonly frames = new FrameReader(this);
  private readonly assembly: RecordAssembly;
  private heldBack = false;
  private heartbeats = 0;
  private ended = false;

  constructor(
    private readonly socket: NetworkSocket,
    private readonly parts: {
      readonly replica: CopiedLog;
      readonly pressure: CopyPressure;
      readonly clock: Clock;
      /** The connection is gone, or has to go; undefined: it closed without an error. Called once. */
      readonly onEnd: (error: Error | undefined) => void;
    },
    private readonly options: ReplicaStreamOptions,
  ) {
    this.assembly = new RecordAssembly(parts.replica, options.recordBytesMax);
    this.lastReadMs = this.lastWriteMs = parts.clock.monotonicMs();
    this.frameEndOffset = parts.replica.endOffset;
  }

  /** Says where the log goes on, and what it has. */
  begin(): void {
    const { ticket } = this.options;
    if (ticket !== undefined) {
      this.socket.write(encodeReport(ticket));
      this.socket.write(encodeReport(this.parts.replica.endOffset));
    }
    this.report(true);
  }

  onData(chunk: Buffer): void {
    if (this.ended) return;
    this.lastReadMs = this.parts.clock.monotonicMs();
    this.guarded(() => this.frames.take(chunk));
    this.holdBack();
  }

  onDrain(): void {
    // Reports are small: nobody waits for them to leave.
  }

  onClose(error: Error | undefined): void {
    this.end(error);
  }

  onHeader(offset: number, sizeBytes: number): void {
    const { segmentSizeBytes, frameBytesMax } = this.options;
    const { nextOffset } = this.assembly;
    if (offset !== nextOffset)
      throw new HaProtocolError(`a frame for offset ${offset}, the log goes on at ${nextOffset}`);
    if (sizeBytes < 0 || sizeBytes > frameBytesMax)
      throw new HaProtocolError(`a frame of ${sizeBytes} bytes, the limit is ${frameBytesMax}`);
    if ((offset % segmentSizeBytes) + sizeBytes > segmentSizeBytes)
      throw new HaProtocolError(`a frame of ${sizeBytes} bytes at ${offset} spans two files`);
    if (sizeBytes > 0) this.heartbeats = 0;
    else if (++this.heartbeats > HEARTBEATS_MAX) throw new HaProtocolError('a flood of heartbeats');
    this.frameEndOffset = offset + sizeBytes;
  }

  onBody(bytes: Buffer): void {
    this.receivedBytes += bytes.length;
    this.assembly.push(bytes);
  }

  /** Tells the master what the log has, where that is news; in any case when `always`. */
  report(always = false): void {
    const { replica, clock } = this.parts;
    if (this.ended) return;
    const offset = this.options.ack === 'flushed' ? replica.flushedOffset : replica.writtenOffset;
    if (offset <= this.reportedOffset && !always) return;
    this.reportedOffset = Math.max(offset, this.reportedOffset);
    this.lastWriteMs = clock.monotonicMs();
    this.socket.write(encodeReport(this.reportedOffset));
  }

  /** The log has written something. */
  onWritten(): void {
    this.report();
    this.goOn();
  }

  /** The store takes bytes again. */
  goOn(): void {
    if (!this.heldBack || this.mustWait(UNWRITTEN_BYTES_MAX / 2)) return;
    this.heldBack = false;
    this.lastReadMs = this.parts.clock.monotonicMs();
    this.guarded(() => this.assembly.retry());
    this.socket.resume();
    this.holdBack();
  }

  /** Once a second. */
  tick(nowMs: number): void {
    const { heartbeatMs, silenceMaxMs } = this.options;
    this.heartbeats = 0;
    this.goOn();
    if (nowMs - this.lastWriteMs >= heartbeatMs) this.report(true);
    const silentMs = nowMs - this.lastReadMs;
    if (!this.heldBack && silentMs > silenceMaxMs)
      this.end(new HaTimeoutError(`nothing from the master for ${Math.round(silentMs)} ms`));
  }

  end(error: Error | undefined): void {
    if (this.ended) return;
    this.ended = true;
    this.socket.destroy();
    this.parts.onEnd(error);
  }

  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof RocketMQError)) throw error;
      const ours = error instanceof HaProtocolError;
      this.end(ours ? error : new HaProtocolError(error.message, { cause: error }));
    }
  }

  /** Lets the master wait, in TCP, while the store does not keep up. */
  private holdBack(): void {
    if (this.heldBack || this.ended || !this.mustWait(UNWRITTEN_BYTES_MAX)) return;
    this.heldBack = true;
    this.socket.pause();
  }

  private mustWait(unwrittenBytesMax: number): boolean {
    const { replica, pressure } = this.parts;
    const unwrittenBytes = replica.endOffset - replica.writtenOffset;
    return unwrittenBytes > unwrittenBytesMax || pressure.writeRefusal() !== undefined;
  }
}
