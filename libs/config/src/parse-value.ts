import { expandHome } from './environment.js';
import type { ConfigKeyDeclaration, ConfigValue, JavaAlias } from './config-key.decorator.js';

/** A text that is not a value of its key's type. `why` is the rest of a sentence. */
export interface Unreadable {
  readonly why: string;
}

/** What a setting's text means, or why it means nothing. */
export type ParsedValue = { readonly value: ConfigValue } | Unreadable;

// A line break inside a value could plant a second key when settings are written to a file (CVE-2023-37582).
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * Reads the text of a setting. Blanks around it do not count; bounds are checked later, on the whole group.
 * @param alias Apache's name under which it was written: its unit may differ from ours.
 */
export function parseValue(
  text: string,
  declaration: ConfigKeyDeclaration,
  alias: JavaAlias | undefined,
): ParsedValue {
  if (CONTROL_CHARACTERS.test(text)) return { why: 'contains a control character' };
  const trimmed = text.trim();
  switch (declaration.type) {
    case 'text':
      return { value: trimmed };
    case 'path':
      return { value: expandHome(trimmed) };
    case 'boolean':
      return parseBoolean(trimmed);
    case 'choice':
      return { value: declaration.choices?.find((choice) => same(choice, trimmed)) ?? trimmed };
    case 'integer':
    case 'decimal':
      return parseNumber(trimmed, declaration, alias);
  }
}

const same = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();

function parseBoolean(text: string): ParsedValue {
  if (same(text, 'true')) return { value: true };
  if (same(text, 'false')) return { value: false };
  // Java reads everything but "true" as false; a typing error should not switch something off.
  return { why: 'wants true or false' };
}

function parseNumber(
  text: string,
  { type }: ConfigKeyDeclaration,
  alias: JavaAlias | undefined,
): ParsedValue {
  const digits = text.replaceAll('_', '');
  const whole = /^[+-]?\d{1,16}$/.test(digits);
  if (!whole && !(type === 'decimal' && /^[+-]?\d{1,16}\.\d{1,16}$/.test(digits)))
    return { why: type === 'integer' ? 'wants a whole number' : 'wants a number' };
  const written = Number(digits);
  if (!alias) return { value: written };
  const clamped = Math.min(Math.max(written, alias.atLeast ?? -Infinity), alias.atMost ?? Infinity);
  return { value: clamped * (alias.factor ?? 1) };
}

/** A value as an operator would write it; `undefined` is written as nothing. */
export const formatValue = (value: ConfigValue, alias?: JavaAlias): string =>
  value === undefined
    ? ''
    : String(typeof value === 'number' ? value / (alias?.factor ?? 1) : value);
