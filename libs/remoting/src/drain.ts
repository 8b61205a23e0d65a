import type { Clock, ClockTask } from '@rocketmq-ts/kernel';
import type { RemotingConnection } from './connection.js';
import type { ConnectionSet } from './connection-set.js';

/** Time that the peers get, after everything was answered, to close their side. */
const LINGER_MS = 1_000;

/**
 * Closes the connections of a server, each as soon as what is in work on it has been answered and has left.
 *
 * I1  a connection is closed in order only when it is quiet, so no answer to a request that was worked on is lost;
 * I2  a connection that is not closed by a check calls for the next one: its work ends, or the system takes its bytes;
 * I3  `finished` resolves once, when no connection is left, at the latest with the deadline plus the linger.
 */
export class Drain {
  /** Number of connections that had to be cut. */
  readonly finished: Promise<number>;
  private cutCount = 0;
  private readonly deadline: ClockTask;
  private linger: ClockTask | undefined;
  private checkScheduled = false;
  private resolve!: (cutCount: number) => void;

  constructor(
    private readonly set: ConnectionSet,
    private readonly clock: Clock,
    timeoutMs: number,
  ) {
    this.finished = new Promise((resolve) => (this.resolve = resolve));
    this.deadline = clock.setTimer(timeoutMs, () => this.cutAll());
    this.scheduleCheck();
  }

  /** A connection has nothing in work; its last answer may still have to be flushed in this turn. */
  onQuiet(_connection: RemotingConnection): void {
    this.scheduleCheck();
  }

  /** A connection is gone. */
  onGone(): void {
    if (this.set.all.size === 0) this.finish();
  }

  private scheduleCheck(): void {
    if (this.checkScheduled) return;
    this.checkScheduled = true;
    this.clock.afterTick(() => this.check());
  }

  private check(): void {
    this.checkScheduled = false;
    for (const connection of this.set.all) {
      // What was written behind this check would leave after it, and nobody would say that the connection is quiet then.
      connection.flush();
      if (connection.quiet) connection.close('server stops');
    }
    if (this.set.all.size === 0) this.finish();
    else if (!this.linger && [...this.set.all].every(({ closed }) => closed)) {
      this.linger = this.clock.setTimer(LINGER_MS, () => this.destroyAll());
    }
  }

  private cutAll(): void {
    for (const connection of this.set.all) {
      if (connection.quiet || connection.closed) continue;
      this.cutCount++;
    }
    this.destroyAll();
  }

  private destroyAll(): void {
    for (const connection of this.set.all) connection.abort('server stops');
  }

  private finish(): void {
    this.deadline.cancel();
    this.linger?.cancel();
    this.resolve(this.cutCount);
  }
}
