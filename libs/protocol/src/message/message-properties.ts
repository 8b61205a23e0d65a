/** Separates a property's name from its value. */
export const NAME_VALUE_SEPARATOR = 0x01;
/** Ends a property. */
export const PROPERTY_SEPARATOR = 0x02;
/** Longest properties that a record holds: their length is a signed 16-bit number. */
export const PROPERTIES_BYTES_MAX = 0x7fff;

/** A message's properties by name. */
export type MessageProperties = Map<string, string>;

/**
 * Reads properties text. Parts without a name, without a value or without a separator are dropped; of equal names the
 * last counts; a value may contain the name separator; the last separator may be missing (4.9.8 leaves it out).
 * Source: rocketmq 5.5.0 `MessageDecoder#string2messageProperties`.
 */
export function parseProperties(text: string): MessageProperties {
  const properties: MessageProperties = new Map();
  let start = 0;
  while (start < text.length) {
    let end = text.indexOf('\u0002', start);
    if (end < 0) end = text.length;
    if (end - start >= 3) {
      const separator = text.indexOf('\u0001', start);
      if (separator > start && separator < end - 1) {
        properties.set(text.slice(start, separator), text.slice(separator + 1, end));
      }
    }
    start = end + 1;
  }
  return properties;
}

/** As `parseProperties`, from their UTF-8 bytes. */
export const parsePropertiesBytes = (
  bytes: Buffer,
  start: number,
  end: number,
): MessageProperties => parseProperties(bytes.toString('utf8', start, end));

/**
 * Properties as text, each one ended by the separator.
 * Source: rocketmq 5.5.0 `MessageDecoder#messageProperties2String`.
 */
export function formatProperties(properties: MessageProperties): string {
  let text = '';
  for (const [name, value] of properties) text += `${name}\u0001${value}\u0002`;
  return text;
}

/** The bytes of one property, to be put behind others. */
export const propertyBytes = (name: string, value: string): Buffer =>
  Buffer.from(`${name}\u0001${value}\u0002`, 'utf8');

/** The bytes that a search for a property compares with: its name and the separator behind it. */
export const propertySearchKey = (name: string): Buffer => Buffer.from(`${name}\u0001`, 'utf8');

/** Where `findProperty` found the value. Valid until its next call. */
export const foundProperty: { start: number; end: number } = { start: 0, end: 0 };

/**
 * Looks one property up in properties bytes without reading the others; where it occurs more than once, the last one
 * counts as in `parseProperties`. `searchKey` comes from `propertySearchKey`.
 * @returns whether it is there; then `foundProperty` says where its value lies.
 */
export function findProperty(
  bytes: Buffer,
  start: number,
  end: number,
  searchKey: Buffer,
): boolean {
  let found = false;
  let at = start;
  while (at < end) {
    const matches = startsWith(bytes, at, end, searchKey);
    const valueStart = at + searchKey.length;
    while (at < end && bytes[at] !== PROPERTY_SEPARATOR) at++;
    if (matches && at > valueStart) {
      found = true;
      foundProperty.start = valueStart;
      foundProperty.end = at;
    }
    at++;
  }
  return found;
}

/** As `findProperty`, the value as text. */
export function propertyText(
  bytes: Buffer,
  start: number,
  end: number,
  searchKey: Buffer,
): string | undefined {
  if (!findProperty(bytes, start, end, searchKey)) return undefined;
  return bytes.toString('utf8', foundProperty.start, foundProperty.end);
}

function startsWith(bytes: Buffer, at: number, end: number, prefix: Buffer): boolean {
  if (end - at < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false;
  return true;
}
