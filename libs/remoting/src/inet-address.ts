const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/**
 * An IP address and a port as a message record stores them: `4 or 16 bytes | port:int32`, big-endian.
 * Text that is no IP address (a connection that was reset before it could be asked) becomes 0.0.0.0.
 */
export function writeInetAddress(host: string, port: number): Buffer {
  const address = ipv4Bytes(host) ?? ipv6Bytes(host) ?? [0, 0, 0, 0];
  const bytes = Buffer.alloc(address.length + 4);
  bytes.set(address);
  bytes.writeInt32BE(port, address.length);
  return bytes;
}

function ipv4Bytes(text: string): number[] | undefined {
  const parts = IPV4.exec(text)?.slice(1).map(Number);
  return parts?.every((part) => part <= 255) ? parts : undefined;
}

function ipv6Bytes(text: string): number[] | undefined {
  const [head = '', tail, ...rest] = text.split('::');
  if (!text.includes(':') || rest.length > 0) return undefined;
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  if (!front || !back) return undefined;
  const missing = 16 - front.length - back.length;
  const complete = tail === undefined ? missing === 0 : missing > 0;
  return complete ? [...front, ...new Array<number>(missing).fill(0), ...back] : undefined;
}

/** `1:2:10.0.0.1` → bytes; the last group may be an IPv4 address. */
function groups(text: string): number[] | undefined {
  const bytes: number[] = [];
  if (text === '') return bytes;
  for (const group of text.split(':')) {
    const dotted = ipv4Bytes(group);
    if (dotted) bytes.push(...dotted);
    else if (/^[0-9a-f]{1,4}$/i.test(group))
      bytes.push(parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff);
    else return undefined;
  }
  return bytes;
}
