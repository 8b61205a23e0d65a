import { describe, expect, it } from '@jest/globals';
import { NOTHING_TO_CORRECT, correctionOffsets } from './correction-offsets.js';

const GROUPS: [string, Map<number, number>][] = [
  [
    'a',
    new Map([
      [0, 100],
      [1, 50],
    ]),
  ],
  [
    'b',
    new Map([
      [0, 80],
      [1, 5],
    ]),
  ],
  ['c', new Map([[0, 10]])],
];
const of = (leftOut: string[], compared?: Map<number, number>, min = 0) => [
  ...correctionOffsets(GROUPS, new Set(leftOut), compared, () => min),
];

describe('correctionOffsets', () => {
  it('gives the least offset of each queue', () => {
    expect(of([])).toEqual([
      [0, 10],
      [1, 5],
    ]);
  });

  it('leaves groups out, and offsets below the beginning of a queue', () => {
    expect(of(['c'])).toEqual([
      [0, 80],
      [1, 5],
    ]);
    expect(of(['c'], undefined, 20)).toEqual([
      [0, 80],
      [1, 50],
    ]);
  });

  it('corrects nothing where the compared group is behind all others', () => {
    const compared = new Map([
      [0, 90],
      [1, 4],
      [2, 1],
    ]);
    expect(of(['c'], compared)).toEqual([
      [0, 80],
      [1, NOTHING_TO_CORRECT],
      [2, NOTHING_TO_CORRECT],
    ]);
  });
});
