import { compilePredicate } from './compile.js';
import { TRUE, UNKNOWN, FAILED } from './outcome.js';
import type { Check } from './outcome.js';
import { parseFilter } from './parser.js';
import type { PropertyView } from './property-view.js';

/** What an expression says about a message; `failed` where it compares what cannot be compared. */
export type FilterVerdict = 'true' | 'false' | 'unknown' | 'failed';

/**
 * A filter expression (SQL92), ready to be asked about messages. Made once per subscription.
 * Not re-entrant, which nothing needs: it is synchronous.
 * Source: rocketmq 5.5.0 `SqlFilter`, `ExpressionMessageFilter#isMatchedByCommitLog`.
 */
export class SqlFilter {
  /** How many tests it consists of: what a message costs at most, in looks at a value. */
  readonly testCount: number;
  private readonly view: PropertyView;
  private readonly check: Check;

  /** @throws {FilterSyntaxError} the expression cannot be used. */
  constructor(readonly expression: string) {
    const { view, check, testCount } = compilePredicate(parseFilter(expression));
    this.testCount = testCount;
    this.view = view;
    this.check = check;
  }

  /** Whether the message whose properties are the bytes from `start` to `end` is wanted. Only TRUE counts. */
  matches(bytes: Buffer, start: number, end: number): boolean {
    this.view.look(bytes, start, end);
    const outcome = this.check();
    this.view.clear();
    return outcome === TRUE;
  }

  /** As `matches`, and why not. */
  verdict(bytes: Buffer, start: number, end: number): FilterVerdict {
    this.view.look(bytes, start, end);
    const outcome = this.check();
    this.view.clear();
    if (outcome === FAILED) return 'failed';
    if (outcome === UNKNOWN) return 'unknown';
    return outcome === TRUE ? 'true' : 'false';
  }
}
