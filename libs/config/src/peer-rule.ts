/** Who asks, as a rule judges it. */
export interface Peer {
  readonly remoteAddress: string;
  /** Our end of the connection: a peer with the same address runs on this machine. */
  readonly localAddress?: string;
}

/**
 * Which peers may do something: `any`, `local` (this machine), or a list of addresses and networks such as
 * `local,10.0.0.0/8,fd00::/8`. A rule only restricts; it never stands for a login.
 */
export class PeerRule {
  private readonly any: boolean;
  private readonly local: boolean;
  private readonly networks: readonly Network[];

  /** @throws Error saying which part is wrong. */
  constructor(text: string) {
    const parts = text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean);
    this.any = parts.includes('any');
    this.local = parts.includes('local');
    this.networks = parts.filter((part) => part !== 'any' && part !== 'local').map(parseNetwork);
  }

  allows({ remoteAddress, localAddress }: Peer): boolean {
    if (this.any) return true;
    const remote = addressBytes(remoteAddress);
    if (!remote) return false;
    const sameMachine = isLoopback(remote) || remoteAddress === localAddress;
    return (
      (this.local && sameMachine) || this.networks.some((network) => contains(network, remote))
    );
  }
}

/** For `check` of a key: what is wrong with a rule. */
export function peerRuleProblem(text: string): string | undefined {
  try {
    new PeerRule(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

interface Network {
  readonly bytes: readonly number[];
  readonly prefixBits: number;
}

function parseNetwork(part: string): Network {
  const [address = '', prefix] = part.split('/');
  const bytes = addressBytes(address);
  const prefixBits = prefix === undefined ? (bytes?.length ?? 0) * 8 : Number(prefix);
  if (!bytes || !/^\d{0,3}$/.test(prefix ?? '') || prefix === '' || prefixBits > bytes.length * 8)
    throw new Error(`wants any, local, addresses or networks, but "${part}" is none of them`);
  return { bytes, prefixBits };
}

function contains({ bytes, prefixBits }: Network, address: readonly number[]): boolean {
  if (bytes.length !== address.length) return false;
  for (let bit = 0; bit < prefixBits; bit++) {
    const mask = 0x80 >> (bit & 7);
    if ((bytes[bit >> 3]! & mask) !== (address[bit >> 3]! & mask)) return false;
  }
  return true;
}

const isLoopback = (bytes: readonly number[]): boolean =>
  bytes.length === 4
    ? bytes[0] === 127
    : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));

/** 4 or 16 bytes; IPv4 written as IPv6 (`::ffff:10.0.0.1`) gives 4. Undefined: not an address. */
function addressBytes(text: string): readonly number[] | undefined {
  const plain = text.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  return plain.includes(':') ? ipv6Bytes(plain) : ipv4Bytes(plain);
}

function ipv4Bytes(text: string): readonly number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function ipv6Bytes(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = [groupsOf(halves[0]!), groupsOf(halves[1] ?? '')];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...Array.from({ length: missing }, () => 0), ...tail].flatMap((group) => [
    group >> 8,
    group & 0xff,
  ]);
}

function groupsOf(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  return groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : undefined;
}
