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

  it('keeps no more than 1 MiB of a size, whatever comes back, and of each size that', () => {
    const buffers = new PartialBuffers();
    const sizes = [2 * KIB, 128 * KIB, MIB, 4 * MIB];
    const taken = sizes.map((bytes) =>
      Array.from({ length: 2 + Math.floor(MIB / bytes) }, () => buffers.take(bytes)),
    );
    for (const buffer of [...taken].reverse().flat()) buffers.give(buffer);
    const kept = sizes.map((bytes, i) => {
      const again = taken[i]!.map(() => buffers.take(bytes));
      return again.filter((buffer) => taken[i]!.includes(buffer)).length;
    });
    expect(kept).toEqual([512, 8, 1, 0]);
  });
});
