import type { Clock, Random } from '@rocketmq-ts/kernel';
import type { ReplicaIdentity } from './replica-status.js';

const VALID_MS = 30_000;
const OPEN_MAX = 64;

/**
 * Tickets that let slaves of ours in on the replication port. A ticket is a negative number, which no report can be; it names
 * the slave, serves once, and dies with the process: whoever checked its log against a master that restarted must check again.
 */
export class ReplicationTickets {
  private readonly open = new Map<
    number,
    { readonly replica: ReplicaIdentity; readonly untilMs: number }
  >();

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** A ticket for this slave; it is good for 30 s. The oldest is void where there are too many. */
  issue(replica: ReplicaIdentity): number {
    const ticket = -(1 + (this.random.uint32() >>> 11) * 0x1_0000_0000 + this.random.uint32());
    this.open.set(ticket, { replica, untilMs: this.clock.monotonicMs() + VALID_MS });
    if (this.open.size > OPEN_MAX) this.open.delete(this.open.keys().next().value!);
    return ticket;
  }

  /** Whose ticket this is; it is used up. Undefined: nobody's. */
  redeem(ticket: number): ReplicaIdentity | undefined {
    const found = this.open.get(ticket);
    this.open.delete(ticket);
    return found && found.untilMs >= this.clock.monotonicMs() ? found.replica : undefined;
  }
}
