import { FilterSyntaxError } from './filter-syntax.error.js';
import { SqlFilter } from './sql-filter.js';

/** Expressions that are kept ready, and characters that they may have together. */
const CACHE_COUNT_MAX = 4_096;
const CACHE_LENGTH_MAX = 4 * 1024 * 1024;

/**
 * Filters by their text: the same text is compiled once, however many members, queues and pulls use it. What cannot be
 * compiled is remembered too, so that a client that keeps asking costs little.
 * Source: rocketmq 5.5.0 `SelectorParser#PARSE_CACHE`.
 */
export class SqlFilters {
  private readonly byText = new Map<string, SqlFilter | FilterSyntaxError>();
  private cachedLength = 0;

  /** The filter, or why there is none. */
  get(expression: string): SqlFilter | FilterSyntaxError {
    const known = this.byText.get(expression);
    if (known) return known;
    const made = compile(expression);
    // What is far too long is refused at once, and not worth keeping.
    if (expression.length > CACHE_LENGTH_MAX / 8) return made;
    if (
      this.byText.size >= CACHE_COUNT_MAX ||
      this.cachedLength + expression.length > CACHE_LENGTH_MAX
    ) {
      // Dropping everything is rare and cheaper than keeping an order of use.
      this.byText.clear();
      this.cachedLength = 0;
    }
    this.byText.set(expression, made);
    this.cachedLength += expression.length;
    return made;
  }
}

function compile(expression: string): SqlFilter | FilterSyntaxError {
  try {
    return new SqlFilter(expression);
  } catch (error) {
    if (error instanceof FilterSyntaxError) return error;
    throw error;
  }
}
