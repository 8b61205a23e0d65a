import type {
  Clock,
  ClockTask,
  Logger,
  Network,
  NetworkListener,
  NetworkSocket,
  Random,
  SocketEvents,
} from '@rocketmq-ts/kernel';
import { HaConnection, type HaTimes } from './ha-connection.js';
import type { SourceLog } from './log-seams.js';
import type { AcceptorCounters, ReplicaIdentity, ReplicaStatus } from './replica-status.js';
import type { ReplicationProgress } from './replication-progress.js';
import { ReplicationTickets } from './replication-tickets.js';

/** Settings of the replication port. */
export interface ReplicationAcceptorOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Who may connect: `haPeers`. Default: anybody. */
  readonly peers?: {
    allows(peer: { readonly remoteAddress: string; readonly localAddress: string }): boolean;
  };
  /** Default 8. */
  readonly connectionsMax?: number;
  /** `haSendHeartbeatInterval`. Default 5 000. */
  readonly heartbeatMs?: number;
  /** `haHousekeepingInterval`: silence after which a connection is closed. Default 20 000. */
  readonly silenceMaxMs?: number;
  /** Time until the first report. Default 10 000. */
  readonly firstReportMs?: number;
  /** `slaveTimeout`. Default 3 000. */
  readonly slaveTimeoutMs?: number;
  /** `haMaxGapNotInSync`, for the status. Default 256 MiB. */
  readonly gapMaxBytes?: number;
}

/** What the acceptor works with. */
export interface ReplicationAcceptorParts {
  readonly network: Network;
  readonly clock: Clock;
  /** Must be unguessable in production: tickets come from it. */
  readonly random: Random;
  readonly logger: Logger;
  readonly log: SourceLog;
  readonly progress: ReplicationProgress;
}

const TICK_MS = 1_000;
const NO_EVENTS: SocketEvents = {
  onData: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};

/**
 * The master's replication port.
 *
 * Invariant I1: a slave has one connection that counts, its newest.
 */
export class ReplicationAcceptor {
  readonly counters: AcceptorCounters = {
    refusedConnections: 0,
    protocolErrors: 0,
    silentPeers: 0,
    replacedConnections: 0,
    sentBytes: 0,
  };
  private readonly connections = new Set<HaConnection>();
  private readonly newest = new Map<string, HaConnection>();
  private readonly tickets: ReplicationTickets;
  private readonly times: HaTimes;
  private listener: NetworkListener | undefined;
  private ticking: ClockTask | undefined;
  private endWritten: (() => void) | undefined;

  constructor(
    private readonly parts: ReplicationAcceptorParts,
    private readonly options: ReplicationAcceptorOptions,
  ) {
    this.tickets = new ReplicationTickets(parts.clock, parts.random);
    const { heartbeatMs = 5_000, silenceMaxMs = 20_000 } = options;
    const { firstReportMs = 10_000, slaveTimeoutMs = 3_000 } = options;
    this.times = { heartbeatMs, silenceMaxMs, firstReportMs, slaveTimeoutMs };
  }

  /** The port in use. @throws before `start` */
  get port(): number {
    return this.listener!.port;
  }

  /** @throws system error, e.g. `EADDRINUSE` */
  async start(): Promise<void> {
    const { network, clock, log } = this.parts;
    this.listener = await network.listen(this.options, (socket) => this.accept(socket));
    this.endWritten = log.onWritten(() => this.pushAll());
    this.ticking = clock.setPeriodic(TICK_MS, () => this.tick());
  }

  /** Closes the port and all connections. */
  async stop(): Promise<void> {
    this.endWritten?.();
    this.ticking?.cancel();
    const closing = this.listener?.close();
    for (const connection of [...this.connections]) connection.close();
    await closing;
  }

  /** For OPEN_REPLICATION: the ticket with which this slave is let in, within 30 s. */
  issueTicket(replica: ReplicaIdentity): number {
    return this.tickets.issue(replica);
  }

  /** The connected slaves that have said where they are. */
  get replicas(): readonly ReplicaStatus[] {
    const { gapMaxBytes = 256 * 1024 * 1024 } = this.options;
    return [...this.connections].flatMap((connection) => connection.status(gapMaxBytes) ?? []);
  }

  private accept(socket: NetworkSocket): SocketEvents {
    const { connectionsMax = 8, peers } = this.options;
    const unwelcome = peers && !peers.allows(socket);
    if (unwelcome || this.connections.size >= connectionsMax) {
      this.counters.refusedConnections++;
      this.parts.logger.warn('connection to the replication port refused', {
        peer: socket.remoteAddress,
        reason: unwelcome ? 'haPeers' : 'too many',
      });
      socket.destroy();
      return NO_EVENTS;
    }
    const connection = new HaConnection(socket, {
      ...this.parts,
      tickets: this.tickets,
      counters: this.counters,
      times: this.times,
      onIdentified: (identified) => this.replaceOlder(identified),
      onClosed: (closed) => this.forget(closed),
    });
    this.connections.add(connection);
    return connection;
  }

  private replaceOlder(connection: HaConnection): void {
    // Two of Apache's slaves may live on one machine: they would push each other out for ever.
    if (connection.identity.brokerId === undefined) return;
    const older = this.newest.get(connection.key);
    if (older) {
      this.counters.replacedConnections++;
      this.parts.logger.warn('slave connected again', { slave: connection.key });
      older.close();
    }
    this.newest.set(connection.key, connection);
  }

  private forget(connection: HaConnection): void {
    this.connections.delete(connection);
    if (this.newest.get(connection.key) === connection) this.newest.delete(connection.key);
  }

  private pushAll(): void {
    for (const connection of this.connections) connection.pump();
  }

  private tick(): void {
    const nowMs = this.parts.clock.monotonicMs();
    for (const connection of [...this.connections]) connection.tick(nowMs);
  }
}
