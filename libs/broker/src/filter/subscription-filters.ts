import { FilterSyntaxError, SqlFilters } from '@rocketmq-ts/filter';
import type { SqlFilter } from '@rocketmq-ts/filter';
import { isTagType, TagExpressions } from '../client-session/tag-filter.js';
import type { TagCodes } from '../client-session/tag-filter.js';
import { SqlRecordFilter } from './record-filter.js';
import type { RecordFilter } from './record-filter.js';

/** The type of subscriptions that select by properties. Source: rocketmq 5.x `ExpressionType#SQL92`. */
export const SQL92 = 'SQL92';

/** What a subscription lets through; nothing given: everything. */
export interface MessageFilter {
  /** Looks at the hash of the tag. */
  readonly tags?: TagCodes;
  /** Looks at the properties. */
  readonly records?: RecordFilter;
}

/** A subscription that cannot be served: its type is unknown or switched off, or its expression is none. */
export interface UnusableFilter {
  readonly fault: 'type' | 'expression';
  /** Why, for people. */
  readonly reason: string;
}

export const isUnusable = (filter: MessageFilter | UnusableFilter): filter is UnusableFilter =>
  'fault' in filter;

const EVERYTHING: MessageFilter = {};

/**
 * Makes filters out of what subscriptions say, each expression once.
 * Source: rocketmq 5.5.0 `FilterAPI#build`, `ConsumerFilterManager#build`.
 */
export class SubscriptionFilters {
  private readonly tagExpressions = new TagExpressions();
  private readonly sqlFilters = new SqlFilters();
  private readonly tagFilters = new WeakMap<object, MessageFilter>();
  private readonly recordFilters = new WeakMap<SqlFilter, MessageFilter>();

  /** @param settings read at each call. */
  constructor(private readonly settings: { readonly propertyFilter: boolean }) {}

  get(
    expressionType: string | undefined,
    expression: string | undefined,
  ): MessageFilter | UnusableFilter {
    if (isTagType(expressionType)) return this.byTags(expression);
    if (expressionType !== SQL92 || !this.settings.propertyFilter) {
      // Apache's words: clients and their users look for them.
      const reason = `The broker does not support consumer to filter message by ${expressionType}`;
      return { fault: 'type', reason };
    }
    return this.bySql(expression ?? '');
  }

  private byTags(expression: string | undefined): MessageFilter | UnusableFilter {
    const parsed = this.tagExpressions.get(expression);
    if (!parsed) return { fault: 'expression', reason: 'the expression names no tag, or too many' };
    if (!parsed.codes) return EVERYTHING;
    let filter = this.tagFilters.get(parsed);
    if (!filter) this.tagFilters.set(parsed, (filter = { tags: parsed.codes }));
    return filter;
  }

  private bySql(expression: string): MessageFilter | UnusableFilter {
    const compiled = this.sqlFilters.get(expression);
    if (compiled instanceof FilterSyntaxError) {
      return { fault: 'expression', reason: compiled.message };
    }
    let filter = this.recordFilters.get(compiled);
    if (!filter) {
      filter = { records: new SqlRecordFilter(compiled) };
      this.recordFilters.set(compiled, filter);
    }
    return filter;
  }
}
