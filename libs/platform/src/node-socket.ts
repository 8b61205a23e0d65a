import type { Socket } from 'node:net';
import type { NetworkSocket, SocketEvents } from '@rocketmq-ts/kernel';

const NOTHING = Buffer.alloc(0);
const ignore = (): void => undefined;

/**
 * One TCP connection of this machine.
 *
 * Most writes fit the system's buffer and are done when `Socket.write` returns; then `released` is called at once and
 * nothing is kept. Only what the system did not take is followed with a callback.
 *
 * Invariants:
 *  I1  `released` callbacks are called in the order of the writes, each once, and only when Node holds the bytes no more;
 *  I2  `onClose` is the last event and comes once.
 */
export class NodeSocket implements NetworkSocket {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  private events: SocketEvents | undefined;
  private failure: Error | undefined;
  private backlogged = false;
  private ended = false;
  private gone = false;
  /** For each write that the system has not taken whole, oldest first. */
  private readonly waiting: (() => void)[] = [];
  private readonly onTaken = (): void => this.oldestTaken();

  constructor(private readonly socket: Socket) {
    this.remoteAddress = socket.remoteAddress ?? '';
    this.remotePort = socket.remotePort ?? 0;
    this.localAddress = socket.localAddress ?? '';
    this.localPort = socket.localPort ?? 0;
    socket.on('error', (error) => (this.failure = error));
    socket.on('close', () => this.onSocketClose());
  }

  /** Names the owner; bytes that came before are not lost, because reading starts later. */
  attach(events: SocketEvents): void {
    this.events = events;
  }

  /** Hands a chunk to the owner. */
  receive(chunk: Buffer): void {
    if (!this.gone) this.events?.onData(chunk);
  }

  get unsentBytes(): number {
    return this.socket.writableLength;
  }

  write(bytes: Uint8Array, released?: () => void): void {
    if (this.ended) {
      released?.();
      return;
    }
    const { socket } = this;
    if (this.backlogged) {
      this.waiting.push(released ?? ignore);
      socket.write(bytes, this.onTaken);
      return;
    }
    socket.write(bytes);
    this.settle(released);
  }

  writeAll(pieces: readonly Uint8Array[], released?: () => void): void {
    if (this.ended || pieces.length === 0) {
      released?.();
      return;
    }
    const { socket } = this;
    const last = pieces.length - 1;
    const waiting = this.backlogged;
    if (waiting) this.waiting.push(released ?? ignore);
    socket.cork();
    for (let i = 0; i < last; i++) socket.write(pieces[i]!);
    if (waiting) socket.write(pieces[last]!, this.onTaken);
    else socket.write(pieces[last]!);
    socket.uncork();
    if (!waiting) this.settle(released);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.socket.end();
  }

  destroy(): void {
    this.ended = true;
    this.socket.destroy();
  }

  /** After a write without a callback: all taken, or an empty write behind it tells when. */
  private settle(released: (() => void) | undefined): void {
    if (this.socket.writableLength === 0) {
      released?.();
      return;
    }
    this.backlogged = true;
    this.waiting.push(released ?? ignore);
    this.socket.write(NOTHING, this.onTaken);
  }

  private oldestTaken(): void {
    if (this.gone) return;
    this.waiting.shift()?.();
    if (this.waiting.length > 0 || this.socket.destroyed) return;
    this.backlogged = false;
    this.events?.onDrain();
  }

  private onSocketClose(): void {
    if (this.gone) return;
    this.gone = true;
    this.ended = true;
    // Node has called back for all of them by now; should it ever not, the closed handle needs the bytes no more.
    for (const released of this.waiting.splice(0)) released();
    this.events?.onClose(this.failure);
  }
}
