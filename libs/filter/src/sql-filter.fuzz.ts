import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FilterSyntaxError } from './filter-syntax.error.js';
import { parseJavaDouble, parseJavaLong } from './java-numbers.js';
import { PropertyView } from './property-view.js';
import { SqlFilter } from './sql-filter.js';

const word = fc.constantFrom(
  ...['a', 'b', 'NOT', 'AND', 'or', 'BETWEEN', 'IN', 'IS', 'NULL', 'TRUE', 'false', 'CONTAINS'],
  ...['STARTSWITH', 'ENDSWITH', '=', '<>', '<', '<=', '>', '>=', '(', ')', ',', '+', '-', '--'],
  ...[
    '5',
    '0',
    '007',
    '5.',
    '.5',
    '1e9',
    '9223372036854775807',
    '1e309',
    "'x'",
    "''",
    "'it''s'",
    "'",
  ],
  ...['/*', '*/', '\n', '#', 'ä', '😀', '\u0000'],
);
const nearlyExpression = fc.array(word, { maxLength: 40 }).map((words) => words.join(' '));
const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), nearlyExpression);

const piece = fc.constantFrom(
  'a',
  'b',
  'ab',
  '5',
  'x',
  'ä',
  '😀',
  '\u0001',
  '\u0002',
  '\u0001',
  '\u0002',
);
const propertyText = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));

/** The rule as Java has it, on texts. */
function asJavaReads(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of text.split('\u0002')) {
    const separator = entry.indexOf('\u0001');
    if (separator > 0 && separator < entry.length - 1) {
      found.set(entry.slice(0, separator), entry.slice(separator + 1));
    }
  }
  return found;
}

describe('filter expressions that nobody vouches for', () => {
  it('are refused with their place, or evaluate to one of four verdicts', () => {
    fc.assert(
      fc.property(anyText, fc.uint8Array({ maxLength: 100 }), (text, properties) => {
        let filter: SqlFilter;
        try {
          filter = new SqlFilter(text);
        } catch (error) {
          if (!(error instanceof FilterSyntaxError)) throw error;
          expect(error.position).toBeGreaterThanOrEqual(0);
          expect(error.position).toBeLessThanOrEqual(text.length);
          return;
        }
        const bytes = Buffer.from(properties);
        expect(['true', 'false', 'unknown', 'failed']).toContain(
          filter.verdict(bytes, 0, bytes.length),
        );
      }),
      { numRuns: 20_000 },
    );
  });

  it('see the properties that Java would see', () => {
    const names = ['a', 'b', 'ab', 'ä', '5'];
    const view = new PropertyView(names);
    fc.assert(
      fc.property(propertyText, (text) => {
        const bytes = Buffer.from(text);
        view.look(bytes, 0, bytes.length);
        const seen = names.map((_, slot) => (view.has(slot) ? view.text(slot) : undefined));
        const model = asJavaReads(text);
        expect(seen).toEqual(names.map((name) => model.get(name)));
      }),
      { numRuns: 10_000 },
    );
  });

  it('read numbers without losing digits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (value) => {
        const fits = value >= -(2n ** 63n) && value < 2n ** 63n;
        const read = parseJavaLong(String(value));
        expect(read === undefined ? undefined : BigInt(read)).toBe(fits ? value : undefined);
      }),
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        expect(parseJavaDouble(Object.is(value, -0) ? '-0' : String(value))).toBe(value);
      }),
    );
  });
});
