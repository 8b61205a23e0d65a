import { LanguageCode, languageCodeOf } from '../peer-version.js';
import type { RemotingFrame } from './frame.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

const asciiOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const CODE = asciiOf('code');
const FLAG = asciiOf('flag');
const OPAQUE = asciiOf('opaque');
const REMARK = asciiOf('remark');
const VERSION = asciiOf('version');
const LANGUAGE = asciiOf('language');
const EXT_FIELDS = asciiOf('extFields');
const SERIALIZE_TYPE = asciiOf('serializeTypeCurrentRPC');

/** How far from the end of a header the ext fields may end at most for this reader to find it. */
const TAIL_BYTES_MAX = 256;

/** Where the scan stands; module state, because a scan never suspends. */
let position = 0;
/** Where the digits of the opaque lie. */
let opaqueStart = 0;
let opaqueEnd = 0;

/**
 * Reads the fixed fields of a JSON header by walking its bytes, and notes where the ext fields lie without reading
 * them. @returns false where the layout is not that of a known client: the general reader takes over, and the frame
 * may hold some values already.
 *
 * The end of the ext fields is looked for from the end of the header: in Java's order (alphabetical) some seventy
 * bytes follow them, in Go's order they come last. That is sound where the header is valid JSON: a brace found there
 * cannot stand inside a string, or what follows would not read as `,"name":value`. Should more than the ext fields
 * lie in between, their reader meets a closing brace too early and has the whole header parsed.
 */
export function scanJsonHeader(frame: RemotingFrame): boolean {
  const { bytes, headerEnd } = frame;
  position = frame.headerStart;
  if (bytes[position] !== OPEN) return false;
  let seen = 0;
  opaqueEnd = 0;
  do {
    const key = scanKey(bytes, position + 1, headerEnd);
    if (key === 0 || (seen & key) !== 0) return false;
    seen |= key;
    if (!scanValue(frame, key)) return false;
  } while (bytes[position] === COMMA && position < headerEnd);
  const whole = bytes[position] === CLOSE && position + 1 === headerEnd;
  if (!whole || (seen & Key.CODE) === 0) return false;
  if (opaqueEnd > 0) frame.layout.learn(frame, opaqueStart, opaqueEnd);
  return true;
}

const Key = {
  CODE: 1,
  FLAG: 2,
  OPAQUE: 4,
  REMARK: 8,
  VERSION: 16,
  LANGUAGE: 32,
  EXT_FIELDS: 64,
  SERIALIZE_TYPE: 128,
} as const;

/** Recognizes `"name":` at `at` and moves behind it. @returns 0 for anything else. */
function scanKey(bytes: Buffer, at: number, end: number): number {
  if (at >= end || bytes[at] !== QUOTE) return 0;
  switch (bytes[at + 1]) {
    case 0x63:
      return named(bytes, at + 1, CODE) ? Key.CODE : 0;
    case 0x66:
      return named(bytes, at + 1, FLAG) ? Key.FLAG : 0;
    case 0x6f:
      return named(bytes, at + 1, OPAQUE) ? Key.OPAQUE : 0;
    case 0x72:
      return named(bytes, at + 1, REMARK) ? Key.REMARK : 0;
    case 0x76:
      return named(bytes, at + 1, VERSION) ? Key.VERSION : 0;
    case 0x6c:
      return named(bytes, at + 1, LANGUAGE) ? Key.LANGUAGE : 0;
    case 0x65:
      return named(bytes, at + 1, EXT_FIELDS) ? Key.EXT_FIELDS : 0;
    case 0x73:
      return named(bytes, at + 1, SERIALIZE_TYPE) ? Key.SERIALIZE_TYPE : 0;
    default:
      return 0;
  }
}

function named(bytes: Buffer, at: number, name: Uint8Array): boolean {
  for (let i = 1; i < name.length; i++) if (bytes[at + i] !== name[i]) return false;
  const behind = at + name.length;
  if (bytes[behind] !== QUOTE || bytes[behind + 1] !== COLON) return false;
  position = behind + 2;
  return true;
}

function scanValue(frame: RemotingFrame, key: number): boolean {
  if (key === Key.EXT_FIELDS) return scanExt(frame);
  if (key === Key.LANGUAGE || key === Key.REMARK || key === Key.SERIALIZE_TYPE) {
    return scanText(frame, key);
  }
  const start = position;
  const value = scanInt32(frame.bytes, frame.headerEnd);
  if (value === undefined) return false;
  if (key === Key.CODE) frame.code = value;
  else if (key === Key.OPAQUE) {
    frame.opaque = value;
    opaqueStart = start;
    opaqueEnd = position;
  } else if (key === Key.FLAG) frame.flag = value;
  else frame.version = value;
  return true;
}

function scanInt32(bytes: Buffer, end: number): number | undefined {
  let at = position;
  const negative = bytes[at] === MINUS;
  if (negative) at++;
  const first = at;
  let value = 0;
  while (at < end) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
    at++;
  }
  if (at === first || at - first > 10) return undefined;
  position = at;
  if (negative) value = -value;
  return (value | 0) === value ? value : undefined;
}

/** A string of plain ASCII. */
function scanText(frame: RemotingFrame, key: number): boolean {
  const { bytes, headerEnd } = frame;
  const start = position + 1;
  if (bytes[position] !== QUOTE) return false;
  let at = start;
  while (at < headerEnd && bytes[at] !== QUOTE) {
    const byte = bytes[at]!;
    if (byte === BACKSLASH || byte >= 0x7f || byte < 0x20) return false;
    at++;
  }
  if (at >= headerEnd) return false;
  position = at + 1;
  if (key === Key.REMARK) {
    if (at > start) frame.remark = bytes.toString('latin1', start, at);
  } else if (key === Key.LANGUAGE) {
    // JAVA is 4 letters and the only such name with a J.
    const java = at - start === 4 && bytes[start] === 0x4a;
    frame.languageCode = java
      ? LanguageCode.JAVA
      : languageCodeOf(bytes.toString('latin1', start, at));
  }
  return true;
}

function scanExt(frame: RemotingFrame): boolean {
  const { bytes, headerEnd } = frame;
  if (bytes[position] !== OPEN) return false;
  frame.extStart = position;
  let close = headerEnd - 2;
  const lowest = Math.max(position + 1, headerEnd - TAIL_BYTES_MAX);
  while (close >= lowest && bytes[close] !== CLOSE) close--;
  if (close < lowest) return false;
  frame.extEnd = close + 1;
  position = close + 1;
  return true;
}
