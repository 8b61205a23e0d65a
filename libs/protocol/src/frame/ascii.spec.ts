import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { writeAscii, writeDigits, writeHex16 } from './ascii.js';

const into = Buffer.alloc(40, 0x2e);

describe('writeDigits', () => {
  it('writes every safe integer as String() does', () => {
    const edges = [
      0, 9, 10, 99, 100, 999_999_999, 1e9, 2_147_483_647, 2_147_483_648, 4_294_967_296,
    ];
    const samples = [
      ...edges,
      ...edges.map((n) => -n),
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
    ];
    const check = (value: number): void => {
      expect(into.toString('latin1', 3, writeDigits(into, 3, value))).toBe(
        String(value === 0 ? 0 : value),
      );
    };
    samples.forEach(check);
    fc.assert(fc.property(fc.maxSafeInteger(), check));
  });
});

describe('writeHex16', () => {
  it('writes 16 upper-case digits', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const end = writeHex16(into, 2, value);
        const expected = value.toString(16).toUpperCase().padStart(16, '0');
        expect(into.toString('latin1', 2, end)).toBe(expected);
      }),
    );
  });
});

describe('writeAscii', () => {
  it('writes what stands in JSON as it is, and refuses the rest', () => {
    expect(into.toString('latin1', 0, writeAscii(into, 0, 'aZ09 ~/'))).toBe('aZ09 ~/');
    for (const text of ['"', '\\', '\n', 'é', '\u007f', '😀']) {
      expect(writeAscii(into, 0, `ab${text}`)).toBe(-1);
    }
  });
});
