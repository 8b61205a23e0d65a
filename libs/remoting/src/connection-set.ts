import type { Clock, ClockTask, Logger } from '@rocketmq-ts/kernel';
import { describeError } from '@rocketmq-ts/kernel';
import type { RemotingFrame } from '@rocketmq-ts/protocol';
import { InFlightBudget } from './backpressure.js';
import type { RemotingConnection } from './connection.js';
import { FlushQueue } from './flush-queue.js';
import { LogThrottle } from './log-throttle.js';
import { OutgoingBatch, OutgoingBatchPool } from './outgoing-batch.js';
import type { RemotingLimits } from './remoting-limits.js';
import { RemotingStats } from './remoting-stats.js';

/** Deadlines of connections are counted in sweeps: no clock is asked per message, and a clock that jumps closes nothing. */
const SWEEP_MS = 1_000;

/** What the owner of the connections does with what they report. */
export interface ConnectionOwner {
  /** Must not throw. The frame is valid during the call alone. */
  onRequest(frame: RemotingFrame, connection: RemotingConnection): void;
  /** The socket is closed; the last word about this connection. */
  onGone(connection: RemotingConnection, reason: string): void;
  /** Nothing of this connection is being worked on any more. */
  onQuiet?(connection: RemotingConnection): void;
}

export interface ConnectionSetOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: RemotingLimits;
}

/** The connections of one side, a server or a client, and what they share: memory budgets, flushing, deadlines. */
export class ConnectionSet {
  readonly clock: Clock;
  readonly limits: RemotingLimits;
  readonly stats = new RemotingStats();
  readonly flushes: FlushQueue;
  readonly batches = new OutgoingBatchPool();
  readonly budget: InFlightBudget;
  readonly throttle: LogThrottle;
  readonly all = new Set<RemotingConnection>();
  readonly idleSweeps: number;
  readonly frameDeadlineSweeps: number;
  readonly unsentDeadlineSweeps: number;
  /** Counts sweeps, from 1 on. */
  sweepNumber = 1;
  private readonly perHost = new Map<string, number>();
  private readonly sink: OutgoingBatch;
  private lastId = 0;
  private sweeping: ClockTask | undefined;

  constructor(
    options: ConnectionSetOptions,
    private readonly owner: ConnectionOwner,
  ) {
    const { clock, limits, logger } = options;
    this.clock = clock;
    this.limits = limits;
    this.flushes = new FlushQueue(clock);
    this.budget = new InFlightBudget(limits.inFlightBytesMax, this.stats);
    this.throttle = new LogThrottle(logger, clock);
    this.idleSweeps = Math.ceil(limits.idleMs / SWEEP_MS);
    this.frameDeadlineSweeps = Math.ceil(limits.frameDeadlineMs / SWEEP_MS);
    this.unsentDeadlineSweeps = Math.ceil(limits.unsentDeadlineMs / SWEEP_MS);
    this.sink = new OutgoingBatch({ give: () => undefined });
  }

  nextConnectionId(): number {
    return ++this.lastId;
  }

  /** The limit that one more connection from `host` would break, as its setting; undefined: there is room. */
  limitReached(host: string): string | undefined {
    const { connectionCountMax, connectionsPerAddressMax } = this.limits;
    if (this.all.size >= connectionCountMax) return `connectionCountMax=${connectionCountMax}`;
    return (this.perHost.get(host) ?? 0) < connectionsPerAddressMax
      ? undefined
      : `connectionsPerAddressMax=${connectionsPerAddressMax}`;
  }

  add(connection: RemotingConnection): void {
    this.all.add(connection);
    this.stats.connectionsOpened++;
    const host = connection.remoteAddress;
    this.perHost.set(host, (this.perHost.get(host) ?? 0) + 1);
    this.sweeping ??= this.clock.setPeriodic(SWEEP_MS, () => this.sweep());
  }

  onRequest(frame: RemotingFrame, connection: RemotingConnection): void {
    this.stats.requestsIn++;
    this.owner.onRequest(frame, connection);
  }

  onQuiet(connection: RemotingConnection): void {
    this.owner.onQuiet?.(connection);
  }

  onGone(connection: RemotingConnection, reason: string): void {
    if (!this.all.delete(connection)) return;
    this.stats.connectionsClosed++;
    const host = connection.remoteAddress;
    const left = (this.perHost.get(host) ?? 1) - 1;
    if (left > 0) this.perHost.set(host, left);
    else this.perHost.delete(host);
    if (this.all.size === 0) {
      this.sweeping?.cancel();
      this.sweeping = undefined;
    }
    this.owner.onGone(connection, reason);
  }

  onBrokenStream(connection: RemotingConnection, error: unknown): void {
    this.stats.malformedStreams++;
    this.throttle.warn('connection closed: its bytes are no frames', {
      peer: connection.remoteHostPort,
      reason: describeError(error),
    });
  }

  /**
   * Bytes that connections keep of their input changed. Beyond the budget the unfinished frame that began first goes, or
   * else the connection that keeps most.
   */
  onKeptChanged(grewBy: number): void {
    const { stats, limits } = this;
    stats.keptBytesNow += grewBy;
    while (grewBy > 0 && stats.keptBytesNow > limits.partialBytesMax) {
      const victim =
        this.lowest(({ unfinishedSince }) => unfinishedSince || Infinity) ??
        this.lowest(({ keptBytes }) => -keptBytes || Infinity);
      if (!victim) return;
      victim.abortIncomplete('input that waits takes too much memory');
    }
  }

  /** Unsent bytes grew; beyond the budget the connection with most of them goes. */
  onUnsentChanged(grewBy: number): void {
    const { stats, limits } = this;
    stats.unsentBytesNow += grewBy;
    while (grewBy > 0 && stats.unsentBytesNow > limits.unsentBytesTotalMax) {
      const slowest = this.lowest(({ unsentBytes }) => -unsentBytes || Infinity);
      if (!slowest) return;
      slowest.abortSlowReader();
    }
  }

  /** Where frames for a closed connection go. */
  nowhere(): OutgoingBatch {
    this.sink.discard();
    return this.sink;
  }

  private lowest(
    measure: (connection: RemotingConnection) => number,
  ): RemotingConnection | undefined {
    let found: RemotingConnection | undefined;
    let least = Infinity;
    for (const connection of this.all) {
      const value = connection.closed ? Infinity : measure(connection);
      if (value < least) {
        least = value;
        found = connection;
      }
    }
    return found;
  }

  private sweep(): void {
    this.sweepNumber++;
    for (const connection of this.all) connection.sweep();
  }
}
