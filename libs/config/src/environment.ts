import { homedir, hostname, networkInterfaces, totalmem } from 'node:os';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** This process's environment. Nothing outside `libs/config` reads it. */
export const processEnvironment = (): Environment => process.env;

/** Whether every internal check is switched on (`ROCKETMQ_VERIFY=1`), as in all tests. */
export const verificationWanted = (environment: Environment = process.env): boolean =>
  environment['ROCKETMQ_VERIFY'] === '1';

/** Host name of this machine: Apache's default for `brokerName`. */
export const hostName = (): string => hostname();

/** Memory that this process may count on, in bytes: the machine's, or what its container is given. */
export const physicalMemoryBytes = (): number => {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
};

/** Replaces a leading `~` and any `${HOME}` by the user's home directory. */
export const expandHome = (path: string): string =>
  path.replace(/^~(?=\/|$)/, homedir()).replaceAll('${HOME}', homedir());

/**
 * The address under which other machines most likely reach this one, or `127.0.0.1` where there is no network: an
 * IPv4 address before an IPv6 one, and addresses of container and virtual bridges last.
 * Source: rocketmq 5.x `NetworkUtil#getLocalAddress` (skips bridges, prefers IPv4 outside 127/8 and 192.168/16).
 */
export function localAddress(
  interfaces: NodeJS.Dict<LocalInterface[]> = networkInterfaces(),
): string {
  const candidates = Object.entries(interfaces).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
      .map(({ address, family }) => ({ address, rank: rankOf(name, family, address) })),
  );
  candidates.sort((left, right) => left.rank - right.rank);
  return candidates[0]?.address ?? '127.0.0.1';
}

/** What `localAddress` looks at in an interface. */
export interface LocalInterface {
  readonly address: string;
  readonly family: string;
  readonly internal: boolean;
}

function rankOf(name: string, family: string, address: string): number {
  const virtual = /^(docker|br-|virbr|veth|cni|flannel|cali)/.test(name) ? 8 : 0;
  const ipv6 = family === 'IPv6' ? 4 : 0;
  // Apache takes the first address that is neither 127.* nor 192.168.* and only then falls back to these.
  const homeNetwork = address.startsWith('192.168.') ? 1 : 0;
  return virtual + ipv6 + homeNetwork;
}
