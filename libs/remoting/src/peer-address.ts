import { writeInetAddress } from './inet-address.js';

/** Who is at the other end. */
export class PeerAddress {
  /** Without the wrapping that a dual-stack listener puts around IPv4 and without a zone. */
  readonly host: string;
  /** `host:port` as Java prints it; IPv6 in brackets. */
  readonly hostPort: string;

  constructor(
    remoteAddress: string,
    readonly port: number,
  ) {
    this.host = plainHost(remoteAddress);
    this.hostPort = this.host.includes(':') ? `[${this.host}]:${port}` : `${this.host}:${port}`;
  }

  /** The address as a stored message carries it: 4 or 16 bytes of IP, then the port as 4 bytes. */
  recordBytes(): Buffer {
    return writeInetAddress(this.host, this.port);
  }
}

function plainHost(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped ? mapped[1]! : address.replace(/%.*$/, '');
}

/** A `host:port` text taken apart; IPv6 addresses stand in brackets. @throws {RangeError} it is no such text. */
export function parseHostPort(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw new RangeError(`${JSON.stringify(text)} is no host:port`);
  return { host: (match[1] ?? match[2])!, port };
}
