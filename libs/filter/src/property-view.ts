/** Between name and value, and behind a value. Source: rocketmq 5.5.0 `MessageDecoder`. */
const NAME_END = 1;
const VALUE_END = 2;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const NO_BYTES = Buffer.alloc(0);

/**
 * The properties of one message that an expression names, found in the bytes of the record in one pass: nothing is
 * copied, decoded or allocated before a value is needed as text.
 *
 * Rules of the bytes, as Java reads them: `name 0x01 value 0x02`, the last 0x02 may be missing; an entry without name or
 * without value does not count; of two entries with one name the later counts.
 * Source: rocketmq 5.5.0 `MessageDecoder#string2messageProperties`.
 */
export class PropertyView {
  bytes: Buffer = NO_BYTES;
  /** Where the value of each property begins and ends in `bytes`; begins at -1 where there is none. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  private readonly nameBytes: readonly Buffer[];
  private readonly nameHashes: Int32Array;
  /** First slot with a hash that ends in these bits, and the next one after a slot; -1 for none. */
  private readonly firstByHash: Int32Array;
  private readonly nextInRow: Int32Array;
  private readonly hashMask: number;

  /** @param names names of the properties, each once; their place is their slot. */
  constructor(names: readonly string[]) {
    this.starts = new Int32Array(names.length).fill(-1);
    this.ends = new Int32Array(names.length);
    this.nameBytes = names.map((name) => Buffer.from(name, 'utf8'));
    this.nameHashes = Int32Array.from(this.nameBytes, hashOf);
    let size = 16;
    while (size < names.length * 2) size *= 2;
    this.hashMask = size - 1;
    this.firstByHash = new Int32Array(size).fill(-1);
    this.nextInRow = new Int32Array(names.length).fill(-1);
    for (let slot = 0; slot < names.length; slot++) {
      const row = this.nameHashes[slot]! & this.hashMask;
      this.nextInRow[slot] = this.firstByHash[row]!;
      this.firstByHash[row] = slot;
    }
  }

  /** Looks at the properties of the next message, in `bytes` from `start` to `end`. */
  look(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.starts.fill(-1);
    let at = start;
    while (at < end) {
      const nameStart = at;
      let hash = FNV_OFFSET;
      let byte = NAME_END;
      while (at < end) {
        byte = bytes[at]!;
        if (byte === NAME_END || byte === VALUE_END) break;
        hash = Math.imul(hash ^ byte, FNV_PRIME);
        at++;
      }
      const nameEnd = at++;
      if (byte !== NAME_END) continue;
      const valueStart = at;
      while (at < end && bytes[at] !== VALUE_END) at++;
      if (nameEnd > nameStart && at > valueStart) {
        this.note(hash | 0, nameStart, nameEnd, valueStart, at);
      }
      at++;
    }
  }

  /** Forgets the message, so that its bytes are not kept alive. */
  clear(): void {
    this.bytes = NO_BYTES;
  }

  has(slot: number): boolean {
    return this.starts[slot]! >= 0;
  }

  /** The value as text. Only where there is one. */
  text(slot: number): string {
    return this.bytes.toString('utf8', this.starts[slot], this.ends[slot]);
  }

  /** Whether the value consists of these bytes. */
  equals(slot: number, wanted: Buffer): boolean {
    const start = this.starts[slot]!;
    return this.ends[slot]! - start === wanted.length && this.holdsAt(start, wanted);
  }

  startsWith(slot: number, wanted: Buffer): boolean {
    const start = this.starts[slot]!;
    return this.ends[slot]! - start >= wanted.length && this.holdsAt(start, wanted);
  }

  endsWith(slot: number, wanted: Buffer): boolean {
    const start = this.ends[slot]! - wanted.length;
    return start >= this.starts[slot]! && this.holdsAt(start, wanted);
  }

  private holdsAt(start: number, wanted: Buffer): boolean {
    const { bytes } = this;
    for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
    return true;
  }

  private note(
    hash: number,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    let slot = this.firstByHash[hash & this.hashMask]!;
    for (; slot >= 0; slot = this.nextInRow[slot]!) {
      if (this.nameHashes[slot] !== hash) continue;
      const name = this.nameBytes[slot]!;
      if (nameEnd - nameStart !== name.length || !this.holdsAt(nameStart, name)) continue;
      this.starts[slot] = valueStart;
      this.ends[slot] = valueEnd;
      return;
    }
  }
}

function hashOf(bytes: Buffer): number {
  let hash = FNV_OFFSET;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash | 0;
}
