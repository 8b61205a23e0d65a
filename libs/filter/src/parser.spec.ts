import { describe, expect, it } from '@jest/globals';
import { FilterSyntaxError } from './filter-syntax.error.js';
import { EXPRESSION_DEPTH_MAX, EXPRESSION_LENGTH_MAX, parseFilter } from './parser.js';

function refusal(text: string): FilterSyntaxError {
  try {
    parseFilter(text);
  } catch (error) {
    if (error instanceof FilterSyntaxError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text.slice(0, 80)}`);
}

describe('what a client is told about an expression that cannot be used', () => {
  it.each([
    ['', 0, 'expected a value, found the end'],
    ['a = ', 4, 'expected a value, found the end'],
    ['a = 5 b', 6, 'unexpected b after the expression'],
    ["a LIKE 'x%'", 2, 'unexpected LIKE after the expression'],
    ['a = 5 AND (b = 6', 16, 'expected ), found the end'],
    ["a = 'x", 4, 'the string has no end'],
    ['a = 5 /* b', 6, 'the comment has no end'],
    ['a # 5', 2, 'unexpected character "#"'],
    ['a = 😀', 4, 'unexpected character "😀"'],
    ['a IN (5)', 6, 'expected a string, found 5'],
    ["5 IN ('5')", 2, 'IN needs a property on its left'],
    ["a > 'x'", 2, 'only numbers and properties can be ordered'],
    ['a = NULL', 2, 'NULL cannot be compared: use IS NULL'],
    ['a BETWEEN 6 AND 4', 2, 'the lower limit of BETWEEN is above the upper one'],
    ['a = 9223372036854775808', 4, '9223372036854775808 is no 64-bit integer'],
    ['a > 0.0', 4, '0.0 is less than the smallest double above zero'],
    ['a = 5 AND 6', 10, 'this is neither true nor false'],
    ['a IS 5', 5, 'expected NULL, found 5'],
  ])('%j: character %d, %s', (text, position, reason) => {
    const error = refusal(text);
    expect({ position: error.position, reason: error.reason }).toEqual({ position, reason });
    expect(error.message).toBe(`invalid filter expression at character ${position + 1}: ${reason}`);
  });

  it.each([
    ['a text longer than allowed', `a = '${'x'.repeat(EXPRESSION_LENGTH_MAX)}'`],
    ['brackets deeper than allowed', `${'('.repeat(EXPRESSION_DEPTH_MAX + 1)}a = 5`],
    ['ten thousand brackets', '('.repeat(10_000)],
    ['NOTs deeper than allowed', `${'NOT '.repeat(EXPRESSION_DEPTH_MAX + 1)}TRUE`],
    ['signs deeper than allowed', `${'- '.repeat(EXPRESSION_DEPTH_MAX + 1)}5 = 5`],
    ['a list longer than allowed', `a IN (${Array(3_000).fill("'x'").join(',')})`],
    ['more terms than allowed', Array(1_000).fill('a=5').join(' OR ')],
  ])('%s: refused within an instant', (_, text) => {
    // Time of the processor, which others on the machine do not add to.
    const before = process.cpuUsage();
    expect(refusal(text).position).toBeGreaterThan(0);
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(250);
  });

  it('takes what is just allowed', () => {
    const depth = EXPRESSION_DEPTH_MAX;
    expect(parseFilter(`${'('.repeat(depth)}a = 5${')'.repeat(depth)}`).kind).toBe('compare');
  });
});
