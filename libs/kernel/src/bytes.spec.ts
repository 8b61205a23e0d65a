import { describe, expect, it } from '@jest/globals';
import { javaHashCode, joinedHashCode } from './bytes.js';

describe('javaHashCode', () => {
  it("is Java's, beyond 32 bits and beyond ASCII", () => {
    expect(javaHashCode('')).toBe(0);
    expect(javaHashCode('TagA')).toBe(2_598_919);
    expect(javaHashCode('polygenelubricants')).toBe(-2_147_483_648);
    expect(javaHashCode('😀')).toBe(1_772_899);
  });
});

describe('joinedHashCode', () => {
  it('is the hash of both texts in a row, also of long ones', () => {
    const texts = [
      '',
      'T#',
      'TagA',
      'Tég订😀',
      '7F00000100002A9F0000000000000001',
      'x'.repeat(1_000),
    ];
    for (const first of texts) {
      for (const second of texts) {
        expect(joinedHashCode(javaHashCode(first), javaHashCode(second), second.length)).toBe(
          javaHashCode(first + second),
        );
      }
    }
  });
});
