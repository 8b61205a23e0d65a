import type { Clock, InvariantError, Logger, Network } from '@rocketmq-ts/kernel';
import {
  type Command,
  type Message,
  type Received,
  type RemotingFrame,
  ResponseCode,
  type Sent,
  codec,
} from '@rocketmq-ts/protocol';
import { type CallOptions, exchange, oneWay, responseError } from './call.js';
import { RemotingConnection } from './connection.js';
import { ConnectionSet } from './connection-set.js';
import { parseHostPort } from './peer-address.js';
import {
  ConnectFailedError,
  ConnectionClosedError,
  RequestTimeoutError,
} from './remoting-errors.js';
import { type RemotingLimits, remotingLimits } from './remoting-limits.js';
import type { RemotingStats } from './remoting-stats.js';
import { type Handler, RequestRouter } from './request-router.js';

export interface RemotingClientOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<RemotingLimits>;
  /** Source: rocketmq 5.5.0 `NettyClientConfig#connectTimeoutMillis`. */
  readonly connectTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 3_000;
/** Below the 120 s of the servers: the side that closes first must not be the one that a request is on its way to. */
const CLIENT_IDLE_MS = 100_000;

/** Where to send: `host:port`, or a connection that is known already. */
export type CallTarget = string | RemotingConnection;

/**
 * Calls remoting servers: one connection per address, opened when needed and again when it was lost, many requests under
 * way on it. Servers may send requests over the same connection; they reach the handlers of `handle`.
 */
export class RemotingClient {
  private readonly set: ConnectionSet;
  private readonly router: RequestRouter<RemotingConnection>;
  private readonly pool = new Map<string, RemotingConnection>();
  private readonly opening = new Map<string, Promise<RemotingConnection>>();
  private readonly closedListeners: ((connection: RemotingConnection, reason: string) => void)[] =
    [];
  private closed = false;

  constructor(private readonly options: RemotingClientOptions) {
    const { clock, logger } = options;
    const limits = remotingLimits({
      idleMs: CLIENT_IDLE_MS,
      connectionsPerAddressMax: Infinity,
      ...options.limits,
    });
    this.set = new ConnectionSet(
      { clock, logger, limits },
      {
        onRequest: (frame, connection) => this.router.dispatch(frame, connection),
        onGone: (connection, reason) => this.onGone(connection, reason),
      },
    );
    this.router = new RequestRouter(logger, this.set.stats, (error) => this.raise(error));
  }

  get stats(): Readonly<RemotingStats> {
    return this.set.stats;
  }

  /** Binds a handler to a request that servers send. @throws {DuplicateHandlerError} it has one. */
  handle(code: number, handler: Handler<RemotingConnection>): void {
    this.router.add(code, handler);
  }

  /** Called after a connection has closed, with the reason. */
  onConnectionClosed(listener: (connection: RemotingConnection, reason: string) => void): void {
    this.closedListeners.push(listener);
  }

  /**
   * Asks a server and returns what a successful answer says. The time-out includes connecting.
   * @throws {ResponseError} an answer other than SUCCESS. @throws {TransportError} no usable answer.
   */
  async call<Q extends Message, R extends Message>(
    target: CallTarget,
    command: Command<Q, R>,
    message: Sent<Q>,
    options: CallOptions,
  ): Promise<Received<R>> {
    const frame = await this.exchange(target, command, message, options);
    if (frame.code !== ResponseCode.SUCCESS) throw responseError(command, frame);
    return codec(command).decodeResponse(frame.ext(), frame.body);
  }

  /** As `call`, but returns the answer's frame whatever its code. */
  async exchange<Q extends Message, R extends Message>(
    target: CallTarget,
    command: Command<Q, R>,
    message: Sent<Q>,
    { timeoutMs }: CallOptions,
  ): Promise<RemotingFrame> {
    const deadlineMs = this.options.clock.monotonicMs() + timeoutMs;
    const send = async (): Promise<[RemotingFrame, RemotingConnection]> => {
      const ready = this.ready(target);
      const connection = ready ?? (await this.within(deadlineMs, this.writable(target)));
      const leftMs = ready ? timeoutMs : deadlineMs - this.options.clock.monotonicMs();
      if (!connection || leftMs <= 0) {
        throw new RequestTimeoutError(addressOf(target), command.name, timeoutMs);
      }
      return [await exchange(connection, command, message, { timeoutMs: leftMs }), connection];
    };
    const [frame, connection] = await send();
    if (frame.code !== ResponseCode.GO_AWAY || typeof target !== 'string') return frame;
    // The server is leaving and did nothing: once more over a new connection, which may lead to its successor.
    // Source: rocketmq 5.5.0 `NettyRemotingClient#invokeImpl`.
    if (this.pool.get(target) === connection) this.pool.delete(target);
    const [second] = await send();
    return second;
  }

  /** Tells a server without waiting for an answer; waits while the server does not read. */
  async oneWay<Q extends Message, R extends Message>(
    target: CallTarget,
    command: Command<Q, R>,
    message: Sent<Q>,
  ): Promise<void> {
    oneWay(await this.writable(target), command, message);
  }

  /**
   * The connection to an address, opened where there is none.
   * @throws {ConnectFailedError}
   */
  connect(address: string): Promise<RemotingConnection> {
    const known = this.pool.get(address);
    if (known && !known.closed) return Promise.resolve(known);
    let opening = this.opening.get(address);
    if (!opening) {
      opening = this.open(address).finally(() => this.opening.delete(address));
      this.opening.set(address, opening);
    }
    return opening;
  }

  /** Closes all connections after what was written has left; calls that wait fail. */
  close(): void {
    this.closed = true;
    for (const connection of this.set.all) connection.close('client closed');
  }

  private async open(address: string): Promise<RemotingConnection> {
    try {
      if (this.isClosed()) throw new Error('this client is closed');
      const timeoutMs = this.options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
      let connection!: RemotingConnection;
      await this.options.network.connect({ ...parseHostPort(address), timeoutMs }, (socket) => {
        connection = new RemotingConnection(this.set, socket);
        this.set.add(connection);
        return connection;
      });
      // `close` may have come while we waited.
      if (this.isClosed()) connection.close('client closed');
      else this.pool.set(address, connection);
      return connection;
    } catch (error) {
      throw new ConnectFailedError(address, error);
    }
  }

  /** The connection where one is open and its peer reads: nothing has to be waited for. */
  private ready(target: CallTarget): RemotingConnection | undefined {
    const connection = typeof target === 'string' ? this.pool.get(target) : target;
    return connection?.writable ? connection : undefined;
  }

  private isClosed(): boolean {
    return this.closed;
  }

  private async writable(target: CallTarget): Promise<RemotingConnection> {
    const connection = typeof target === 'string' ? await this.connect(target) : target;
    await connection.whenWritable();
    if (connection.closed) throw new ConnectionClosedError(addressOf(target), 'by now');
    return connection;
  }

  /** The result, or undefined when the deadline comes first. */
  private within<T>(deadlineMs: number, work: Promise<T>): Promise<T | undefined> {
    const { clock } = this.options;
    return new Promise((resolve, reject) => {
      const leftMs = Math.max(0, Math.ceil(deadlineMs - clock.monotonicMs()));
      const timer = clock.setTimer(leftMs, () => resolve(undefined));
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  private onGone(connection: RemotingConnection, reason: string): void {
    for (const [address, pooled] of this.pool) {
      if (pooled === connection) this.pool.delete(address);
    }
    for (const listener of this.closedListeners) listener(connection, reason);
  }

  private raise(error: InvariantError): void {
    this.options.clock.afterTick(() => {
      throw error;
    });
  }
}

const addressOf = (target: CallTarget): string =>
  typeof target === 'string' ? target : target.remoteHostPort;
