import { MalformedBodyError, excerpt } from '../protocol-errors.js';

/** An integer that a `number` cannot hold exactly, kept as its digits: whoever needs its value refuses it. */
export class UnsafeJsonInteger {
  constructor(readonly text: string) {}
}

/**
 * What the reader gives. Objects are Maps, so that no key a peer chooses means anything special. A key that is itself
 * an object (fastjson writes such maps) stands as its source text; a numeric key as its digits.
 */
export type JsonValue =
  null | boolean | number | string | UnsafeJsonInteger | JsonValue[] | JsonObject;
export type JsonObject = Map<string, JsonValue>;

/** Bounds for text of a peer. */
export interface JsonLimits {
  /** Nesting of arrays and objects; a bare value has depth 0. */
  readonly depthMax: number;
}

export const JSON_DEPTH_MAX = 16;
const DEFAULT_LIMITS: JsonLimits = { depthMax: JSON_DEPTH_MAX };

/**
 * Reads JSON in the dialect of Java's fastjson: keys may be quoted, bare numbers, bare words, or whole objects;
 * strings may stand in single quotes. Of equal keys the last one counts. Integers are exact or kept as digits.
 * Source: fastjson 1.2.83 `DefaultJSONParser#parseObject`, as used by `RemotingSerializable`.
 * @throws {MalformedBodyError} the text is no such JSON, or nested deeper than `depthMax`.
 */
export function parseJson(text: string, limits: JsonLimits = DEFAULT_LIMITS): JsonValue {
  const reader = new JsonReader(text, limits.depthMax);
  const value = reader.value(0);
  reader.end();
  return value;
}

const Unit = {
  TAB: 0x09,
  LF: 0x0a,
  CR: 0x0d,
  SPACE: 0x20,
  QUOTE: 0x22,
  APOSTROPHE: 0x27,
  PLUS: 0x2b,
  COMMA: 0x2c,
  MINUS: 0x2d,
  POINT: 0x2e,
  ZERO: 0x30,
  NINE: 0x39,
  COLON: 0x3a,
  OPEN_ARRAY: 0x5b,
  BACKSLASH: 0x5c,
  CLOSE_ARRAY: 0x5d,
  OPEN_OBJECT: 0x7b,
  CLOSE_OBJECT: 0x7d,
  BYTE_ORDER_MARK: 0xfeff,
} as const;

const SIMPLE_ESCAPES = new Map<string, string>([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['0', '\0'],
]);

class JsonReader {
  private position = 0;

  constructor(
    private readonly text: string,
    private readonly depthMax: number,
  ) {
    if (text.charCodeAt(0) === Unit.BYTE_ORDER_MARK) this.position = 1;
  }

  value(depth: number): JsonValue {
    const unit = this.next();
    if (unit === Unit.QUOTE || unit === Unit.APOSTROPHE) return this.string(unit);
    if (unit === Unit.OPEN_OBJECT) return this.object(depth + 1);
    if (unit === Unit.OPEN_ARRAY) return this.array(depth + 1);
    if (isNumberStart(unit)) return this.number();
    const word = this.word();
    if (word === 'true') return true;
    if (word === 'false') return false;
    if (word === 'null') return null;
    throw this.wrong(`has no value ${excerpt(word === '' ? this.text[this.position]! : word)}`);
  }

  end(): void {
    this.space();
    if (this.position < this.text.length) throw this.wrong('goes on after its end');
  }

  private object(depth: number): JsonObject {
    this.enter(depth);
    const entries: JsonObject = new Map();
    if (this.next() === Unit.CLOSE_OBJECT) return this.leave(entries);
    for (;;) {
      const key = this.key(depth);
      if (this.next() !== Unit.COLON) throw this.wrong('lacks a colon after a key');
      this.position++;
      entries.set(key, this.value(depth));
      const unit = this.next();
      if (unit === Unit.CLOSE_OBJECT) return this.leave(entries);
      if (unit !== Unit.COMMA) throw this.wrong('lacks a comma in an object');
      this.position++;
    }
  }

  private array(depth: number): JsonValue[] {
    this.enter(depth);
    const items: JsonValue[] = [];
    if (this.next() === Unit.CLOSE_ARRAY) return this.leave(items);
    for (;;) {
      items.push(this.value(depth));
      const unit = this.next();
      if (unit === Unit.CLOSE_ARRAY) return this.leave(items);
      if (unit !== Unit.COMMA) throw this.wrong('lacks a comma in an array');
      this.position++;
    }
  }

  private enter(depth: number): void {
    if (depth > this.depthMax) throw this.wrong(`is nested deeper than ${this.depthMax}`);
    this.position++;
  }

  private leave<T>(result: T): T {
    this.position++;
    return result;
  }

  private key(depth: number): string {
    const unit = this.next();
    if (unit === Unit.QUOTE || unit === Unit.APOSTROPHE) return this.string(unit);
    const start = this.position;
    if (unit === Unit.OPEN_OBJECT) this.object(depth + 1);
    else if (isNumberStart(unit)) this.number();
    else if (this.word() === '') throw this.wrong('lacks a key');
    return this.text.slice(start, this.position);
  }

  private string(quote: number): string {
    const { text } = this;
    const start = ++this.position;
    for (let i = start; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit === quote) {
        this.position = i + 1;
        return text.slice(start, i);
      }
      if (unit === Unit.BACKSLASH) return this.escapedString(quote, start, i);
    }
    throw this.wrong('ends inside a string');
  }

  private escapedString(quote: number, start: number, firstEscape: number): string {
    const { text } = this;
    let result = text.slice(start, firstEscape);
    let from = firstEscape;
    for (let i = firstEscape; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit === quote) {
        this.position = i + 1;
        return result + text.slice(from, i);
      }
      if (unit !== Unit.BACKSLASH) continue;
      result += text.slice(from, i);
      this.position = i + 1;
      result += this.escape();
      from = this.position;
      i = from - 1;
    }
    throw this.wrong('ends inside a string');
  }

  /** At the character after the backslash; leaves the position behind the escape. */
  private escape(): string {
    const letter = this.text.charAt(this.position++);
    if (letter === 'u') return this.hexEscape(4);
    if (letter === 'x') return this.hexEscape(2);
    const simple = SIMPLE_ESCAPES.get(letter);
    if (simple !== undefined) return simple;
    if (letter === '"' || letter === '\\' || letter === '/' || letter === "'") return letter;
    throw this.wrong(`has no escape ${excerpt(`\\${letter}`)}`);
  }

  private hexEscape(digits: number): string {
    const hex = this.text.slice(this.position, this.position + digits);
    if (hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) {
      throw this.wrong('has a broken \\u escape');
    }
    this.position += digits;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  private number(): number | UnsafeJsonInteger {
    const { text } = this;
    const start = this.position;
    let i = start + 1;
    let integer = true;
    for (; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= Unit.ZERO && unit <= Unit.NINE) continue;
      if (!isFractionPart(unit)) break;
      integer = false;
    }
    this.position = i;
    const digits = text.slice(start, i);
    const value = Number(digits);
    if (!Number.isFinite(value)) throw this.wrong(`has no number ${excerpt(digits)}`);
    return integer && !Number.isSafeInteger(value) ? new UnsafeJsonInteger(digits) : value;
  }

  /** A bare word: letters, digits, `_` and `$`; empty where none stands here. */
  private word(): string {
    const start = this.position;
    let i = start;
    while (i < this.text.length && isWordUnit(this.text.charCodeAt(i))) i++;
    this.position = i;
    return this.text.slice(start, i);
  }

  /** The next unit that is not white space, without taking it. */
  private next(): number {
    this.space();
    if (this.position >= this.text.length) throw this.wrong('ends too early');
    return this.text.charCodeAt(this.position);
  }

  private space(): void {
    const { text } = this;
    let i = this.position;
    while (i < text.length && isSpace(text.charCodeAt(i))) i++;
    this.position = i;
  }

  private wrong(reason: string): MalformedBodyError {
    return new MalformedBodyError('', `${reason} (at character ${this.position})`);
  }
}

const isSpace = (unit: number): boolean =>
  unit === Unit.SPACE || unit === Unit.LF || unit === Unit.CR || unit === Unit.TAB;

const isNumberStart = (unit: number): boolean =>
  (unit >= Unit.ZERO && unit <= Unit.NINE) || unit === Unit.MINUS;

const isFractionPart = (unit: number): boolean =>
  unit === Unit.POINT ||
  unit === Unit.PLUS ||
  unit === Unit.MINUS ||
  unit === 0x45 /* E */ ||
  unit === 0x65; /* e */

const isWordUnit = (unit: number): boolean =>
  (unit >= 0x61 && unit <= 0x7a) ||
  (unit >= 0x41 && unit <= 0x5a) ||
  (unit >= Unit.ZERO && unit <= Unit.NINE) ||
  unit === 0x5f /* _ */ ||
  unit === 0x24; /* $ */
