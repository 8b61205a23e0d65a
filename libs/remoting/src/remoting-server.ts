import type {
  Clock,
  InvariantError,
  Logger,
  Network,
  NetworkListener,
  NetworkSocket,
  SocketEvents,
} from '@rocketmq-ts/kernel';
import { PeerVersion, type RemotingFrame, ResponseCode } from '@rocketmq-ts/protocol';
import type { RemotingConnection } from './connection.js';
import { ConnectionSet } from './connection-set.js';
import { Drain } from './drain.js';
import { PeerAddress } from './peer-address.js';
import { type RemotingLimits, remotingLimits } from './remoting-limits.js';
import type { RemotingStats } from './remoting-stats.js';
import { type FailedRequest, RequestRouter } from './request-router.js';
import { type FrameHandler, ServerConnection } from './server-connection.js';

/** A port to listen on; `name` is what handlers see as `connection.listenerName`. */
export interface ListenerOptions {
  readonly name: string;
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
}

export interface RemotingServerOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listeners: readonly ListenerOptions[];
  readonly limits?: Partial<RemotingLimits>;
}

/** What happens to a connection that is refused: nobody listens to it any more. */
const REFUSED: SocketEvents = {
  onData: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};

const GO_AWAY_REMARK = 'this server is shutting down, use another one';

/**
 * Listens for remoting clients, finds the handler for each request, and keeps what peers may cost within limits.
 *
 * Order of use: `route` and `fallback`, `listen`, `drain`. One server serves several ports with the same handlers.
 */
export class RemotingServer {
  private readonly set: ConnectionSet;
  private readonly router: RequestRouter<ServerConnection>;
  private readonly bound = new Map<string, NetworkListener>();
  private readonly closedListeners: ((connection: ServerConnection, reason: string) => void)[] = [];
  private draining: Drain | undefined;

  constructor(private readonly options: RemotingServerOptions) {
    const { clock, logger } = options;
    const limits = remotingLimits(options.limits);
    // This side creates `ServerConnection`s alone, so that is what comes back.
    this.set = new ConnectionSet(
      { clock, logger, limits },
      {
        onRequest: (frame, connection) => this.onRequest(frame, connection as ServerConnection),
        onGone: (connection, reason) => this.onGone(connection as ServerConnection, reason),
        onQuiet: (connection) => this.draining?.onQuiet(connection),
      },
    );
    this.router = new RequestRouter(logger, this.set.stats, (error) => this.raise(error));
  }

  /** Counters and gauges, for metrics. */
  get stats(): Readonly<RemotingStats> {
    return this.set.stats;
  }

  /** All connections that are not closed, of every listener. */
  get connections(): ReadonlySet<ServerConnection> {
    return this.set.all as ReadonlySet<RemotingConnection> as ReadonlySet<ServerConnection>;
  }

  /** Request codes that have a handler of their own. */
  get routedCodes(): readonly number[] {
    return this.router.codes;
  }

  /** Requests and failures so far by request code. */
  requestCounts(): IterableIterator<{ code: number; requestCount: number; failureCount: number }> {
    return this.router.counts();
  }

  /** Where a listener really listens: known after `listen()`, also where port 0 was asked for. */
  address(listenerName: string): { readonly host: string; readonly port: number } | undefined {
    return this.bound.get(listenerName);
  }

  /** Binds a handler to a request code. @throws {DuplicateHandlerError} it has one. */
  route(code: number, handler: FrameHandler): void {
    this.router.add(code, handler);
  }

  /**
   * Binds a handler to a code in place of whatever is bound to it later: for a server that must not do what its parts
   * would. @throws {DuplicateHandlerError} it has one already.
   */
  seize(code: number, handler: FrameHandler): void {
    this.router.seize(code, handler);
  }

  /** The handler of all codes without one; without a fallback they are answered as not supported. */
  fallback(handler: FrameHandler): void {
    this.router.setFallback(handler);
  }

  /** Called after a connection has closed, with the reason. */
  onConnectionClosed(listener: (connection: ServerConnection, reason: string) => void): void {
    this.closedListeners.push(listener);
  }

  /**
   * Answers a request with what an error means (`errorResponse`): for handlers that fail after their call. A broken
   * stream closes the connection, a broken invariant stops the process.
   */
  answerError(request: FailedRequest, connection: ServerConnection, error: unknown): void {
    this.router.answerError(request, connection, error);
  }

  /** Opens all ports, or none. @throws system error, e.g. `EADDRINUSE`, naming the port. */
  async listen(): Promise<void> {
    try {
      for (const at of this.options.listeners) {
        const listener = await this.options.network.listen(at, (socket) => this.accept(socket, at));
        this.bound.set(at.name, listener);
      }
    } catch (error) {
      await this.closeListeners();
      throw error;
    }
  }

  /**
   * Stops accepting, lets the requests in work be answered, and closes every connection once its answers have left.
   * Requests that come meanwhile are not worked on: clients newer than 5.3.1 are told to go elsewhere, others find the
   * connection closed and repeat theirs elsewhere. Held pulls are to be answered before.
   *
   * @returns connections that had to be cut after `timeoutMs`; 0 means that no answer was lost.
   */
  async drain(timeoutMs: number): Promise<number> {
    await this.closeListeners();
    this.draining ??= new Drain(this.set, this.options.clock, timeoutMs);
    return this.draining.finished;
  }

  private async closeListeners(): Promise<void> {
    const listeners = [...this.bound.values()];
    await Promise.all(listeners.map((listener) => listener.close()));
  }

  private accept(socket: NetworkSocket, at: ListenerOptions): SocketEvents {
    const peer = new PeerAddress(socket.remoteAddress, socket.remotePort);
    const refusal = this.draining ? 'stopping' : this.set.limitReached(peer.host);
    if (refusal !== undefined) {
      this.set.stats.connectionsRefused++;
      this.set.throttle.warn('connection refused', { peer: peer.hostPort, reason: refusal });
      socket.destroy();
      return REFUSED;
    }
    const connection = new ServerConnection(this.set, socket, peer, at.name);
    this.set.add(connection);
    return connection;
  }

  private onRequest(frame: RemotingFrame, connection: ServerConnection): void {
    if (this.draining && this.turnAway(frame, connection)) return;
    this.router.dispatch(frame, connection);
  }

  /** While draining. @returns false where the request is worked on all the same. */
  private turnAway(frame: RemotingFrame, connection: ServerConnection): boolean {
    // Nobody would repeat a request that wants no answer, and it holds nothing up.
    if (frame.isOneWay) return false;
    const { stats } = this.set;
    // Source: `NettyRemotingAbstract#processRequestCommand`; older clients do not know the code.
    if (frame.version > PeerVersion.V5_3_1) {
      stats.goAways++;
      connection.answer(frame, ResponseCode.GO_AWAY, GO_AWAY_REMARK);
    } else {
      stats.droppedInDrain++;
    }
    return true;
  }

  private onGone(connection: ServerConnection, reason: string): void {
    this.draining?.onGone();
    for (const listener of this.closedListeners) {
      try {
        listener(connection, reason);
      } catch (error) {
        this.router.answerError({ code: 0, opaque: 0, isOneWay: true }, connection, error);
      }
    }
  }

  /** Outside of every handler, where nothing catches it: the process logs it and stops. */
  private raise(error: InvariantError): void {
    this.options.clock.afterTick(() => {
      throw error;
    });
  }
}
