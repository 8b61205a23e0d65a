import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { FilterSyntaxError, SqlFilter } from '@rocketmq-ts/filter';
import type { FilterVerdict } from '@rocketmq-ts/filter';

// Written by tools/extract-java-filter with the official jars.
const golden = new URL('./golden/', import.meta.url);
const { messages, expressions } = JSON.parse(
  readFileSync(new URL('cases.json', golden), 'utf8'),
) as { messages: string[]; expressions: string[] };
const java = readFileSync(new URL('java-verdicts.txt', golden), 'utf8').trimEnd().split('\n');

const LETTER: Record<FilterVerdict, string> = { true: 'T', false: 'F', unknown: 'U', failed: 'X' };

function verdicts(expression: string): string {
  const filter = new SqlFilter(expression);
  return messages
    .map((text) => {
      // Bytes in front and behind: the filter must keep to its part of the record.
      const bytes = Buffer.from(`d\u0001in front\u0002${text}\u0002d\u0001behind\u0002`, 'utf8');
      const start = Buffer.byteLength('d\u0001in front\u0002');
      return LETTER[filter.verdict(bytes, start, start + Buffer.byteLength(text))];
    })
    .join('');
}

/** Our verdicts; `-` for refused, `+` and the verdicts of what comes first where something follows the expression. */
function ours(expression: string): string {
  try {
    return verdicts(expression);
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error;
    const follows = error.reason.endsWith('after the expression');
    return follows ? `+${ours(expression.slice(0, error.position))}` : '-';
  }
}

describe('the table of expressions and messages, as the official Java filter decides it', () => {
  it('is complete', () => {
    expect(java).toHaveLength(expressions.length);
    expect(expressions.length).toBeGreaterThan(3_000);
    const letters = new Set(java.join(''));
    expect([...letters].sort()).toEqual(['-', 'F', 'T', 'U', 'X']);
  });

  it('has the same verdicts here', () => {
    const differing = expressions
      .map((expression, i) => ({ expression, java: java[i]!, ours: ours(expression) }))
      // What follows a complete expression: Java ignores it (the part in front decides), we refuse it.
      .filter(
        ({ java: theirs, ours: mine }) =>
          mine !== theirs && mine !== `+${theirs}` && !(mine.startsWith('+') && theirs === '-'),
      );
    expect(differing).toEqual([]);
  });
});
