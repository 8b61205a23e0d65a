import type {
  Clock,
  Network,
  NetworkListener,
  NetworkSocket,
  SocketEvents,
} from '@rocketmq-ts/kernel';
import type { SimulatedRandom } from './simulated-random.js';

type OnConnection = (socket: NetworkSocket) => SocketEvents;

/** What a connection's two ends can have under way in each direction, as the system's socket buffers would. */
const CAPACITY_BYTES = 64 * 1024;
const LARGEST_CHUNK_BYTES = 3_000;

const systemError = (code: string, where: string): Error =>
  Object.assign(new Error(`${code} ${where}`), { code });

/** One end of a simulated connection. */
export class SimulatedSocket implements NetworkSocket {
  readonly localAddress = '10.0.0.1';
  peerEnd!: SimulatedSocket;
  events!: SocketEvents;
  paused = false;
  closed = false;
  /** The peer's machine is gone: what is written vanishes and nobody says so. */
  halfOpen = false;
  /** The way to this end is cut: what is sent to it waits, as TCP's repetitions do, until it is open again. */
  stalled = false;
  private ended = false;
  private endDelivered = false;
  private readonly outbox: { bytes: Buffer; released: (() => void) | undefined }[] = [];
  private outboxBytes = 0;
  /** In the buffers of the system, on their way to this end. */
  private readonly arriving: Buffer[] = [];
  private arrivingBytes = 0;

  constructor(
    private readonly network: SimulatedNetwork,
    readonly remoteAddress: string,
    readonly remotePort: number,
    readonly localPort: number,
  ) {}

  get unsentBytes(): number {
    return this.outboxBytes;
  }

  write(bytes: Uint8Array, released?: () => void): void {
    this.writeAll([bytes], released);
  }

  writeAll(pieces: readonly Uint8Array[], released?: () => void): void {
    if (this.closed || this.ended) {
      released?.();
      return;
    }
    // The caller's memory is looked at when it is "sent": whoever changes it too early is found out.
    for (const [i, piece] of pieces.entries()) {
      const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
      this.outbox.push({ bytes, released: i === pieces.length - 1 ? released : undefined });
      this.outboxBytes += bytes.length;
    }
    this.moveOut();
    this.network.schedule();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.network.schedule();
  }

  end(): void {
    this.ended = true;
    this.network.schedule();
  }

  destroy(error?: Error): void {
    if (this.closed) return;
    this.closed = true;
    this.network.schedule();
    this.network.later(() => {
      for (const { released } of this.outbox.splice(0)) released?.();
      this.outboxBytes = 0;
      this.events.onClose(error);
    });
  }

  /** Moves bytes one step. @returns whether anything moved. */
  step(random: SimulatedRandom, scratch: Buffer): boolean {
    if (this.closed) {
      const unheard = this.halfOpen || this.peerEnd.stalled;
      if (this.endDelivered || this.peerEnd.closed || unheard) return false;
      this.endDelivered = true;
      this.peerEnd.destroy(systemError('ECONNRESET', 'by the peer'));
      return true;
    }
    const moved = this.moveOut();
    return this.deliver(random, scratch) || moved || this.deliverEnd();
  }

  private moveOut(): boolean {
    let moved = false;
    const { peerEnd } = this;
    while (this.outbox.length > 0) {
      const room = this.halfOpen ? Infinity : CAPACITY_BYTES - peerEnd.arrivingBytes;
      const first = this.outbox[0]!;
      if (room <= 0 && first.bytes.length > 0) break;
      const taken = first.bytes.subarray(0, room);
      if (!this.halfOpen) peerEnd.accept(Buffer.from(taken));
      this.outboxBytes -= taken.length;
      moved = true;
      if (taken.length < first.bytes.length) {
        this.outbox[0] = { ...first, bytes: first.bytes.subarray(room) };
        continue;
      }
      this.outbox.shift();
      first.released?.();
      if (this.outboxBytes === 0 && this.stepping) this.events.onDrain();
    }
    return moved;
  }

  /** Drains are told of from the network's own turn, never from within a write. */
  private get stepping(): boolean {
    return this.network.stepping;
  }

  private accept(bytes: Buffer): void {
    if (this.closed) return;
    this.arriving.push(bytes);
    this.arrivingBytes += bytes.length;
  }

  private deliver(random: SimulatedRandom, scratch: Buffer): boolean {
    const first = this.arriving[0];
    if (this.paused || this.stalled || !first) return false;
    const count = Math.min(first.length, 1 + random.below(LARGEST_CHUNK_BYTES));
    first.copy(scratch, 0, 0, count);
    if (count === first.length) this.arriving.shift();
    else this.arriving[0] = first.subarray(count);
    this.arrivingBytes -= count;
    this.events.onData(scratch.subarray(0, count));
    scratch.fill(0xdd, 0, count); // a chunk is valid during the call alone
    return true;
  }

  private deliverEnd(): boolean {
    const { peerEnd } = this;
    const allSent = this.outbox.length === 0 && peerEnd.arrivingBytes === 0;
    const unheard = this.halfOpen || peerEnd.stalled;
    if (!this.ended || this.endDelivered || !allSent || unheard) return false;
    this.endDelivered = true;
    // The other side closes when it sees the end of our bytes, and both are done.
    peerEnd.destroy();
    peerEnd.endDelivered = true;
    this.destroy();
    return true;
  }
}

/**
 * TCP between two parties of a test: in order, in pieces of any size, with socket buffers that fill up. Bytes move at the
 * end of a tick of the clock; the seed decides where streams are cut.
 */
export class SimulatedNetwork implements Network {
  readonly sockets: SimulatedSocket[] = [];
  stepping = false;
  private readonly ports = new Map<number, OnConnection>();
  private readonly scratch = Buffer.alloc(LARGEST_CHUNK_BYTES);
  private readonly postponed: (() => void)[] = [];
  private scheduled = false;
  private lastPort = 40_000;

  constructor(
    private readonly clock: Clock,
    private readonly random: SimulatedRandom,
  ) {}

  listen(
    at: { readonly host: string; readonly port: number },
    onConnection: OnConnection,
  ): Promise<NetworkListener> {
    const port = at.port || ++this.lastPort;
    if (this.ports.has(port)) return Promise.reject(systemError('EADDRINUSE', `:${port}`));
    this.ports.set(port, onConnection);
    return Promise.resolve({
      host: at.host,
      port,
      close: () => {
        this.ports.delete(port);
        return Promise.resolve();
      },
    });
  }

  /** `from` is the address that the server sees. */
  connect(
    to: { readonly host: string; readonly port: number; readonly from?: string },
    onConnection: OnConnection,
  ): Promise<NetworkSocket> {
    const accept = this.ports.get(to.port);
    if (!accept) return Promise.reject(systemError('ECONNREFUSED', `${to.host}:${to.port}`));
    const clientPort = ++this.lastPort;
    const client = new SimulatedSocket(this, to.host, to.port, clientPort);
    const server = new SimulatedSocket(this, to.from ?? '10.0.0.2', clientPort, to.port);
    client.peerEnd = server;
    server.peerEnd = client;
    this.sockets.push(client, server);
    server.events = accept(server);
    client.events = onConnection(client);
    return Promise.resolve(client);
  }

  /** Runs in the network's next turn, before bytes move. */
  later(task: () => void): void {
    this.postponed.push(task);
    this.schedule();
  }

  schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.clock.afterTick(() => this.step());
  }

  private step(): void {
    this.scheduled = false;
    this.stepping = true;
    for (const task of this.postponed.splice(0)) task();
    let moved = false;
    for (const socket of this.sockets) moved = socket.step(this.random, this.scratch) || moved;
    this.stepping = false;
    if (moved || this.postponed.length > 0) this.schedule();
  }
}
