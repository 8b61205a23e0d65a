import type { ClockTask, NetworkSocket, SocketEvents } from '@rocketmq-ts/kernel';
import { invariant } from '@rocketmq-ts/kernel';
import {
  type Command,
  type ExtFields,
  FrameDecoder,
  type FrameWriter,
  type Message,
  type Received,
  type RemotingFrame,
  type Sent,
  SerializeType,
  encodeResponseFrame,
} from '@rocketmq-ts/protocol';
import { type Pausable, PauseReason } from './backpressure.js';
import { type CallOptions, call, oneWay } from './call.js';
import type { ConnectionSet } from './connection-set.js';
import { ConnectionWatch } from './connection-watch.js';
import type { Flushable } from './flush-queue.js';
import { BATCH_BYTES, type OutgoingBatch } from './outgoing-batch.js';
import { PeerAddress } from './peer-address.js';
import type { RemotingLimits } from './remoting-limits.js';
import type { RemotingStats } from './remoting-stats.js';
import { RequestTable } from './request-table.js';

/** open → ending (nothing is taken or sent any more, the last bytes leave) → gone (the socket is closed). */
const Phase = { OPEN: 0, ENDING: 1, GONE: 2 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/** Sweeps that a peer gets to close its side after we closed ours. */
const LINGER_SWEEPS = 3;

/** Where an answer goes: the request's frame is one, and so is any object that remembers two of its fields. */
export interface AnswerTo {
  readonly opaque: number;
  /** The answer's header is written as the request's was. */
  readonly serializeType?: SerializeType;
}

/**
 * One TCP connection that speaks remoting, of either side: frames in, frames out, requests in both directions.
 *
 * Frames are written through `beginAnswer()` and leave together at the end of this turn of the event loop.
 *
 * Invariants:
 *  I1  whatever the peer sends or does not read, memory held for it stays below the limits of its side;
 *  I2  nothing is taken from the peer, and nothing sent to it, once `closed` is true;
 *  I3  each request of ours ends exactly once: answer, time-out or closed;
 *  I4  `inFlightCount` is the number of `begin()` calls without their `end()`.
 */
export class RemotingConnection implements SocketEvents, Flushable, Pausable {
  /** Unique among the connections of this process side; never used again. */
  readonly id: number;
  /** What modules remember of this connection, e.g. the client's session. Gone with it. */
  readonly attributes = new Map<string | symbol, unknown>();
  /** Requests that we have sent and whose answers are awaited. */
  readonly requests: RequestTable;

  private readonly decoder: FrameDecoder;
  private phase: Phase = Phase.OPEN;
  private closeReason = 'closed by the peer';
  private batch: OutgoingBatch | undefined;
  private pauseReasons = 0;
  /** Monotonic ms until which reading is stopped for going too fast. */
  private slowUntilMs = 0;
  private slowTask: ClockTask | undefined;
  private inFlight = 0;
  /** Requests that came in the same chunk as the one that paused reading: less than one read takes. */
  private readonly heldFrames: RemotingFrame[] = [];
  private framesIn = 0;
  private readonly watch: ConnectionWatch;
  private endingSweep = 0;
  private wakeWriters: (() => void)[] = [];
  private readonly takeFrame = (frame: RemotingFrame): void => this.onFrame(frame);

  constructor(
    private readonly side: ConnectionSet,
    private readonly socket: NetworkSocket,
    readonly peer = new PeerAddress(socket.remoteAddress, socket.remotePort),
  ) {
    this.id = side.nextConnectionId();
    this.decoder = new FrameDecoder(side.limits);
    this.requests = new RequestTable(side.clock);
    this.watch = new ConnectionWatch(side);
  }

  get remoteAddress(): string {
    return this.peer.host;
  }

  get remotePort(): number {
    return this.peer.port;
  }

  /** `host:port` as Java prints it. */
  get remoteHostPort(): string {
    return this.peer.hostPort;
  }

  get localAddress(): string {
    return this.socket.localAddress;
  }

  get localPort(): number {
    return this.socket.localPort;
  }

  get limits(): RemotingLimits {
    return this.side.limits;
  }

  /** Counters of the side that this connection belongs to. */
  get stats(): RemotingStats {
    return this.side.stats;
  }

  /** No more requests come from it and nothing reaches it. */
  get closed(): boolean {
    return this.phase !== Phase.OPEN;
  }

  /** Requests of the peer that are being worked on. */
  get inFlightCount(): number {
    return this.inFlight;
  }

  /** Bytes that the system has not taken. */
  get unsentBytes(): number {
    return this.socket.unsentBytes;
  }

  /** Bytes that came from it and wait: an unfinished frame, requests while reading is paused. */
  get keptBytes(): number {
    return this.watch.keptBytes;
  }

  /** Number of the first sweep with an unfinished frame that we would read on; 0 where there is none. */
  get unfinishedSince(): number {
    return this.pauseReasons === 0 ? this.watch.unfinishedSince : 0;
  }

  /**
   * Where to write a frame now; what is written leaves at the end of this turn. Ask anew for each frame. On a closed
   * connection what is written goes nowhere.
   */
  beginAnswer(): FrameWriter {
    return this.openBatch().writer;
  }

  /** As `beginAnswer()`. */
  get writer(): FrameWriter {
    return this.beginAnswer();
  }

  /**
   * Answers a request. One-way requests must not be answered; the caller knows.
   * @param remark for people; undefined leaves it out.
   */
  answer(
    to: number | AnswerTo,
    code: number,
    remark?: string,
    ext?: ExtFields,
    body?: Uint8Array,
  ): void {
    const writer = this.beginAnswer();
    const { length } = writer;
    try {
      encodeResponseFrame(writer, {
        code,
        opaque: opaqueOf(to),
        serializeType: serializeTypeOf(to),
        remark,
        ext,
        body,
      });
    } catch (error) {
      writer.truncate(length); // half a frame would break the whole stream
      throw error;
    }
  }

  /**
   * Answers with a body that lies in memory already: the pieces are sent from where they are and must stay untouched
   * until `released` is called, which happens once and possibly before this returns.
   */
  answerPieces(
    to: number | AnswerTo,
    answer: { readonly code: number; readonly remark?: string; readonly ext?: ExtFields },
    pieces: readonly Uint8Array[],
    released?: () => void,
  ): void {
    let detachedBodyBytes = 0;
    for (let i = 0; i < pieces.length; i++) detachedBodyBytes += pieces[i]!.length;
    encodeResponseFrame(this.beginAnswer(), {
      code: answer.code,
      opaque: opaqueOf(to),
      serializeType: serializeTypeOf(to),
      remark: answer.remark,
      ext: answer.ext,
      detachedBodyBytes,
    });
    this.appendPieces(pieces, detachedBodyBytes, released);
  }

  /**
   * Sends pieces behind what was written to `beginAnswer()`: for callers that write the header of an answer, with the
   * pieces' length in it, by themselves.
   */
  appendPieces(pieces: readonly Uint8Array[], byteCount: number, released?: () => void): void {
    if (this.batch) this.batch.addPieces(pieces, byteCount, released);
    else released?.();
  }

  /**
   * `sent` is called once, when nothing of what was written to `beginAnswer()` so far is kept for sending any more,
   * possibly before this returns.
   */
  onSent(sent: () => void): void {
    if (this.batch) this.batch.onSent(sent);
    else sent();
  }

  /**
   * Asks the peer.
   * @throws {ResponseError} an answer other than SUCCESS. @throws {TransportError} no usable answer.
   */
  request<Q extends Message, R extends Message>(
    command: Command<Q, R>,
    message: Sent<Q>,
    options: CallOptions,
  ): Promise<Received<R>> {
    return call(this, command, message, options);
  }

  /** Tells the peer without waiting for an answer; lost without a trace where the connection is closed. */
  oneWay<Q extends Message, R extends Message>(command: Command<Q, R>, message: Sent<Q>): void {
    oneWay(this, command, message);
  }

  /**
   * A request of the peer is being worked on beyond the handler's call. `end` must follow with the same number, exactly
   * once, also when the connection is closed by then. Held pulls are not in work: they neither slow the connection down
   * nor hold up a drain.
   */
  begin(byteCount = 0): void {
    this.inFlight++;
    this.side.budget.add(byteCount, this);
    if (this.inFlight >= this.side.limits.inFlightCountMax) {
      this.pauseReading(PauseReason.IN_FLIGHT);
    }
  }

  /** See `begin`. Call it after the answer was written. */
  end(byteCount = 0): void {
    invariant(this.inFlight > 0, 'I4: end() follows begin()');
    this.inFlight--;
    this.side.budget.remove(byteCount);
    if (
      (this.pauseReasons & PauseReason.IN_FLIGHT) !== 0 &&
      this.inFlight <= this.side.limits.inFlightCountMax / 2
    ) {
      this.resumeReading(PauseReason.IN_FLIGHT);
    }
    if (this.inFlight === 0) this.side.onQuiet(this);
  }

  /** It is open and the peer reads what it is sent. */
  get writable(): boolean {
    return this.phase === Phase.OPEN && (this.pauseReasons & PauseReason.UNSENT) === 0;
  }

  /** Resolves at once while the peer reads what it is sent; else when it has, or the connection is gone. */
  whenWritable(): Promise<void> {
    if (this.closed || this.writable) return Promise.resolve();
    return new Promise((resolve) => this.wakeWriters.push(resolve));
  }

  /** Nothing is being worked on and nothing waits to be sent. */
  get quiet(): boolean {
    return this.inFlight === 0 && this.batch === undefined && this.socket.unsentBytes === 0;
  }

  /** Sends what was written, then closes. What comes in is not looked at any more. */
  close(reason: string): void {
    if (!this.isOpen()) return;
    this.flush();
    if (!this.isOpen()) return;
    this.phase = Phase.ENDING;
    this.closeReason = reason;
    this.endingSweep = this.side.sweepNumber;
    // Read on, and drop what comes: a close with unread bytes would tear down the answers that are on their way.
    if (this.pauseReasons !== 0) this.socket.resume();
    this.pauseReasons = 0;
    this.socket.end();
    this.stopWaiting();
  }

  /** Closes at once; what was not sent is dropped. */
  abort(reason: string): void {
    if (this.phase === Phase.GONE) return;
    if (this.isOpen()) this.closeReason = reason;
    this.phase = Phase.ENDING;
    this.socket.destroy();
    this.stopWaiting();
  }

  /** The peer's bytes do not parse: says so once, and closes. */
  breakOff(error: unknown): void {
    if (!this.isOpen()) return;
    this.side.onBrokenStream(this, error);
    this.flush();
    this.abort('malformed frame');
  }

  /** For the flush queue: sends what was written in this turn. */
  flush(): void {
    const { batch, side, socket } = this;
    if (!batch) return;
    this.batch = undefined;
    if (!this.isOpen()) {
      batch.discard();
      return;
    }
    if (this.watch.backlogged && socket.unsentBytes > side.limits.unsentBytesMax) {
      batch.discard();
      this.abortSlowReader();
      return;
    }
    side.stats.bytesOut += batch.sendTo(socket);
    side.stats.flushes++;
    this.watch.active();
    const { unsentBytes } = socket;
    if (unsentBytes > 0 || this.watch.backlogged) this.noteUnsent(unsentBytes);
  }

  /** For the sweep of its side, about once a second: closes what has gone on for too long. */
  sweep(): void {
    const { side } = this;
    if (!this.isOpen()) {
      if (side.sweepNumber - this.endingSweep >= LINGER_SWEEPS) this.socket.destroy();
      return;
    }
    const overdue = this.watch.overdue(this.pauseReasons !== 0, this.socket.unsentBytes);
    if (overdue === 'idle') {
      side.stats.idleCloses++;
      this.close('idle');
    } else if (overdue === 'slow reader') this.abortSlowReader();
    else if (overdue) this.abortIncomplete('a frame was not complete in time');
  }

  /** Closes because the unfinished frame takes too long or too much memory. */
  abortIncomplete(reason: string): void {
    this.side.stats.incompleteFrameCloses++;
    this.side.throttle.warn('connection closed: unfinished frame', {
      peer: this.remoteHostPort,
      bytes: this.watch.keptBytes,
      reason,
    });
    this.abort(reason);
  }

  /** Closes because the peer does not read. */
  abortSlowReader(): void {
    this.side.stats.slowReaderCloses++;
    this.side.throttle.warn('connection closed: the peer does not read what it is sent', {
      peer: this.remoteHostPort,
      unsentBytes: this.socket.unsentBytes,
    });
    this.abort('slow reader');
  }

  /** Stops reading what the peer sends for a while; a longer wait that is under way stays. */
  slowDown(ms: number): void {
    const { clock } = this.side;
    const untilMs = clock.monotonicMs() + ms;
    if (!this.isOpen() || untilMs <= this.slowUntilMs) return;
    this.slowUntilMs = untilMs;
    this.pauseReading(PauseReason.RATE);
    this.slowTask?.cancel();
    this.slowTask = clock.setTimer(Math.ceil(ms), () => this.resumeReading(PauseReason.RATE));
  }

  pauseReading(reason: PauseReason): void {
    if (!this.isOpen() || (this.pauseReasons & reason) !== 0) return;
    if (this.pauseReasons === 0) {
      this.side.stats.readingPauses++;
      this.socket.pause();
    }
    this.pauseReasons |= reason;
  }

  resumeReading(reason: PauseReason): void {
    if ((this.pauseReasons & reason) === 0) return;
    this.pauseReasons &= ~reason;
    if (this.pauseReasons !== 0 || !this.isOpen()) return;
    if (this.heldFrames.length === 0) this.socket.resume();
    // Not from within `end()`: its caller is in the middle of something.
    else this.side.clock.afterTick(() => this.workHeldFrames());
  }

  onData(chunk: Buffer): void {
    if (!this.isOpen()) return;
    this.watch.active();
    this.side.stats.bytesIn += chunk.length;
    const framesBefore = this.framesIn;
    try {
      this.decoder.push(chunk, this.takeFrame);
    } catch (error) {
      this.breakOff(error);
    }
    // A handler may have closed the connection; then nothing of it is counted any more.
    if (this.isOpen()) {
      this.watch.notePartial(this.decoder.partialBytes, this.framesIn !== framesBefore);
    }
  }

  onDrain(): void {
    if (!this.isOpen()) return;
    this.noteUnsent(0);
    if (this.inFlight === 0) this.side.onQuiet(this);
  }

  onClose(error: Error | undefined): void {
    if (this.phase === Phase.GONE) return;
    if (this.isOpen() && error) this.closeReason = error.message;
    this.phase = Phase.GONE;
    this.batch?.discard();
    this.batch = undefined;
    this.stopWaiting();
    this.side.onGone(this, this.closeReason);
  }

  // A method: what it says may change with every call in between, which a comparison in place would hide.
  private isOpen(): boolean {
    return this.phase === Phase.OPEN;
  }

  private onFrame(frame: RemotingFrame): void {
    if (!this.isOpen()) return;
    this.framesIn++;
    if (frame.isResponse) {
      if (!this.requests.settle(frame)) this.side.stats.unmatchedAnswers++;
    } else if (this.pauseReasons === 0 && this.heldFrames.length === 0) {
      this.side.onRequest(frame, this);
    } else {
      this.heldFrames.push(frame.retain());
      this.watch.noteWaiting(frame.sizeBytes);
    }
  }

  /** Works on the requests that had been read when reading was paused, and then reads on. */
  private workHeldFrames(): void {
    const { heldFrames } = this;
    let next = 0;
    while (next < heldFrames.length && this.pauseReasons === 0 && this.isOpen()) {
      const frame = heldFrames[next++]!;
      this.watch.noteWaiting(-frame.sizeBytes);
      this.side.onRequest(frame, this);
    }
    heldFrames.splice(0, next);
    if (this.pauseReasons === 0 && this.isOpen()) this.socket.resume();
  }

  private openBatch(): OutgoingBatch {
    const { side } = this;
    if (this.batch !== undefined) {
      if (this.batch.byteCount < BATCH_BYTES) return this.batch;
      // So much in one turn: it leaves now, and if the peer does not take it, nothing more is asked of us (I1).
      this.flush();
    }
    if (!this.isOpen()) return side.nowhere();
    this.batch = side.batches.take();
    side.flushes.add(this);
    return this.batch;
  }

  private noteUnsent(unsentBytes: number): void {
    if (unsentBytes > this.side.limits.unsentPauseBytes) this.pauseReading(PauseReason.UNSENT);
    else if (unsentBytes === 0) {
      this.resumeReading(PauseReason.UNSENT);
      this.wakeAllWriters();
    }
    this.watch.noteUnsent(unsentBytes);
  }

  /** Nothing is awaited any more: requests of ours fail, counts of the side no longer include this connection. */
  private stopWaiting(): void {
    this.heldFrames.length = 0;
    this.requests.failAll(this.closeReason);
    this.wakeAllWriters();
    this.side.budget.forget(this);
    this.slowTask?.cancel();
    this.watch.forget();
  }

  private wakeAllWriters(): void {
    for (const wake of this.wakeWriters.splice(0)) wake();
  }
}

const opaqueOf = (to: number | AnswerTo): number => (typeof to === 'number' ? to : to.opaque);

const serializeTypeOf = (to: number | AnswerTo): SerializeType =>
  typeof to === 'number' ? SerializeType.JSON : (to.serializeType ?? SerializeType.JSON);
