/**
 * Java's `.properties` syntax, which Apache's `broker.conf` and `namesrv.conf` are written in.
 * Source: `java.util.Properties#load(Reader)`; bytes are read as UTF-8 here, as ISO 8859-1 by Java.
 */

/** One setting of a file. */
export interface PropertyEntry {
  readonly key: string;
  readonly value: string;
  /** Line on which the setting starts, from 1. */
  readonly line: number;
}

/** A `\u` that is not followed by four hexadecimal digits: the only mistake that this syntax knows. */
export class PropertiesSyntaxError extends Error {
  override readonly name = 'PropertiesSyntaxError';

  constructor(
    readonly line: number,
    text: string,
  ) {
    super(`\\u wants four hexadecimal digits, found "${text}"`);
  }
}

interface LogicalLine {
  readonly text: string;
  readonly line: number;
}

const isBlank = (char: string): boolean => char === ' ' || char === '\t' || char === '\f';

function skipBlanks(text: string, position: number): number {
  while (position < text.length && isBlank(text.charAt(position))) position++;
  return position;
}

const endsInOddBackslashes = (text: string): boolean => /\\*$/.exec(text)![0].length % 2 === 1;

/** Joins continued lines, drops comments and blank lines. A comment is never continued. */
function* logicalLines(text: string): Generator<LogicalLine> {
  const natural = text.split(/\r\n|\n|\r/);
  for (let i = 0; i < natural.length; i++) {
    const line = i + 1;
    let joined = natural[i]!.slice(skipBlanks(natural[i]!, 0));
    if (joined === '' || joined.startsWith('#') || joined.startsWith('!')) continue;
    while (endsInOddBackslashes(joined)) {
      joined = joined.slice(0, -1);
      const next = natural[++i];
      if (next === undefined) break;
      joined += next.slice(skipBlanks(next, 0));
    }
    yield { text: joined, line };
  }
}

/** Position behind the key: the first unescaped `=`, `:` or blank. */
function keyEnd(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === '\\') i++;
    else if (char === '=' || char === ':' || isBlank(char)) return i;
  }
  return text.length;
}

const ESCAPES = new Map([
  ['t', '\t'],
  ['n', '\n'],
  ['r', '\r'],
  ['f', '\f'],
]);

function unescape(text: string, line: number): string {
  if (!text.includes('\\')) return text;
  let result = '';
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char !== '\\') {
      result += char;
      continue;
    }
    const escaped = text.charAt(++i);
    if (escaped === 'u') {
      const digits = text.slice(i + 1, i + 5);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new PropertiesSyntaxError(line, digits);
      result += String.fromCharCode(Number.parseInt(digits, 16));
      i += 4;
    } else {
      result += ESCAPES.get(escaped) ?? escaped;
    }
  }
  return result;
}

/**
 * Reads settings in file order; a key that is written twice appears twice (Java keeps the last one).
 * @throws {PropertiesSyntaxError} a malformed `\u` escape.
 */
export function parseProperties(text: string): PropertyEntry[] {
  const entries: PropertyEntry[] = [];
  for (const { text: logical, line } of logicalLines(text.replace(/^\uFEFF/, ''))) {
    const end = keyEnd(logical);
    let start = skipBlanks(logical, end);
    if (logical.charAt(start) === '=' || logical.charAt(start) === ':')
      start = skipBlanks(logical, start + 1);
    entries.push({
      key: unescape(logical.slice(0, end), line),
      value: unescape(logical.slice(start), line),
      line,
    });
  }
  return entries;
}

/** Writes one `key=value` line per entry such that `parseProperties` and Java read the same back. */
export function formatProperties(entries: Iterable<readonly [string, string]>): string {
  let text = '';
  for (const [key, value] of entries)
    text += `${escape(key, /[\\\s=:#!]/g)}=${escape(value, /[\\\t\n\r\f]|^ /g)}\n`;
  return text;
}

function escape(text: string, special: RegExp): string {
  const named = new Map([...ESCAPES].map(([letter, char]) => [char, letter]));
  return text.replace(special, (char) => `\\${named.get(char) ?? char}`);
}
