import { describe, expect, it } from '@jest/globals';
import { KIB, MIB } from '@rocketmq-ts/kernel';
import { PartialBuffers } from './partial-buffers.js';

describe('PartialBuffers', () => {
  it('gives a buffer that is large enough, and less than twice as large', () => {
    const buffers = new PartialBuffers();
    for (const bytes of [1, 4, KIB, KIB + 1, 65_536, 65_537, 16 * MIB + 4]) {
      const { length } = buffers.take(bytes);
      expect(length).toBeGreaterThanOrEqual(bytes);
      expect(length).toBeLessThan(Math.max(2 * bytes, 2 * KIB));
    }
  });

  it('gives the same buffer again, to one at a time', () => {
    const buffers = new PartialBuffers();
    const first = buffers.take(70_000);
    const second = buffers.take(70_000);
    buffers.give(first);
    buffers.give(second);
    expect(new Set([buffers.take(100_000), buffers.take(66_000)])).toEqual(
      new Set([first, second]),
    );
    expect([first, second]).not.toContain(buffers.take(70_000));
  });

  it('keeps no more than 4 MiB, whatever comes back', () => {
    const buffers = new PartialBuffers();
    const taken = Array.from({ length: 8 }, () => buffers.take(MIB));
    taken.push(buffers.take(5 * MIB));
    for (const buffer of taken) buffers.give(buffer);
    const again = Array.from({ length: 8 }, () => buffers.take(MIB));
    expect(again.filter((buffer) => taken.includes(buffer))).toHaveLength(4);
    expect(taken).not.toContain(buffers.take(5 * MIB));
  });

  it('keeps large ones though small ones came first', () => {
    const buffers = new PartialBuffers();
    for (const small of Array.from({ length: 4 * KIB }, () => buffers.take(KIB)))
      buffers.give(small);
    const large = buffers.take(100_000);
    buffers.give(large);
    expect(buffers.take(100_000)).toBe(large);
    const tooLarge = buffers.take(5 * MIB);
    buffers.give(tooLarge);
    expect(buffers.take(5 * MIB)).not.toBe(tooLarge);
  });
});
