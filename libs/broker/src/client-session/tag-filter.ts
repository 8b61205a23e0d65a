import { javaHashCode } from '@rocketmq-ts/kernel';

/** Most tags one expression may name, and most characters it may have. Ours; Apache has no limit. */
const TAG_COUNT_MAX = 1024;
const EXPRESSION_LENGTH_MAX = 32_768;
/** Expressions that are kept ready. */
const CACHE_SIZE_MAX = 4096;

/** Matches messages by the hash of their tag; undefined stands for "every message". */
export type TagCodes = ReadonlySet<number> | undefined;

/** A tag expression, taken apart. */
export interface TagExpression {
  /** The tags named, in order, without doubles; empty for "all". */
  readonly tags: readonly string[];
  readonly codes: TagCodes;
}

const ALL: TagExpression = { tags: [], codes: undefined };

/** Whether a subscription of this type selects by tags. Source: rocketmq 5.x `ExpressionType#isTagType`. */
export const isTagType = (expressionType: string | undefined): boolean =>
  expressionType === undefined || expressionType === '' || expressionType === 'TAG';

/**
 * Takes apart `a || b`. Empty and `*` select everything.
 * @returns undefined where it names no tag at all, or is longer than what is accepted.
 * Source: rocketmq 5.x `FilterAPI#buildSubscriptionData`.
 */
export function parseTagExpression(expression: string | undefined): TagExpression | undefined {
  if (expression === undefined || expression === '' || expression === '*') return ALL;
  if (expression.length > EXPRESSION_LENGTH_MAX) return undefined;
  const tags = new Set<string>();
  for (const piece of expression.split('||')) {
    const tag = piece.trim();
    if (tag !== '') tags.add(tag);
    if (tags.size > TAG_COUNT_MAX) return undefined;
  }
  if (tags.size === 0) return undefined;
  return { tags: [...tags], codes: new Set([...tags].map((tag) => javaHashCode(tag))) };
}

/** Tag expressions by their text, so that the same pull does not take the same text apart again and again. */
export class TagExpressions {
  private readonly byText = new Map<string, TagExpression>();

  /** As `parseTagExpression`, remembered. */
  get(expression: string | undefined): TagExpression | undefined {
    if (expression === undefined || expression === '' || expression === '*') return ALL;
    const known = this.byText.get(expression);
    if (known) return known;
    const parsed = parseTagExpression(expression);
    if (!parsed) return undefined;
    // Dropping everything is rare and cheaper than keeping an order of use.
    if (this.byText.size >= CACHE_SIZE_MAX) this.byText.clear();
    this.byText.set(expression, parsed);
    return parsed;
  }
}
