import { javaHashCode, memoryViewOf } from '@rocketmq-ts/kernel';
import { BytePattern } from '../frame/byte-pattern.js';
import { PROPERTY_SEPARATOR } from './message-properties.js';

/** The properties that queues and index are built from. */
export type WalkedName =
  'TAGS' | 'KEYS' | 'UNIQ_KEY' | 'DELAY' | 'INNER_MULTI_DISPATCH' | 'INNER_MULTI_QUEUE_OFFSET';

/** A value that goes into the index. Without the property both are 0. */
export interface HashedValue {
  /** `javaHashCode` of the text. */
  readonly hash: number;
  /** Length of the text in UTF-16 units. */
  readonly textLength: number;
}

/**
 * Finds six properties in one walk over the bytes; as many searches would cost as much as checking the record. Of equal names
 * the last counts, and parts without name or value do not, as in `parseProperties`. What is found is valid until the next `find`.
 */
export class PropertyWalk {
  private readonly places = {
    TAGS: new Place('TAGS'),
    KEYS: new Place('KEYS'),
    UNIQ_KEY: new Place('UNIQ_KEY'),
    DELAY: new Place('DELAY'),
    INNER_MULTI_DISPATCH: new Place('INNER_MULTI_DISPATCH'),
    INNER_MULTI_QUEUE_OFFSET: new Place('INNER_MULTI_QUEUE_OFFSET'),
  } as const satisfies Record<WalkedName, Place>;

  get uniqKey(): HashedValue {
    return this.places.UNIQ_KEY;
  }

  get tags(): HashedValue {
    return this.places.TAGS;
  }

  find(bytes: Buffer, start: number, end: number): void {
    const { places } = this;
    places.TAGS.clear();
    places.KEYS.clear();
    places.UNIQ_KEY.clear();
    places.DELAY.clear();
    places.INNER_MULTI_DISPATCH.clear();
    places.INNER_MULTI_QUEUE_OFFSET.clear();
    const view = memoryViewOf(bytes);
    const { byteOffset } = bytes;
    let at = start;
    while (at < end) {
      const place = this.placeFor(view, byteOffset + at, end - at, bytes[at]!);
      if (place === undefined) at = endOfProperty(bytes, at, end);
      else if (place === places.UNIQ_KEY || place === places.TAGS)
        at = place.setHashed(bytes, at + place.head.length, end);
      else at = place.set(bytes, at + place.head.length, end);
      at++;
    }
  }

  /** The value as text, or undefined. */
  text(bytes: Buffer, name: WalkedName): string | undefined {
    const { start, end } = this.places[name];
    return end > start ? bytes.toString('utf8', start, end) : undefined;
  }

  /** Whose property begins at `at`, with `room` bytes up to the end of all. */
  private placeFor(view: DataView, at: number, room: number, firstByte: number): Place | undefined {
    const { places } = this;
    switch (firstByte) {
      case 0x55: // U
        return places.UNIQ_KEY.beginsAt(view, at, room);
      case 0x54: // T
        return places.TAGS.beginsAt(view, at, room);
      case 0x4b: // K
        return places.KEYS.beginsAt(view, at, room);
      case 0x44: // D
        return places.DELAY.beginsAt(view, at, room);
      case 0x49: // I
        return (
          places.INNER_MULTI_DISPATCH.beginsAt(view, at, room) ??
          places.INNER_MULTI_QUEUE_OFFSET.beginsAt(view, at, room)
        );
      default:
        return undefined;
    }
  }
}

/** Where one of the properties lies, and what it is. */
class Place implements HashedValue {
  start = 0;
  /** As `start` where the property is not there. */
  end = 0;
  hash = 0;
  textLength = 0;
  /** The name and what separates it from the value. */
  readonly head: BytePattern;

  constructor(name: string) {
    this.head = new BytePattern(Buffer.from(`${name}\u0001`, 'latin1'));
  }

  clear(): void {
    this.start = 0;
    this.end = 0;
    this.hash = 0;
    this.textLength = 0;
  }

  beginsAt(view: DataView, at: number, room: number): this | undefined {
    return room >= this.head.length && this.head.matches(view, at) ? this : undefined;
  }

  /** @returns where the value ends. */
  set(bytes: Buffer, start: number, end: number): number {
    const at = endOfProperty(bytes, start, end);
    if (at > start) {
      this.start = start;
      this.end = at;
    }
    return at;
  }

  /** As `set`; the text is hashed on the way. */
  setHashed(bytes: Buffer, start: number, end: number): number {
    let at = start;
    let hash = 0;
    let allBits = 0;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === PROPERTY_SEPARATOR) break;
      hash = (Math.imul(hash, 31) + byte) | 0;
      allBits |= byte;
    }
    if (at === start) return at;
    this.start = start;
    this.end = at;
    // Java hashes UTF-16 units, which are the bytes only as long as they are ASCII.
    const text = allBits < 0x80 ? undefined : bytes.toString('utf8', start, at);
    this.hash = text === undefined ? hash : javaHashCode(text);
    this.textLength = text === undefined ? at - start : text.length;
    return at;
  }
}

function endOfProperty(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== PROPERTY_SEPARATOR) at++;
  return at;
}
