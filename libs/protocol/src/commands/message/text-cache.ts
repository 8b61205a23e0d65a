/** A name that came with a message. */
export interface CachedText {
  readonly text: string;
  /** What the reader of the header found under this name, so that it need not look again; the cache leaves it alone. */
  found: object | undefined;
}

const SLOTS_LOG2 = 13;
/** 2^32 divided by the golden ratio: spreads names that differ in their last digits alone. */
const SPREAD = 0x9e37_79b1;
/** Longer texts are made anew each time, so that the table's size has a bound. */
const CACHED_BYTES_MAX = 255;

/**
 * Names that come with every message – topics, groups – without making a string for each message: looked up by their
 * bytes in a table of fixed size with two places for each slot, of which the older name gives way to a new one.
 */
export class TextCache {
  private readonly places: (CachedText | undefined)[] = new Array<CachedText | undefined>(
    1 << SLOTS_LOG2,
  ).fill(undefined);

  /** The text of ASCII bytes whose `hash` (`hash * 31 + byte`, 32 bits) the caller computed on the way. */
  find(bytes: Buffer, start: number, end: number, hash: number): CachedText {
    const { places } = this;
    const newer = (Math.imul(hash, SPREAD) >>> (32 - SLOTS_LOG2)) & ~1;
    const found = places[newer];
    if (found !== undefined && equals(found.text, bytes, start, end)) return found;
    const older = places[newer + 1];
    if (older !== undefined && equals(older.text, bytes, start, end)) return older;
    const made = { text: bytes.toString('latin1', start, end), found: undefined };
    if (end - start <= CACHED_BYTES_MAX) {
      places[newer + 1] = found;
      places[newer] = made;
    }
    return made;
  }
}

function equals(known: string, bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
