import { describe, expect, it } from '@jest/globals';
import {
  alterAttributes,
  booleanAttribute,
  integerAttribute,
  parseAttributeChange,
  wordAttribute,
} from './attributes.js';

const RULES = new Map([
  ['kind', wordAttribute(true, ['A', 'B'], ['C'])],
  ['fixed', wordAttribute(false, ['X', 'Y'])],
  ['count', integerAttribute(true, -1, 10)],
  ['flag', booleanAttribute(true)],
]);
const alter = (current: Record<string, string> | undefined, text: string) =>
  Object.fromEntries(
    alterAttributes(RULES, current && new Map(Object.entries(current)), parseAttributeChange(text)),
  );

describe('attributes', () => {
  it.each([
    [undefined, '', {}],
    [undefined, '+kind=A,+count=3', { kind: 'A', count: '3' }],
    [{ kind: 'A' }, '+kind=B', { kind: 'B' }],
    [{ kind: 'A', count: '1' }, '-kind', { count: '1' }],
    [{ fixed: 'X' }, '+flag=true', { fixed: 'X', flag: 'true' }],
    [undefined, ' +count = -1 ', { count: '-1' }],
  ])('%j changed by %j are %j', (current, change, result) =>
    expect(alter(current, change)).toEqual(result),
  );

  it.each([
    [undefined, 'kind=A', /add\/alter attribute format is wrong: kind/],
    [undefined, '+kind', /delete attribute format is wrong: \+kind/],
    [undefined, '+kind=A,+kind=B', /key duplication: \+kind/],
    [{ kind: 'A' }, '+kind=B,-kind', /alter duplication key. key: kind/],
    [undefined, '+other=1', /unsupported key: other/],
    [undefined, '-kind', /only add attribute is supported/],
    [{}, '-kind', /attempt to delete a nonexistent key: kind/],
    [{ fixed: 'X' }, '+fixed=Y', /attempt to update an unchangeable attribute. key: fixed/],
    [undefined, '+kind=D', /value is not in set: \[A, B\]/],
    [undefined, '+kind=C', /value C is not supported by this broker/],
    [undefined, '+count=11', /value is not in range\(-1, 10\)/],
    [undefined, '+count=1e3', /value is not in range/],
    [undefined, '+flag=yes', /value is not in set: \[true, false\]/],
    [undefined, '++kind=A', /kv string format wrong/],
  ])('%j cannot be changed by %j', (current, change, message) =>
    expect(() => alter(current, change)).toThrow(message),
  );

  it('stay as they are when a change is refused', () => {
    const current = new Map([['kind', 'A']]);
    const change = parseAttributeChange('+kind=B,+other=1');
    expect(() => alterAttributes(RULES, current, change)).toThrow();
    expect(current).toEqual(new Map([['kind', 'A']]));
  });
});
