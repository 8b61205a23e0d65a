import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { viewOf } from '@rocketmq-ts/kernel';
import { copyPlainRun } from './plain-run.js';

describe('copyPlainRun', () => {
  it('stops at the first character that does not stand for itself', () => {
    const unit = fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 0x20, max: 0x7f }) },
      fc.constantFrom(0, 0x1f, 0x22, 0x5c, 0x80, 0x81, 0xa0, 0xff),
    );
    fc.assert(
      fc.property(
        fc.array(unit, { maxLength: 30 }),
        fc.nat({ max: 7 }),
        fc.nat({ max: 7 }),
        (units, from, at) => {
          const bytes = Buffer.from([...new Array<number>(from).fill(0x61), ...units]);
          const view = viewOf(bytes);
          const into = Buffer.alloc(60, 0xee);
          const intoView = viewOf(into);
          const special = units.findIndex((u) => u < 0x20 || u >= 0x80 || u === 0x22 || u === 0x5c);
          const expected = special < 0 ? units.length : special;
          expect(copyPlainRun(view, from, bytes.length, intoView, at)).toBe(expected);
          expect([...into.subarray(at, at + expected)]).toEqual(units.slice(0, expected));
          expect(into[at + expected]).toBe(0xee);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
