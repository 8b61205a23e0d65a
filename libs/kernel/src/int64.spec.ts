import { describe, expect, it } from '@jest/globals';
import { memoryViewOf, viewOf } from './data-view.js';
import {
  getInt64,
  readSafeInt64,
  setSafeInt64,
  UnsafeInt64Error,
  writeSafeInt64,
} from './int64.js';

const VALUES = [0, 1, -1, 2 ** 31, 2 ** 32 - 1, -(2 ** 32), 2 ** 53 - 1, -(2 ** 53 - 1)];

describe('64-bit integers', () => {
  it.each(VALUES)('are written alike by buffer and by view, and read back: %d', (value) => {
    const expected = Buffer.alloc(8);
    expected.writeBigInt64BE(BigInt(value));
    const [one, other] = [Buffer.alloc(10), Buffer.alloc(10)];
    writeSafeInt64(one, 1, value);
    setSafeInt64(viewOf(other), 1, value);
    expect(one.subarray(1, 9)).toEqual(expected);
    expect(other).toEqual(one);
    expect(readSafeInt64(one, 1)).toBe(value);
    expect(getInt64(viewOf(one), 1)).toBe(value);
  });

  it.each([2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)])(
    'are refused beyond a safe number, or read as something that is none: %d',
    (value) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(value);
      expect(() => readSafeInt64(bytes, 0)).toThrow(UnsafeInt64Error);
      expect(Number.isSafeInteger(getInt64(viewOf(bytes), 0))).toBe(false);
    },
  );
});

describe('views', () => {
  it('see the bytes of a buffer that is a part of another, and nothing of others', () => {
    const whole = Buffer.from('0011223344556677', 'hex');
    const [low, high] = [whole.subarray(0, 4), whole.subarray(4)];
    expect(viewOf(high).getInt32(0)).toBe(0x4455_6677);
    expect(viewOf(low).byteLength).toBe(4);
    for (const part of [low, high, Buffer.from('8899aabb', 'hex'), low])
      expect(memoryViewOf(part).getUint32(part.byteOffset)).toBe(part.readUInt32BE(0));
  });
});
