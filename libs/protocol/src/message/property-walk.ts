import { NAME_VALUE_SEPARATOR, PROPERTY_SEPARATOR } from './message-properties.js';
import { TextHash } from './tags-code.js';

/** The properties that queues and index are built from. */
export type WalkedName =
  'TAGS' | 'KEYS' | 'UNIQ_KEY' | 'DELAY' | 'INNER_MULTI_DISPATCH' | 'INNER_MULTI_QUEUE_OFFSET';

const WALKED: readonly { readonly name: WalkedName; readonly bytes: Buffer }[] = (
  ['TAGS', 'KEYS', 'UNIQ_KEY', 'DELAY', 'INNER_MULTI_DISPATCH', 'INNER_MULTI_QUEUE_OFFSET'] as const
).map((name) => ({ name, bytes: Buffer.from(name, 'latin1') }));

/**
 * Finds six properties in one walk over the bytes; as many searches would cost as much as checking the record. Of equal names
 * the last counts, and parts without name or value do not, as in `parseProperties`.
 */
export class PropertyWalk {
  /** Where the values lie; empty ranges for properties that are not there. Valid until the next `find`. */
  readonly found: Record<WalkedName, { start: number; end: number }> = {
    TAGS: { start: 0, end: 0 },
    KEYS: { start: 0, end: 0 },
    UNIQ_KEY: { start: 0, end: 0 },
    DELAY: { start: 0, end: 0 },
    INNER_MULTI_DISPATCH: { start: 0, end: 0 },
    INNER_MULTI_QUEUE_OFFSET: { start: 0, end: 0 },
  };

  private readonly textHash = new TextHash();

  find(bytes: Buffer, start: number, end: number): void {
    const { found } = this;
    found.TAGS.end = found.TAGS.start = 0;
    found.KEYS.end = found.KEYS.start = 0;
    found.UNIQ_KEY.end = found.UNIQ_KEY.start = 0;
    found.DELAY.end = found.DELAY.start = 0;
    found.INNER_MULTI_DISPATCH.end = found.INNER_MULTI_DISPATCH.start = 0;
    found.INNER_MULTI_QUEUE_OFFSET.end = found.INNER_MULTI_QUEUE_OFFSET.start = 0;
    let at = start;
    while (at < end) {
      const nameStart = at;
      while (at < end && bytes[at] !== NAME_VALUE_SEPARATOR && bytes[at] !== PROPERTY_SEPARATOR)
        at++;
      const nameEnd = at;
      while (at < end && bytes[at] !== PROPERTY_SEPARATOR) at++;
      if (at > nameEnd + 1) this.take(bytes, nameStart, nameEnd, at);
      at++;
    }
  }

  /** The value as text, or undefined. */
  text(bytes: Buffer, name: WalkedName): string | undefined {
    const { start, end } = this.found[name];
    return end > start ? bytes.toString('utf8', start, end) : undefined;
  }

  /** `javaHashCode` of the value, 0 without one. */
  hash(bytes: Buffer, name: WalkedName): number {
    const { start, end } = this.found[name];
    return this.textHash.of(bytes, start, end);
  }

  /** Length in UTF-16 units of the value that was hashed last; 0 where it is not there. */
  get hashedLength(): number {
    return this.textHash.length;
  }

  private take(bytes: Buffer, nameStart: number, nameEnd: number, valueEnd: number): void {
    const length = nameEnd - nameStart;
    if (length !== 4 && length !== 5 && length !== 8 && length !== 20 && length !== 24) return;
    for (const { name, bytes: wanted } of WALKED) {
      if (wanted.length !== length || bytes[nameStart] !== wanted[0]) continue;
      let same = 1;
      while (same < length && bytes[nameStart + same] === wanted[same]) same++;
      if (same < length) continue;
      this.found[name].start = nameEnd + 1;
      this.found[name].end = valueEnd;
    }
  }
}
