import {
  betweenFault,
  decimalOperand,
  equalityFault,
  integerOperand,
  negated,
  orderingFault,
} from './comparison-rules.js';
import type { ComparisonOperator, Operand, Predicate, TextTest } from './expression.js';
import { FilterSyntaxError } from './filter-syntax.error.js';
import { Lexer } from './lexer.js';
import type { Token } from './lexer.js';

/** Longest expression, in UTF-16 units; deepest nesting; most tokens. Ours: Apache has no limits. */
export const EXPRESSION_LENGTH_MAX = 16_384;
export const EXPRESSION_DEPTH_MAX = 64;
export const EXPRESSION_TOKEN_COUNT_MAX = 2_048;

const ORDERINGS: ReadonlySet<string> = new Set(['<', '<=', '>', '>=']);
const TEXT_TESTS: ReadonlySet<string> = new Set(['CONTAINS', 'STARTSWITH', 'ENDSWITH']);

/**
 * Takes an expression apart, by recursive descent.
 *
 *     or         = and { OR and }
 *     and        = equality { AND equality }
 *     equality   = comparison { "=" comparison | "<>" comparison | IS [NOT] NULL }
 *     comparison = unary { ordering unary | [NOT] textTest string | [NOT] BETWEEN unary AND unary
 *                        | [NOT] IN "(" string { "," string } ")" }
 *     unary      = "+" unary | "-" unary | NOT unary | primary
 *     primary    = string | number | TRUE | FALSE | NULL | property | "(" or ")"
 *
 * NOT binds tighter than comparisons: `NOT a = 5` compares `NOT a` with 5, as in Apache's broker.
 * Unlike Apache's, which ignores whatever follows a complete expression, this one refuses it: half of a condition is
 * not the condition.
 *
 * @throws {FilterSyntaxError} with the place where it was noticed.
 * Source: rocketmq 5.5.0 `SelectorParser.jj`.
 */
export function parseFilter(text: string): Predicate {
  if (text.length > EXPRESSION_LENGTH_MAX) {
    throw new FilterSyntaxError(
      `longer than ${EXPRESSION_LENGTH_MAX} characters`,
      EXPRESSION_LENGTH_MAX,
    );
  }
  return new Parser(text).parse();
}

class Parser {
  private readonly lexer: Lexer;
  private token: Token;
  /** One token more has to be seen to tell IS NOT NULL and NOT IN from others. */
  private following: Token | undefined;
  private depth = 0;
  private tokenCount = 0;

  constructor(text: string) {
    this.lexer = new Lexer(text);
    this.token = this.lexer.next();
  }

  parse(): Predicate {
    const start = this.token;
    const predicate = this.asPredicate(this.or(), start);
    if (this.token.kind !== 'end') this.fail(`unexpected ${this.shown()} after the expression`);
    return predicate;
  }

  private or(): Operand {
    return this.chain('OR', 'or', () => this.and());
  }

  private and(): Operand {
    return this.chain('AND', 'and', () => this.equality());
  }

  private chain(word: string, kind: 'and' | 'or', term: () => Operand): Operand {
    const start = this.token;
    const first = term();
    if (this.token.kind !== word) return first;
    const terms = [this.asPredicate(first, start)];
    while (this.accept(word)) {
      const termStart = this.token;
      terms.push(this.asPredicate(term(), termStart));
    }
    return predicate({ kind, terms });
  }

  private equality(): Operand {
    let left = this.comparison();
    for (;;) {
      const { kind } = this.token;
      if (kind === '=' || kind === '<>') left = this.equals(left, kind === '<>');
      else if (kind === 'IS') left = this.isNull(left);
      else return left;
    }
  }

  private equals(left: Operand, differs: boolean): Operand {
    const operator = this.take();
    const right = this.comparison();
    this.refuse(equalityFault(left, right), operator);
    const equal: Predicate = { kind: 'compare', operator: '=', left, right };
    return predicate(differs ? { kind: 'not', term: equal } : equal);
  }

  private isNull(operand: Operand): Operand {
    this.take();
    const not = this.accept('NOT');
    this.expect('NULL');
    const test: Predicate = { kind: 'is-null', operand };
    return predicate(not ? { kind: 'not', term: test } : test);
  }

  private comparison(): Operand {
    let left = this.unary();
    for (;;) {
      const negates = this.token.kind === 'NOT';
      const { kind } = negates ? this.peek() : this.token;
      if (!negates && ORDERINGS.has(kind)) left = this.ordering(left);
      else if (TEXT_TESTS.has(kind)) left = this.textTest(left, negates);
      else if (kind === 'BETWEEN') left = this.between(left, negates);
      else if (kind === 'IN') left = this.in(left, negates);
      else return left;
    }
  }

  private ordering(left: Operand): Operand {
    const operator = this.take();
    const right = this.unary();
    return this.ordered(operator.kind as ComparisonOperator, left, right, operator);
  }

  private ordered(
    operator: ComparisonOperator,
    left: Operand,
    right: Operand,
    place: Token,
  ): Operand {
    this.refuse(orderingFault(left) ?? orderingFault(right), place);
    return predicate({ kind: 'compare', operator, left, right });
  }

  private textTest(operand: Operand, negates: boolean): Operand {
    if (negates) this.take();
    const test = this.take().kind as TextTest;
    const text = this.expect('string').text;
    return predicate({ kind: 'text-test', test, operand, text, negated: negates });
  }

  private between(value: Operand, negates: boolean): Operand {
    if (negates) this.take();
    const place = this.take();
    const low = this.unary();
    this.expect('AND');
    const high = this.unary();
    if (!negates) this.refuse(betweenFault(low, high), place);
    const above = this.ordered(negates ? '<' : '>=', value, low, place);
    const below = this.ordered(negates ? '>' : '<=', value, high, place);
    const terms = [this.asPredicate(above, place), this.asPredicate(below, place)];
    return predicate({ kind: negates ? 'or' : 'and', terms });
  }

  private in(operand: Operand, negates: boolean): Operand {
    if (negates) this.take();
    const place = this.take();
    if (operand.kind !== 'property') this.fail('IN needs a property on its left', place);
    this.expect('(');
    const texts: string[] = [];
    do {
      texts.push(this.expect('string').text);
    } while (this.accept(','));
    this.expect(')');
    return predicate({ kind: 'in', name: operand.name, texts, negated: negates });
  }

  private unary(): Operand {
    const { kind } = this.token;
    if (kind !== '+' && kind !== '-' && kind !== 'NOT') return this.primary();
    this.take();
    const start = this.token;
    const operand = this.nested(() => this.unary());
    if (kind === '+') return operand;
    if (kind === '-') return negated(operand);
    return predicate({ kind: 'not', term: this.asPredicate(operand, start) });
  }

  private primary(): Operand {
    const token = this.take();
    switch (token.kind) {
      case 'string':
        return { kind: 'string', value: token.text };
      case 'integer':
        return integerOperand(token.text) ?? this.fail(`${token.text} is no 64-bit integer`, token);
      case 'decimal': {
        const operand = decimalOperand(token.text);
        return typeof operand === 'string' ? this.fail(operand, token) : operand;
      }
      case 'TRUE':
      case 'FALSE':
        return { kind: 'boolean', value: token.kind === 'TRUE' };
      case 'NULL':
        return { kind: 'null', constant: true };
      case 'name':
        return { kind: 'property', name: token.text };
      case '(': {
        const inner = this.nested(() => this.or());
        this.expect(')');
        return inner;
      }
      default:
        return this.fail(`expected a value, found ${shown(token)}`, token);
    }
  }

  /** Source: rocketmq 5.5.0 `SelectorParser.jj`, `asBooleanExpression`. */
  private asPredicate(operand: Operand, place: Token): Predicate {
    switch (operand.kind) {
      case 'predicate':
        return operand.predicate;
      case 'property':
        return { kind: 'property-as-boolean', name: operand.name };
      case 'boolean':
        return { kind: 'constant', value: operand.value };
      case 'null':
        if (operand.constant) return { kind: 'constant', value: null };
        break;
      default:
    }
    return this.fail('this is neither true nor false', place);
  }

  private nested<T>(parse: () => T): T {
    this.depth++;
    if (this.depth > EXPRESSION_DEPTH_MAX) this.fail(`nested deeper than ${EXPRESSION_DEPTH_MAX}`);
    const result = parse();
    this.depth--;
    return result;
  }

  private take(): Token {
    const { token } = this;
    this.tokenCount++;
    if (this.tokenCount > EXPRESSION_TOKEN_COUNT_MAX) {
      this.fail(`more than ${EXPRESSION_TOKEN_COUNT_MAX} words and signs`);
    }
    this.token = this.following ?? this.lexer.next();
    this.following = undefined;
    return token;
  }

  private peek(): Token {
    this.following ??= this.lexer.next();
    return this.following;
  }

  private accept(kind: string): boolean {
    if (this.token.kind !== kind) return false;
    this.take();
    return true;
  }

  private expect(kind: string): Token {
    if (this.token.kind !== kind) {
      this.fail(`expected ${kind === 'string' ? 'a string' : kind}, found ${this.shown()}`);
    }
    return this.take();
  }

  private refuse(fault: string | undefined, place: Token): void {
    if (fault !== undefined) this.fail(fault, place);
  }

  private fail(reason: string, place: Token = this.token): never {
    throw new FilterSyntaxError(reason, place.position);
  }

  private shown(): string {
    return shown(this.token);
  }
}

const predicate = (value: Predicate): Operand => ({ kind: 'predicate', predicate: value });

const SHOWN_LENGTH_MAX = 40;

function shown(token: Token): string {
  if (token.kind === 'end') return 'the end';
  const text = token.text.slice(0, SHOWN_LENGTH_MAX);
  return token.kind === 'string' ? `the string '${text}'` : text;
}
