import { hostBytes, hostHex } from '@rocketmq-ts/protocol';

/** Who a broker is towards clients, nameservers and its own store. */
export interface BrokerIdentityFacts {
  readonly clusterName: string;
  readonly brokerName: string;
  readonly brokerId: number;
  /** Host and port that clients are told. */
  readonly advertisedHost: string;
  readonly advertisedPort: number;
  /** IP address behind `advertisedHost`, the same where that is one already: message ids carry it. */
  readonly advertisedIp: string;
  /** `host:port` that slaves are told. */
  readonly haAddress: string;
  /** `name:host:port,…` of all listeners; empty where there is one alone. */
  readonly advertisedListeners: string;
}

/** The facts, in the forms in which they are needed. */
export class BrokerIdentity {
  readonly clusterName: string;
  readonly brokerName: string;
  readonly brokerId: number;
  readonly advertisedHost: string;
  readonly advertisedPort: number;
  readonly haAddress: string;
  readonly advertisedListeners: string;
  /** `host:port` under which the nameservers know this broker. */
  readonly address: string;
  /** Address and port as records store them, 8 or 20 bytes. */
  readonly storeHostBytes: Buffer;
  /** First part of the ids of messages that are stored here. */
  readonly storeHostHex: string;

  /** @throws {RangeError} `advertisedIp` is no IP address. */
  constructor(facts: BrokerIdentityFacts) {
    this.clusterName = facts.clusterName;
    this.brokerName = facts.brokerName;
    this.brokerId = facts.brokerId;
    this.advertisedHost = facts.advertisedHost;
    this.advertisedPort = facts.advertisedPort;
    this.haAddress = facts.haAddress;
    this.advertisedListeners = facts.advertisedListeners;
    const { advertisedHost: host, advertisedPort: port } = facts;
    this.address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    const bytes = hostBytes(facts.advertisedIp, port);
    if (!bytes) throw new RangeError(`${facts.advertisedIp} is no IP address`);
    this.storeHostBytes = bytes;
    this.storeHostHex = hostHex(bytes);
  }
}
