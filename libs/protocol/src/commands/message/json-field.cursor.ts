import { TextCache, type CachedText } from './text-cache.js';

const QUOTE = 0x22;
const MINUS = 0x2d;
const ZERO = 0x30;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LETTER_T = 0x74;
/** Digits that every `number` holds exactly. */
const DIGITS_MAX = 15;
const TRUE = [0x74, 0x72, 0x75, 0x65];
const FALSE = [0x66, 0x61, 0x6c, 0x73, 0x65];
const NO_TEXT: CachedText = { text: '', found: undefined };

/**
 * Reads the pieces of a header's JSON in the form in which clients write it: names and values in quotes, no white space, no
 * escapes. The scanners of the hot commands share it.
 *
 * After each piece `at` stands behind it; it is −1 where something else was met, which is for the command's codec to read.
 */
export class JsonFieldCursor {
  at = 0;
  /** Texts that come again and again. */
  readonly texts = new TextCache();

  /** A name with its quotes and colon; leaves `at` behind the quote that opens the value. */
  name(bytes: Buffer, start: number, last: number): string {
    if (bytes[start] !== QUOTE) return this.unusual();
    const { text } = this.text(bytes, start + 1, last);
    const end = this.at;
    if (end < 0 || bytes[end] !== COLON || bytes[end + 1] !== QUOTE) return this.unusual();
    this.at = end + 2;
    return text;
  }

  /** Plain ASCII up to a quote; leaves `at` behind the quote. */
  text(bytes: Buffer, start: number, last: number): CachedText {
    let hash = 0;
    for (let at = start; at < last; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.at = at + 1;
        return this.texts.find(bytes, start, at, hash);
      }
      if (byte === BACKSLASH || byte < 0x20 || byte >= 0x80) break;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    this.at = -1;
    return NO_TEXT;
  }

  /** Leaves `at` behind the quote that ends a text nobody looks at. */
  skipText(bytes: Buffer, start: number, last: number): void {
    for (let at = start; at < last; at++) {
      const byte = bytes[at];
      if (byte === QUOTE) {
        this.at = at + 1;
        return;
      }
      // Whether the text is text is for the strict reader to say.
      if (byte === BACKSLASH) break;
    }
    this.at = -1;
  }

  /** An integer of at most 15 digits; leaves `at` behind the last one. */
  integer(bytes: Buffer, start: number): number {
    const negative = bytes[start] === MINUS;
    const first = negative ? start + 1 : start;
    let at = first;
    let value = 0;
    for (;;) {
      const digit = bytes[at]! - ZERO;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
      at++;
    }
    this.at = at === first || at - first > DIGITS_MAX ? -1 : at;
    return negative ? -value : value;
  }

  /** `true` or `false`; leaves `at` behind it. */
  flag(bytes: Buffer, start: number): boolean {
    const value = bytes[start] === LETTER_T;
    const word = value ? TRUE : FALSE;
    for (let i = 0; i < word.length; i++) {
      if (bytes[start + i] !== word[i]) {
        this.at = -1;
        return false;
      }
    }
    this.at = start + word.length;
    return value;
  }

  /** Goes over the quote that closes a value. */
  close(bytes: Buffer): void {
    if (this.at >= 0) this.at = bytes[this.at] === QUOTE ? this.at + 1 : -1;
  }

  private unusual(): '' {
    this.at = -1;
    return '';
  }
}
