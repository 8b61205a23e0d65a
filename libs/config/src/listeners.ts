/**
 * Named listeners: what a server listens on and what it advertises are two settings. A list is written
 * `name:host:port,name:host:port`; an IPv6 host stands in brackets.
 */
export interface NamedAddress {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** A port to listen on, with the address that clients are told. */
export interface Listener extends NamedAddress {
  readonly advertised: HostPort;
}

/** A host and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Name of the only listener where none are named. */
export const DEFAULT_LISTENER = 'default';

const NAMED = /^([A-Za-z][\w-]{0,31}):(.+)$/;
const HOST_PORT = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:[\]/,;]+)):(\d{1,5})$/;

/** `host:port` or `[v6]:port`; undefined where it is neither. */
export function parseHostPort(text: string): HostPort | undefined {
  const [, ipv6, host, digits] = HOST_PORT.exec(text.trim()) ?? [];
  const port = Number(digits);
  const found = ipv6 ?? host;
  return found === undefined || port > 65_535 ? undefined : { host: found, port };
}

/** `host:port`, with brackets around IPv6. */
export const formatHostPort = ({ host, port }: HostPort): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** Reads a list of named addresses. @throws Error saying which part is wrong. */
export function parseNamedAddresses(text: string): NamedAddress[] {
  const addresses: NamedAddress[] = [];
  for (const part of text
    .split(',')
    .map((piece) => piece.trim())
    .filter(Boolean)) {
    const [, name, rest] = NAMED.exec(part) ?? [];
    const address = rest === undefined ? undefined : parseHostPort(rest);
    if (name === undefined || !address)
      throw new Error(`wants name:host:port,… but "${part}" is not name:host:port`);
    if (addresses.some((other) => other.name === name)) throw new Error(`names ${name} twice`);
    addresses.push({ name, ...address });
  }
  return addresses;
}

/** For `check` of a key: what is wrong with a list of named addresses. */
export function namedAddressesProblem(text: string): string | undefined {
  try {
    parseNamedAddresses(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Reads `host:port;host:port`. @throws Error saying which part is wrong. */
export function parseHostPorts(text: string): HostPort[] {
  return text
    .split(';')
    .map((piece) => piece.trim())
    .filter(Boolean)
    .map((part) => {
      const address = parseHostPort(part);
      if (!address || address.port === 0)
        throw new Error(`wants host:port;host:port but "${part}" is not host:port`);
      return address;
    });
}

/** For `check` of a key: what is wrong with a list of addresses. */
export function hostPortsProblem(text: string): string | undefined {
  try {
    parseHostPorts(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What `resolveListeners` reads of a group. */
export interface ListenSettings {
  readonly listenPort: number;
  readonly bindAddress: string;
  /** Named listeners; empty: one on `bindAddress:listenPort`. */
  readonly listeners: string;
  /** Named advertised addresses; a listener without one advertises `advertisedHost` and its own port. */
  readonly advertised?: string;
  /** Host that clients are told where nothing more precise is set. */
  readonly advertisedHost?: string | undefined;
}

/**
 * Ports to listen on. The first one is the main one: its advertised address is the broker's identity towards
 * nameservers and slaves.
 * @param localHost this machine's address, advertised where no host is set.
 */
export function resolveListeners(settings: ListenSettings, localHost: () => string): Listener[] {
  const named = parseNamedAddresses(settings.listeners);
  const advertised = parseNamedAddresses(settings.advertised ?? '');
  const listening =
    named.length > 0
      ? named
      : [{ name: DEFAULT_LISTENER, host: settings.bindAddress, port: settings.listenPort }];
  return listening.map((listener) => {
    const told =
      advertised.find(({ name }) => name === listener.name) ??
      (named.length === 0 ? advertised[0] : undefined);
    return {
      ...listener,
      advertised: told
        ? { host: told.host, port: told.port }
        : { host: reachableHost(settings, listener.host, localHost), port: listener.port },
    };
  });
}

const reachableHost = (
  { advertisedHost }: ListenSettings,
  listenHost: string,
  localHost: () => string,
): string => {
  if (advertisedHost !== undefined && advertisedHost !== '') return advertisedHost;
  return ANY_HOSTS.has(listenHost) ? localHost() : listenHost;
};

/** Hosts that mean "every address of this machine" and lead nowhere from outside. */
const ANY_HOSTS = new Set(['0.0.0.0', '::', '']);

/** For a relation: advertised names that no listener has. */
export function unheardNames(settings: ListenSettings): string[] {
  const names = parseNamedAddresses(settings.listeners).map(({ name }) => name);
  const advertised = parseNamedAddresses(settings.advertised ?? '').map(({ name }) => name);
  return names.length === 0
    ? advertised.slice(1)
    : advertised.filter((name) => !names.includes(name));
}
