import { lookup } from 'node:dns/promises';
import {
  BrokerConfig,
  formatHostPort,
  type Listener,
  type LoadedConfig,
  localAddress,
  ReplicationConfig,
  resolveListeners,
} from '@rocketmq-ts/config';
import type { Network } from '@rocketmq-ts/kernel';
import { hostBytes } from '@rocketmq-ts/protocol';
import { StartError } from '@rocketmq-ts/nest-service';
import type { ListenerOptions } from '@rocketmq-ts/remoting';
import { BrokerIdentity } from '../broker-identity.js';
import { FAST_LISTENER } from '../listener-name.js';

/** Distance between the main port and the second one. Source: rocketmq 5.x `BrokerController#initializeRemotingServer`. */
const FAST_PORT_DISTANCE = 2;

/** Where a broker listens and what it tells others. */
export interface BrokerAddresses {
  readonly listeners: readonly ListenerOptions[];
  /** Where a master serves its log to slaves, on the host of the main port. */
  readonly haPort: number;
  readonly identity: BrokerIdentity;
}

/**
 * Works out the ports, also those that are to be any free ones: the advertised address must be known before the store
 * opens, because every message carries it.
 * @throws {StartError} the advertised host is unknown.
 */
export async function brokerAddresses(
  loaded: LoadedConfig,
  network: Network,
): Promise<BrokerAddresses> {
  const config = loaded.get(BrokerConfig);
  const listeners: Listener[] = [];
  for (const listener of resolveListeners(config, localAddress)) {
    if (listener.port !== 0) {
      listeners.push(listener);
      continue;
    }
    const port = await freePort(network, listener.host);
    const advertised =
      listener.advertised.port === 0 ? { ...listener.advertised, port } : listener.advertised;
    listeners.push({ ...listener, port, advertised });
  }
  const main = listeners[0]!;
  const fastPort = await fastPortOf(config, network, main);
  const { host, port } = main.advertised;
  const haHost = config.advertisedHaHost ?? host;
  const haPort = await haPortOf(loaded, network, main);
  const identity = new BrokerIdentity({
    clusterName: config.clusterName,
    brokerName: config.brokerName,
    brokerId: config.brokerId,
    advertisedHost: host,
    advertisedPort: port,
    advertisedIp: await ipOf(host),
    advertisedListeners: listeners.length === 1 ? '' : listeners.map(namedAddress).join(','),
    haAddress: formatHostPort({ host: haHost, port: haPort }),
  });
  const fast = fastPort < 0 ? [] : [{ name: FAST_LISTENER, host: main.host, port: fastPort }];
  return { listeners: [...listeners, ...fast], haPort, identity };
}

/** As the nameservers read it: who asks one through the listener of this name is told this address. */
const namedAddress = ({ name, advertised }: Listener): string =>
  `${name}:${formatHostPort(advertised)}`;

async function fastPortOf(config: BrokerConfig, network: Network, main: Listener): Promise<number> {
  const wanted = config.fastListenPort ?? main.port - FAST_PORT_DISTANCE;
  const free = wanted === 0 || (config.fastListenPort === undefined && config.listenPort === 0);
  return free ? freePort(network, main.host) : wanted;
}

async function haPortOf(loaded: LoadedConfig, network: Network, main: Listener): Promise<number> {
  const wanted = loaded.get(ReplicationConfig).haListenPort;
  const free = wanted === 0 || (wanted === undefined && loaded.get(BrokerConfig).listenPort === 0);
  return free ? freePort(network, main.host) : (wanted ?? main.port + 1);
}

async function freePort(network: Network, host: string): Promise<number> {
  const listener = await network.listen({ host, port: 0 }, (socket) => {
    socket.destroy();
    return { onData: () => undefined, onDrain: () => undefined, onClose: () => undefined };
  });
  await listener.close();
  return listener.port;
}

async function ipOf(host: string): Promise<string> {
  if (hostBytes(host, 0) !== undefined) return host;
  try {
    // IPv4 first: ids of messages with IPv6 addresses are longer than old clients expect.
    return (await lookup(host, { family: 4 }).catch(() => lookup(host))).address;
  } catch (error) {
    throw new StartError(
      `advertisedHost (brokerIP1) ${host} is not known to this machine's name service; use an address, or a name that it knows`,
      { cause: error },
    );
  }
}
