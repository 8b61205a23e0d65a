import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { memoryViewOf } from '@rocketmq-ts/kernel';
import { BytePattern } from './byte-pattern.js';

describe('BytePattern', () => {
  it('finds and writes its bytes at any place of a buffer, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 4, maxLength: 40 }),
        fc.nat({ max: 9 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (pattern, before, at, change) => {
          const around = Buffer.alloc(before + pattern.length + 5, 0xee).subarray(3);
          const offset = around.byteOffset;
          const start = Math.max(0, before - 3);
          const bytes = new BytePattern(pattern);
          expect(bytes.write(memoryViewOf(around), offset + start)).toBe(
            offset + start + pattern.length,
          );
          expect(around.subarray(start, start + pattern.length)).toEqual(Buffer.from(pattern));
          expect(around.subarray(start + pattern.length).every((byte) => byte === 0xee)).toBe(true);
          expect(bytes.matches(memoryViewOf(around), offset + start)).toBe(true);
          const index = start + (at % pattern.length);
          around[index] = around[index]! ^ change;
          expect(bytes.matches(memoryViewOf(around), offset + start)).toBe(false);
        },
      ),
    );
  });
});
