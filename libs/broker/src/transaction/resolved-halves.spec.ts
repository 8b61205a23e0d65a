import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ResolvedHalves } from './resolved-halves.js';

describe('ResolvedHalves', () => {
  it('knows what is done with, behind the base and below it', () => {
    const resolved = new ResolvedHalves(10);
    expect([9, 10, 11].map((at) => resolved.has(at))).toEqual([true, false, false]);
    expect(resolved.add(12)).toBe(true);
    expect(resolved.add(12)).toBe(false);
    expect(resolved.add(3)).toBe(false);
    expect([10, 11, 12, 13].map((at) => resolved.has(at))).toEqual([false, false, true, false]);
  });

  it('moves its base to the first open one, never beyond the limit, never back (I1)', () => {
    const resolved = new ResolvedHalves(0);
    for (const at of [0, 1, 2, 4]) resolved.add(at);
    expect(resolved.advance(2)).toBe(2);
    expect(resolved.advance(100)).toBe(3);
    expect(resolved.advance(1)).toBe(3);
    resolved.add(3);
    expect(resolved.advance(100)).toBe(5);
    expect(resolved.advance(5)).toBe(5);
  });

  it('is right over the ends of its pieces (I2)', () => {
    const start = 3 * 65_536 - 5;
    const resolved = new ResolvedHalves(start);
    for (let at = start; at < start + 70_000; at++) resolved.add(at);
    expect(resolved.advance(start + 100_000)).toBe(start + 70_000);
    expect(resolved.has(start + 70_000)).toBe(false);
    expect(resolved.add(start + 70_000)).toBe(true);
  });

  it('behaves like a set', () => {
    fc.assert(
      fc.property(
        fc.nat(200),
        fc.array(fc.tuple(fc.boolean(), fc.nat(400)), { maxLength: 100 }),
        (base, steps) => {
          const resolved = new ResolvedHalves(base);
          const model = new Set(Array.from({ length: base }, (_, at) => at));
          for (const [adds, at] of steps) {
            if (adds) {
              resolved.add(at);
              model.add(at);
            } else {
              const open = resolved.advance(at);
              expect(model.has(open) && open < at).toBe(false);
            }
            expect(resolved.has(at)).toBe(model.has(at));
          }
        },
      ),
    );
  });
});
