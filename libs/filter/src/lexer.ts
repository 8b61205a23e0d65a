import { FilterSyntaxError } from './filter-syntax.error.js';

/** Reserved words. As in Apache's grammar there is no LIKE, and none of them can name a property. */
const KEYWORDS = new Set([
  'NOT',
  'AND',
  'OR',
  'BETWEEN',
  'IN',
  'TRUE',
  'FALSE',
  'NULL',
  'IS',
  'CONTAINS',
  'STARTSWITH',
  'ENDSWITH',
]);

const SYMBOLS = ['<>', '>=', '<=', '=', '>', '<', '(', ')', ',', '+', '-'];

/** What kind of token: reserved words and symbols stand for themselves. */
export type TokenKind = 'name' | 'string' | 'integer' | 'decimal' | 'end' | (string & {});

/** One token. `text` is a name or number as written, or a string without quotes. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** First character, in UTF-16 units. */
  readonly position: number;
}

const WHITE_SPACE = /[ \t\n\r\f]/;
const NAME = /[a-z_$][a-z0-9_$]*/iy;
// Longest match wins: `5.`, `.5`, `5e3` are decimals, `007` is three integers.
const DECIMAL =
  /(?:[0-9]+\.[0-9]*(?:e[+-]?[0-9]+)?|\.[0-9]+(?:e[+-]?[0-9]+)?|[0-9]+e[+-]?[0-9]+)/iy;
const INTEGER = /(?:0|[1-9][0-9]*l?)/iy;
const LINE_END = /\r\n|[\n\r]/g;

/**
 * Cuts an expression into tokens. All patterns are fixed and linear; the expression itself never becomes one.
 * Source: rocketmq 5.5.0 `SelectorParser.jj`, tokens.
 */
export class Lexer {
  private at = 0;

  constructor(private readonly text: string) {}

  /** @throws {FilterSyntaxError} no token starts here. */
  next(): Token {
    this.skipBlanks();
    const { text, at } = this;
    if (at >= text.length) return { kind: 'end', text: '', position: text.length };
    if (text[at] === "'") return this.string();
    const decimal = this.match(DECIMAL);
    if (decimal !== undefined) return this.token('decimal', decimal);
    const integer = this.match(INTEGER);
    if (integer !== undefined) return this.token('integer', integer);
    const name = this.match(NAME);
    if (name !== undefined) {
      const upper = name.toUpperCase();
      return this.token(KEYWORDS.has(upper) ? upper : 'name', name);
    }
    const symbol = SYMBOLS.find((candidate) => text.startsWith(candidate, at));
    if (symbol !== undefined) return this.token(symbol, symbol);
    const found = String.fromCodePoint(text.codePointAt(at)!);
    throw new FilterSyntaxError(`unexpected character ${JSON.stringify(found)}`, at);
  }

  private token(kind: TokenKind, text: string): Token {
    const token = { kind, text, position: this.at };
    this.at += text.length;
    return token;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    return pattern.exec(this.text)?.[0];
  }

  /** `''` inside stands for one quote. */
  private string(): Token {
    const position = this.at;
    let value = '';
    let from = position + 1;
    for (;;) {
      const quote = this.text.indexOf("'", from);
      if (quote < 0) throw new FilterSyntaxError('the string has no end', position);
      value += this.text.slice(from, quote);
      from = quote + 1;
      if (this.text[from] !== "'") break;
      value += "'";
      from++;
    }
    this.at = from;
    return { kind: 'string', text: value, position };
  }

  private skipBlanks(): void {
    const { text } = this;
    for (;;) {
      const first = text[this.at];
      if (first !== undefined && WHITE_SPACE.test(first)) this.at++;
      else if (!this.skipLineComment() && !this.skipBlockComment()) return;
    }
  }

  /** Two minus signs are a comment only where the line ends; in the last line they are two signs. */
  private skipLineComment(): boolean {
    if (!this.text.startsWith('--', this.at)) return false;
    LINE_END.lastIndex = this.at;
    if (!LINE_END.test(this.text)) return false;
    this.at = LINE_END.lastIndex;
    return true;
  }

  private skipBlockComment(): boolean {
    if (!this.text.startsWith('/*', this.at)) return false;
    const end = this.text.indexOf('*/', this.at + 2);
    if (end < 0) throw new FilterSyntaxError('the comment has no end', this.at);
    this.at = end + 2;
    return true;
  }
}
