import { describe, expect, it } from '@jest/globals';
import {
  compareJavaDoubles,
  parseJavaDouble,
  parseJavaInt,
  parseJavaLong,
} from './java-numbers.js';

describe('numbers in properties, read as Java reads them', () => {
  it.each([
    ['5', 5],
    ['+5', 5],
    ['-0', 0],
    ['0000000000000000000000000000005', 5],
    ['2147483647', 2_147_483_647],
    ['-2147483648', -2_147_483_648],
    ['2147483648', undefined],
    ['٥', 5],
    ['１２', 12],
    ['', undefined],
    ['-', undefined],
    ['5.0', undefined],
    [' 5', undefined],
    ['5L', undefined],
  ])('int %j is %j', (text, value) => expect(parseJavaInt(text)).toBe(value));

  it.each([
    ['9007199254740993', 9_007_199_254_740_993n],
    ['9223372036854775807', 9_223_372_036_854_775_807n],
    ['-9223372036854775808', -9_223_372_036_854_775_808n],
    ['9223372036854775808', undefined],
    ['0000000000000000000009007199254740991', 9_007_199_254_740_991],
    ['-00000000000000000000', 0],
  ])('long %j is %j', (text, value) => expect(parseJavaLong(text)).toBe(value));

  it.each([
    ['5', 5],
    ['.5', 0.5],
    ['5.', 5],
    ['5e3', 5000],
    ['5f', 5],
    ['5D', 5],
    [' \t5\u0000 ', 5],
    ['NaN', NaN],
    ['-Infinity', -Infinity],
    ['1e400', Infinity],
    ['0x1.8p3', 12],
    ['0x.8p1', 1],
    ['0x1p-1074', 5e-324],
    ['0x1p-1075', 0],
    ['0x1.8p-1075', 5e-324],
    ['0x1.fffffffffffff7p1023', Number.MAX_VALUE],
    ['0x1.fffffffffffff8p1023', Infinity],
    ['0x1.00000000000008p0', 1],
    ['0x1.00000000000018p0', 1.000_000_000_000_000_4],
    ['-0x0p5', -0],
    ['0x10', undefined],
    ['0xp3', undefined],
    ['', undefined],
    ['.', undefined],
    ['5e', undefined],
    ['infinity', undefined],
    ['１', undefined],
  ])('double %j is %j', (text, value) => expect(parseJavaDouble(text)).toBe(value));

  it('orders doubles as Java does', () => {
    expect(compareJavaDoubles(NaN, Infinity)).toBe(1);
    expect(compareJavaDoubles(1, NaN)).toBe(-1);
    expect(compareJavaDoubles(NaN, NaN)).toBe(0);
    expect(compareJavaDoubles(-0, 0)).toBe(-1);
    expect(compareJavaDoubles(0, -0)).toBe(1);
    expect(compareJavaDoubles(2, 1)).toBe(1);
  });
});
