import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, ClockTask, Logger } from '@rocketmq-ts/kernel';
import { RegisterBroker, UnregisterBroker, registerBodyCrc } from '@rocketmq-ts/protocol';
import type { KvTable } from '@rocketmq-ts/protocol';
import type { RemotingClient, RemotingConnection } from '@rocketmq-ts/remoting';
import type { BrokerIdentity } from '../broker-identity.js';
import type { MasterWhereabouts } from '../replication/master-whereabouts.js';

/**
 * First and longest pause after a registration failed; each is twice as long as the one before. The first is short: as a
 * rule both were started together, and clients wait for the route. So do they when a nameserver was away for longer.
 */
const RETRY_MS = 200;
const RETRY_MS_MAX = 2_000;
/** Pause of a slave until it asks again who its master is. */
const NO_MASTER_MS = 1_000;
/** How long a goodbye may take: a nameserver notices the closed connection anyway. */
const UNREGISTER_TIMEOUT_MS = 1_000;

/** What one link works with. */
export interface NameserverLinkParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly client: RemotingClient;
  readonly identity: BrokerIdentity;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly compressed: boolean;
  /** What there is to tell at the moment of telling. */
  readonly body: () => Buffer;
  /** Topics that the nameserver wants ordered: `topic` → layout. */
  readonly onOrderTopics: (table: KvTable) => void;
  /** Of a slave: takes what the nameserver says of its master. */
  readonly whereabouts?: MasterWhereabouts | undefined;
}

/**
 * Keeps one nameserver informed of this broker: at the start, again and again, and at once when something changed or the
 * connection was lost. Several nameservers know nothing of each other, so each has its own link.
 *
 * Invariants:
 *  I1  one registration at a time; what changes meanwhile is told by the next;
 *  I2  a nameserver that cannot be reached is tried again after at most `RETRY_MS_MAX`, and logged once until it answers.
 */
export class NameserverLink {
  private timer: ClockTask | undefined;
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private stopped = false;
  private failureCount = 0;
  /** Nameservers forget a broker whose connection closes. */
  private connection: RemotingConnection | undefined;
  /** Whether the last registration succeeded. */
  registered = false;

  constructor(
    readonly address: string,
    private readonly parts: NameserverLinkParts,
  ) {}

  /** Registers now, and keeps doing so. Resolves after the first attempt, whatever its outcome. */
  start(): Promise<void> {
    return this.register();
  }

  /**
   * Something of this broker changed. Resolves when the nameserver knows it, or at once where it cannot be reached: it
   * will be told when it answers again.
   */
  tell(): Promise<void> {
    return this.stopped || this.failureCount > 0 ? Promise.resolve() : this.register();
  }

  /** A connection is gone; where it carried our registration, that is gone with it. */
  onConnectionClosed(connection: RemotingConnection): void {
    if (this.stopped || connection !== this.connection) return;
    this.connection = undefined;
    this.registered = false;
    this.schedule(RETRY_MS);
  }

  /** Says goodbye. Never throws. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.running;
    if (!this.registered) return;
    const { brokerId, brokerName, clusterName, address: brokerAddr } = this.parts.identity;
    const header = { brokerName, brokerAddr, clusterName, brokerId };
    try {
      await this.parts.client.call(
        this.address,
        UnregisterBroker,
        { header, body: null },
        { timeoutMs: UNREGISTER_TIMEOUT_MS },
      );
    } catch (error) {
      this.parts.logger.warn('nameserver could not be told that this broker stops', {
        nameserver: this.address,
        reason: describeError(error),
      });
    }
    this.registered = false;
  }

  /** One registration that begins from now on; calls during one share the next. */
  private register(): Promise<void> {
    if (this.running) {
      this.next ??= this.running.then(() => {
        this.next = undefined;
        return this.stopped ? undefined : this.register();
      });
      return this.next;
    }
    this.timer?.cancel();
    const running = this.registerOnce().finally(() => {
      this.running = undefined;
      if (!this.stopped && !this.next) this.schedule(this.pauseMs());
    });
    this.running = running;
    return running;
  }

  private async registerOnce(): Promise<void> {
    const { client, identity, compressed, timeoutMs, logger } = this.parts;
    const body = this.parts.body();
    const header = {
      brokerName: identity.brokerName,
      brokerAddr: identity.address,
      clusterName: identity.clusterName,
      haServerAddr: identity.haAddress,
      brokerId: identity.brokerId,
      enableActingMaster: false,
      compressed,
      bodyCrc32: registerBodyCrc(body),
      ...(identity.advertisedListeners !== '' && { advertised: identity.advertisedListeners }),
    };
    try {
      const connection = await client.connect(this.address);
      const answer = await client.call(connection, RegisterBroker, { header, body }, { timeoutMs });
      if (!this.registered || this.failureCount > 0) {
        logger.info('registered with nameserver', { nameserver: this.address });
      }
      this.connection = connection;
      this.registered = !connection.closed;
      this.failureCount = 0;
      const { masterAddr, haServerAddr } = answer.header;
      this.parts.whereabouts?.note({ address: masterAddr, haAddress: haServerAddr });
      if (answer.body) this.parts.onOrderTopics(answer.body);
    } catch (error) {
      this.registered = false;
      if (this.failureCount++ === 0) {
        logger.warn('nameserver cannot be reached; it is tried again until it answers', {
          nameserver: this.address,
          reason: describeError(error),
        });
      }
    }
  }

  private pauseMs(): number {
    const { intervalMs, whereabouts } = this.parts;
    // A slave without a master asks often: as a rule they are started together.
    if (this.failureCount === 0)
      return whereabouts?.complete === false ? Math.min(intervalMs, NO_MASTER_MS) : intervalMs;
    return Math.min(RETRY_MS * 2 ** (this.failureCount - 1), RETRY_MS_MAX);
  }

  private schedule(delayMs: number): void {
    this.timer?.cancel();
    this.timer = this.parts.clock.setTimer(delayMs, () => void this.register());
  }
}
