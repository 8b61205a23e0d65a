import { describe, expect, it } from '@jest/globals';
import { NodeRandom } from './node-random.js';

describe('NodeRandom.uint32', () => {
  it('spreads over the whole range and goes on when its pool is used up', () => {
    const random = new NodeRandom();
    const buckets = new Array<number>(16).fill(0);
    for (let i = 0; i < 16_000; i++) {
      const value = random.uint32();
      expect(Number.isInteger(value) && value >= 0 && value < 2 ** 32).toBe(true);
      buckets[Math.floor(value / 2 ** 28)]! += 1;
    }
    // 1 000 expected each; a fair source leaves 800…1200 once in more runs than this will ever see.
    expect(Math.min(...buckets)).toBeGreaterThan(800);
    expect(Math.max(...buckets)).toBeLessThan(1_200);
  });
});
