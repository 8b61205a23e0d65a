import { describe, expect, it } from '@jest/globals';
import { javaHashCode } from '@rocketmq-ts/kernel';
import { isTagType, parseTagExpression, TagExpressions } from './tag-filter.js';

describe('a tag expression', () => {
  it.each([undefined, '', '*'])('%j selects everything', (text) =>
    expect(parseTagExpression(text)).toEqual({ tags: [], codes: undefined }),
  );

  it.each([
    ['red', ['red']],
    ['red || blue', ['red', 'blue']],
    [' red||blue ||red|| ', ['red', 'blue']],
    ['a|b', ['a|b']],
    ['grün || 😀', ['grün', '😀']],
    ['red || *', ['red', '*']],
  ])('%j selects %j', (text, tags) => {
    const expression = parseTagExpression(text)!;
    expect(expression.tags).toEqual(tags);
    expect([...expression.codes!]).toEqual(tags.map((tag) => javaHashCode(tag)));
  });

  it.each([' ', '||', ' || || '])('%j names no tag', (text) =>
    expect(parseTagExpression(text)).toBeUndefined(),
  );

  it('is bounded', () => {
    const tags = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`).join('||');
    expect(parseTagExpression(tags(1_024))!.tags).toHaveLength(1_024);
    expect(parseTagExpression(tags(1_025))).toBeUndefined();
    expect(parseTagExpression('x'.repeat(32_769))).toBeUndefined();
  });
});

it('expressions are taken apart once, and not kept without end', () => {
  const expressions = new TagExpressions();
  const first = expressions.get('red');
  expect(expressions.get('red')).toBe(first);
  expect(expressions.get(' || ')).toBeUndefined();
  for (let i = 0; i < 5_000; i++) expressions.get(`tag-${i}`);
  expect(expressions.get('red')).toEqual(first);
});

it('an expression without a type, or of type TAG, selects by tag', () => {
  expect([undefined, '', 'TAG'].map(isTagType)).toEqual([true, true, true]);
  expect(['SQL92', 'tag'].map(isTagType)).toEqual([false, false]);
});
