import type { DataVersion } from '@rocketmq-ts/protocol';

/** Which broker process: Apache keys its live table by cluster and address. */
export interface BrokerAddress {
  readonly clusterName: string;
  /** `host:port` as the broker advertises it. */
  readonly brokerAddress: string;
}

/** What is known of a registered broker process. `C` is the connection that it registered through. */
export interface LiveBroker<C> extends BrokerAddress {
  readonly brokerName: string;
  readonly brokerId: number;
  /** Version of the topics it registered last. */
  readonly dataVersion: DataVersion;
  /** Where its slaves connect to; empty where it has no such port. */
  readonly haServerAddress: string;
  /** Silence after which it counts as gone. */
  readonly expiryMs: number;
  readonly connection: C;
  /** Of a clock that never goes back. */
  readonly lastHeardMs: number;
}

/**
 * Which brokers are alive, and through which connection each one registered.
 *
 * Invariants:
 *  I1  an entry has exactly one connection, and `byConnection` names it;
 *  I2  a connection without entries is not in `byConnection`: connections that come and go leave nothing behind.
 */
export class BrokerLiveness<C extends object> {
  private readonly brokers = new Map<string, LiveBroker<C>>();
  private readonly byConnection = new Map<C, Set<string>>();

  get size(): number {
    return this.brokers.size;
  }

  find(address: BrokerAddress): LiveBroker<C> | undefined {
    return this.brokers.get(keyOf(address));
  }

  all(): IterableIterator<LiveBroker<C>> {
    return this.brokers.values();
  }

  /** Records a registration; the newest connection is the one whose end unregisters the broker. */
  put(broker: LiveBroker<C>): void {
    const key = keyOf(broker);
    this.remove(broker);
    this.brokers.set(key, broker);
    const keys = this.byConnection.get(broker.connection);
    if (keys) keys.add(key);
    else this.byConnection.set(broker.connection, new Set([key]));
  }

  /** Heard of a broker. @returns whether it is registered. */
  touch(address: BrokerAddress, nowMs: number): boolean {
    const key = keyOf(address);
    const broker = this.brokers.get(key);
    if (!broker) return false;
    this.brokers.set(key, { ...broker, lastHeardMs: nowMs });
    return true;
  }

  remove(address: BrokerAddress): LiveBroker<C> | undefined {
    const key = keyOf(address);
    const broker = this.brokers.get(key);
    if (!broker) return undefined;
    this.brokers.delete(key);
    const keys = this.byConnection.get(broker.connection);
    keys?.delete(key);
    if (keys?.size === 0) this.byConnection.delete(broker.connection);
    return broker;
  }

  /** Brokers whose registration came through `connection`. */
  of(connection: C): LiveBroker<C>[] {
    return [...(this.byConnection.get(connection) ?? [])].map((key) => this.brokers.get(key)!);
  }

  /** Brokers that were silent for longer than their expiry. Source: rocketmq 5.x `RouteInfoManager#scanNotActiveBroker`. */
  expired(nowMs: number): LiveBroker<C>[] {
    return [...this.brokers.values()].filter(
      ({ lastHeardMs, expiryMs }) => lastHeardMs + expiryMs < nowMs,
    );
  }
}

// Neither part can contain a line break: registrations with control characters are refused.
const keyOf = ({ clusterName, brokerAddress }: BrokerAddress): string =>
  `${clusterName}\n${brokerAddress}`;
