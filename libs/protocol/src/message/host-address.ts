/** A stored host: 4 or 16 address bytes, then the port in 4. */
export const HOST_V4_BYTES = 8;
export const HOST_V6_BYTES = 20;

/**
 * The bytes that a record keeps of a host. An IPv6 address that maps an IPv4 one (`::ffff:1.2.3.4`, as dual-stack
 * sockets report it) becomes IPv4, as in Java.
 * @returns undefined where `address` is no IP address in text form.
 */
export function hostBytes(address: string, port: number): Buffer | undefined {
  const ip = parseIpV4(address) ?? parseIpV6(address);
  if (ip === undefined) return undefined;
  const bytes = Buffer.alloc(ip.length + 4);
  bytes.set(ip);
  bytes.writeInt32BE(port, ip.length);
  return bytes;
}

/** `10.0.0.1:10911` or `[2001:db8:0:0:0:0:0:1]:10911`. */
export function hostText(bytes: Buffer): string {
  const address = hostAddress(bytes);
  const port = bytes.readInt32BE(bytes.length - 4);
  return bytes.length === HOST_V4_BYTES ? `${address}:${port}` : `[${address}]:${port}`;
}

/** The address without the port, in Java's form: IPv6 as eight groups without leading zeros. */
export function hostAddress(bytes: Buffer): string {
  if (bytes.length === HOST_V4_BYTES) return bytes.subarray(0, 4).join('.');
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(bytes.readUInt16BE(i).toString(16));
  return groups.join(':');
}

function parseIpV4(text: string): number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes = parts.map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function parseIpV6(text: string): number[] | undefined {
  const zone = text.indexOf('%');
  const address = zone < 0 ? text : text.slice(0, zone);
  const halves = address.split('::');
  if (halves.length > 2 || !address.includes(':')) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  const bytes = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255;
  return mapped && bytes[11] === 255 ? bytes.slice(12) : bytes;
}

/** Groups between colons as bytes; at the end of an address the last one may have IPv4 form. */
function parseGroups(text: string, atEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    const v4 = atEnd && i === groups.length - 1 ? parseIpV4(group) : undefined;
    if (v4 !== undefined) bytes.push(...v4);
    else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else return undefined;
  }
  return bytes;
}
