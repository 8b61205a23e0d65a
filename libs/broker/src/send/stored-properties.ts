import { javaHashCode } from '@rocketmq-ts/kernel';
import {
  NAME_VALUE_SEPARATOR,
  PROPERTIES_BYTES_MAX,
  PROPERTY_SEPARATOR,
  tagsCodeOf,
  tagsCodeOfBytes,
} from '@rocketmq-ts/protocol';

/** Buckets of Java's `HashMap(128)` and how many entries it holds before it grows. */
const BUCKET_COUNT = 128;
const FAST_ENTRY_COUNT_MAX = 96;

/** Room for client properties plus everything a broker adds. */
const OUTPUT_BYTES = 2 * PROPERTIES_BYTES_MAX;

/** A property that the broker puts in, with its text and position in Java's map worked out once. */
export interface FixedProperty {
  readonly key: string;
  readonly keyBytes: Buffer;
  readonly keyHash: number;
  readonly valueBytes: Buffer;
}

export function fixedProperty(key: string, value: string): FixedProperty {
  return {
    key,
    keyBytes: Buffer.from(key),
    keyHash: javaHashCode(key),
    valueBytes: Buffer.from(value),
  };
}

/** Keys the broker looks at while it stores a message; the number is the slot in `StoredProperties`. */
const KNOWN_KEYS = [
  'UNIQ_KEY',
  'KEYS',
  'TAGS',
  'WAIT',
  'DELAY',
  'TRAN_MSG',
  'TIMER_DELIVER_MS',
  'TIMER_DELAY_SEC',
  'TIMER_DELAY_MS',
  'INNER_NUM',
  'POP_CK',
  '__SHARDINGKEY',
  'TIMER_OUT_MS',
  'TIMER_DEL_UNIQKEY',
  'INNER_MULTI_DISPATCH',
  'PGROUP',
  'CHECK_IMMUNITY_TIME_IN_SECONDS',
  'TRAN_ORIGIN_QUEUE_OFFSET',
  'TRAN_PREPARED_QUEUE_OFFSET',
] as const;
export type KnownKey = (typeof KNOWN_KEYS)[number];

const slotOfHash = new Map<number, number>(
  KNOWN_KEYS.map((key, slot) => [javaHashCode(key), slot]),
);
const knownKeyBytes = KNOWN_KEYS.map((key) => Buffer.from(key));
const slotOfKey = Object.fromEntries(KNOWN_KEYS.map((key, slot) => [key, slot])) as Record<
  KnownKey,
  number
>;

/**
 * The properties of one message on their way into the log: read from the wire, completed by the broker, written in the
 * order in which Apache's broker would write them. That order is the one of a Java `HashMap` with 128 buckets, so that
 * a store written here cannot be told from one written there.
 *
 * One object is reused for all sends; nothing is allocated per message as long as it has fewer than about ninety
 * properties. Use: `read`, then `put`/`remove`, then `write`, then `output` until the next `read`.
 *
 * Source: rocketmq 5.5.0 `MessageDecoder#string2messageProperties`, `#messageProperties2String`;
 * `java.util.HashMap`.
 */
export class StoredProperties {
  /** The written text; valid in `[0, outputBytes)` until the next `write`. */
  readonly output = Buffer.allocUnsafeSlow(OUTPUT_BYTES);
  outputBytes = 0;

  private entryCount = 0;
  private readonly source: Buffer[] = [];
  private readonly keyStart = new Int32Array(FAST_ENTRY_COUNT_MAX);
  private readonly keyEnd = new Int32Array(FAST_ENTRY_COUNT_MAX);
  private readonly valueSource: Buffer[] = [];
  private readonly valueStart = new Int32Array(FAST_ENTRY_COUNT_MAX);
  private readonly valueEnd = new Int32Array(FAST_ENTRY_COUNT_MAX);
  private readonly hash = new Int32Array(FAST_ENTRY_COUNT_MAX);
  private readonly next = new Int8Array(FAST_ENTRY_COUNT_MAX);
  private readonly head = new Int8Array(BUCKET_COUNT);
  private readonly tail = new Int8Array(BUCKET_COUNT);
  /** Entry of each known key, −1 where absent. */
  private readonly known = new Int8Array(KNOWN_KEYS.length);
  /** Takes over when there are too many entries for the arrays; undefined otherwise. */
  private many: Map<string, string> | undefined;

  /** Reads wire text. Pieces shorter than three bytes, without a key or without a value are dropped, as Java does. */
  read(bytes: Buffer, start: number, end: number): void {
    this.reset();
    let pieceStart = start;
    let separator = -1;
    let hash = 0;
    let ascii = true;
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      if (byte === PROPERTY_SEPARATOR) {
        this.take(bytes, pieceStart, separator, i, hash, ascii);
        pieceStart = i + 1;
        separator = -1;
        hash = 0;
        ascii = true;
      } else if (separator < 0) {
        if (byte === NAME_VALUE_SEPARATOR) separator = i;
        else {
          hash = (Math.imul(hash, 31) + byte) | 0;
          if (byte > 0x7f) ascii = false;
        }
      }
    }
    if (pieceStart < end) this.take(bytes, pieceStart, separator, end, hash, ascii);
  }

  /** Text of a known key, or undefined where the message does not have it. */
  text(key: KnownKey): string | undefined {
    if (this.many) return this.many.get(key);
    const entry = this.known[slotOfKey[key]]!;
    if (entry < 0) return undefined;
    return this.valueSource[entry]!.toString('utf8', this.valueStart[entry], this.valueEnd[entry]);
  }

  /** What the consume queue keeps of the message's tag; 0 without one. */
  tagsCode(): number {
    if (this.many) return tagsCodeOf(this.many.get('TAGS'));
    const entry = this.known[slotOfKey.TAGS]!;
    if (entry < 0) return 0;
    const [start, end] = [this.valueStart[entry]!, this.valueEnd[entry]!];
    return tagsCodeOfBytes(this.valueSource[entry]!, start, end);
  }

  has(key: KnownKey): boolean {
    return this.many ? this.many.has(key) : this.known[slotOfKey[key]]! >= 0;
  }

  /** Whether the value of a known key is exactly `expected` (ASCII); cheaper than `text`. */
  is(key: KnownKey, expected: Buffer): boolean {
    if (this.many) return this.many.get(key) === expected.toString('latin1');
    const entry = this.known[slotOfKey[key]]!;
    if (entry < 0) return false;
    return sameBytes(
      this.valueSource[entry]!,
      this.valueStart[entry]!,
      this.valueEnd[entry]!,
      expected,
      0,
      expected.length,
    );
  }

  /** Sets a property; one that is there keeps its place and gets the new value. */
  put(property: FixedProperty): void {
    this.putValue(property, property.valueBytes, 0, property.valueBytes.length);
  }

  /** As `put`, with a value other than the fixed one. */
  putValue(key: FixedProperty, value: Buffer, start: number, end: number): void {
    if (this.many) {
      this.many.set(key.key, value.toString('utf8', start, end));
      return;
    }
    this.add(key.keyBytes, 0, key.keyBytes.length, key.keyHash, value, start, end);
  }

  putText(key: FixedProperty, value: string): void {
    const bytes = Buffer.from(value);
    this.putValue(key, bytes, 0, bytes.length);
  }

  remove(key: KnownKey): void {
    if (this.many) {
      this.many.delete(key);
      return;
    }
    const slot = slotOfKey[key];
    const entry = this.known[slot]!;
    if (entry < 0) return;
    this.known[slot] = -1;
    // An entry without a key is skipped by `write`; its place in the chain does no harm.
    this.keyEnd[entry] = this.keyStart[entry]!;
    this.hash[entry] = 0;
  }

  /** Writes all properties to `output`. Longer than `PROPERTIES_BYTES_MAX` is for the caller to refuse. */
  write(): void {
    if (this.many) {
      this.writeMany(this.many);
      return;
    }
    let position = 0;
    const output = this.output;
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      for (let entry = this.head[bucket]!; entry >= 0; entry = this.next[entry]!) {
        if (this.keyEnd[entry] === this.keyStart[entry]) continue;
        position = copy(
          this.source[entry]!,
          this.keyStart[entry]!,
          this.keyEnd[entry]!,
          output,
          position,
        );
        output[position++] = NAME_VALUE_SEPARATOR;
        position = copy(
          this.valueSource[entry]!,
          this.valueStart[entry]!,
          this.valueEnd[entry]!,
          output,
          position,
        );
        output[position++] = PROPERTY_SEPARATOR;
      }
    }
    this.outputBytes = position;
  }

  private reset(): void {
    this.entryCount = 0;
    this.head.fill(-1);
    this.known.fill(-1);
    this.many = undefined;
  }

  private take(
    bytes: Buffer,
    start: number,
    separator: number,
    end: number,
    hash: number,
    ascii: boolean,
  ): void {
    if (end - start < 3 || separator <= start || separator >= end - 1) return;
    if (this.many) {
      this.many.set(
        bytes.toString('utf8', start, separator),
        bytes.toString('utf8', separator + 1, end),
      );
      return;
    }
    // Java hashes UTF-16 units, which are the bytes only as long as the key is ASCII.
    const keyHash = ascii ? hash : javaHashCode(bytes.toString('utf8', start, separator));
    this.add(bytes, start, separator, keyHash, bytes, separator + 1, end);
  }

  private add(
    source: Buffer,
    keyStart: number,
    keyEnd: number,
    keyHash: number,
    valueSource: Buffer,
    valueStart: number,
    valueEnd: number,
  ): void {
    const bucket = (keyHash ^ (keyHash >>> 16)) & (BUCKET_COUNT - 1);
    for (let entry = this.head[bucket]!; entry >= 0; entry = this.next[entry]!) {
      if (
        this.hash[entry] === keyHash &&
        sameBytes(
          this.source[entry]!,
          this.keyStart[entry]!,
          this.keyEnd[entry]!,
          source,
          keyStart,
          keyEnd,
        )
      ) {
        this.valueSource[entry] = valueSource;
        this.valueStart[entry] = valueStart;
        this.valueEnd[entry] = valueEnd;
        return;
      }
    }
    if (this.entryCount === FAST_ENTRY_COUNT_MAX) {
      this.moveToMany();
      this.many!.set(
        source.toString('utf8', keyStart, keyEnd),
        valueSource.toString('utf8', valueStart, valueEnd),
      );
      return;
    }
    const entry = this.entryCount++;
    this.source[entry] = source;
    this.keyStart[entry] = keyStart;
    this.keyEnd[entry] = keyEnd;
    this.hash[entry] = keyHash;
    this.valueSource[entry] = valueSource;
    this.valueStart[entry] = valueStart;
    this.valueEnd[entry] = valueEnd;
    this.next[entry] = -1;
    if (this.head[bucket]! < 0) this.head[bucket] = entry;
    else this.next[this.tail[bucket]!] = entry;
    this.tail[bucket] = entry;

    const slot = slotOfHash.get(keyHash);
    if (slot === undefined) return;
    const expected = knownKeyBytes[slot]!;
    if (sameBytes(source, keyStart, keyEnd, expected, 0, expected.length)) this.known[slot] = entry;
  }

  /** Goes over to an ordinary map, for the rare message with very many properties. */
  private moveToMany(): void {
    const many = new Map<string, string>();
    for (let entry = 0; entry < this.entryCount; entry++) {
      if (this.keyEnd[entry] === this.keyStart[entry]) continue;
      many.set(
        this.source[entry]!.toString('utf8', this.keyStart[entry], this.keyEnd[entry]),
        this.valueSource[entry]!.toString('utf8', this.valueStart[entry], this.valueEnd[entry]),
      );
    }
    this.many = many;
  }

  private writeMany(many: ReadonlyMap<string, string>): void {
    let text = '';
    for (const key of javaHashMapOrder([...many.keys()])) {
      text += `${key}\u0001${many.get(key)}\u0002`;
    }
    this.outputBytes = this.output.write(text);
  }
}

/**
 * The order in which Java's `HashMap(128)` walks `keys` that were put in the given order.
 * Source: `java.util.HashMap` (table of 128, doubled when three quarters full, chains in order of arrival).
 */
export function javaHashMapOrder(keys: readonly string[]): string[] {
  let bucketCount = BUCKET_COUNT;
  while (keys.length > bucketCount * 0.75) bucketCount *= 2;
  const bucketOf = (key: string): number => {
    const hash = javaHashCode(key);
    return ((hash ^ (hash >>> 16)) & (bucketCount - 1)) >>> 0;
  };
  return keys
    .map((key, arrival) => ({ key, arrival, bucket: bucketOf(key) }))
    .sort((a, b) => a.bucket - b.bucket || a.arrival - b.arrival)
    .map(({ key }) => key);
}

function sameBytes(
  left: Buffer,
  leftStart: number,
  leftEnd: number,
  right: Buffer,
  rightStart: number,
  rightEnd: number,
): boolean {
  const length = leftEnd - leftStart;
  if (length !== rightEnd - rightStart) return false;
  for (let i = 0; i < length; i++) {
    if (left[leftStart + i] !== right[rightStart + i]) return false;
  }
  return true;
}

/** Copies and returns the position behind the copy. Short pieces go byte by byte: a native call costs more than they do. */
function copy(from: Buffer, start: number, end: number, into: Buffer, position: number): number {
  if (end - start > 64) {
    from.copy(into, position, start, end);
    return position + end - start;
  }
  let at = position;
  for (let i = start; i < end; i++) into[at++] = from[i]!;
  return at;
}
