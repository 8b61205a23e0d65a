/** A text and its UTF-8 bytes. */
export interface CachedText {
  readonly text: string;
  /** Never written to again: may be kept. */
  readonly bytes: Buffer;
}

const SLOTS = 4096;
/** Longer texts are made anew each time, so that the table's size has a bound. */
const CACHED_BYTES_MAX = 255;

/**
 * Names that come with every message – topics, groups – without making a string for each message: looked up by their
 * bytes in a table of fixed size, where a newer name replaces an older one that fell on the same slot.
 */
export class TextCache {
  private readonly slots: (CachedText | undefined)[] = new Array<CachedText | undefined>(
    SLOTS,
  ).fill(undefined);

  /** The text of ASCII bytes whose `hash` (`hash * 31 + byte`, 32 bits) the caller computed on the way. */
  find(bytes: Buffer, start: number, end: number, hash: number): CachedText {
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const found = this.slots[slot];
    if (found !== undefined && equals(found.bytes, bytes, start, end)) return found;
    const made = { text: bytes.toString('latin1', start, end), bytes: copyOf(bytes, start, end) };
    if (end - start <= CACHED_BYTES_MAX) this.slots[slot] = made;
    return made;
  }
}

function equals(known: Buffer, bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}

/** A copy with its own memory: a slice of Node's shared pool would keep the pool alive. */
function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start);
  bytes.copy(copy, 0, start, end);
  return copy;
}
