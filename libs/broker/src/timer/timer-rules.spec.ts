import { describe, expect, it } from '@jest/globals';
import {
  dueTimeMs,
  isCongested,
  judgeTimer,
  precisionOf,
  rollSlotMs,
  rollSlotsWithin,
  rollWindowSlotsOf,
  slotBefore,
} from './timer-rules.js';
import type { TimerWish } from './timer-rules.js';

const NOW = 1_700_000_000_400;
const LIMITS = { precisionMs: 1_000, delayMaxMs: 60_000 };
const wish = (part: Partial<TimerWish>): TimerWish => ({
  delaySec: undefined,
  delayMs: undefined,
  deliverMs: undefined,
  ...part,
});

describe('judgeTimer', () => {
  it.each([
    ['seconds', { delaySec: '3' }, 1_700_000_003_000],
    ['milliseconds', { delayMs: '3000' }, 1_700_000_003_000],
    ['a time', { deliverMs: '1700000003400' }, 1_700_000_003_000],
    ['a time on a tick: the slot before', { deliverMs: '1700000003000' }, 1_700_000_002_000],
    [
      'seconds before all else',
      { delaySec: '1', delayMs: '9000', deliverMs: '1' },
      1_700_000_001_000,
    ],
    ['milliseconds before a time', { delayMs: '2000', deliverMs: '1' }, 1_700_000_002_000],
    ['now', { deliverMs: String(NOW) }, 'NOW'],
    ['the past', { deliverMs: '0' }, 'NOW'],
    ['a delay below 0', { delaySec: '-3' }, 'NOW'],
    ['the furthest', { delaySec: '60' }, 1_700_000_060_000],
    ['one more', { delayMs: '60001' }, 'ILLEGAL'],
    ['no number', { delaySec: '3.5' }, 'ILLEGAL'],
    ['an empty text', { deliverMs: '' }, 'ILLEGAL'],
    ['a sum that Java would wrap', { delaySec: '9223372036854775807' }, 'ILLEGAL'],
  ] as const)('%s', (_name, part, verdict) => {
    expect(judgeTimer(wish(part), LIMITS, NOW)).toBe(verdict);
  });

  it('puts a time into the slot in front of it, whatever the precision', () => {
    for (const precisionMs of [100, 200, 500, 1_000])
      for (let deliverMs = NOW; deliverMs < NOW + 2_100; deliverMs += 7) {
        const slot = slotBefore(deliverMs, precisionMs);
        expect([slot % precisionMs, slot < deliverMs, slot + precisionMs >= deliverMs]).toEqual([
          0,
          true,
          true,
        ]);
      }
  });
});

describe('dueTimeMs', () => {
  const slot = 1_700_000_003_000;
  it.each([
    ['what a time says', { deliverMs: '1700000003456' }, NOW, 1_700_000_003_456],
    ['what a delay says', { delayMs: '3056' }, NOW, 1_700_000_003_456],
    ['the end of the slot at most', { delayMs: '3056' }, NOW + 900, slot + 1_000],
    ['behind the slot at least', { deliverMs: '5' }, NOW, slot + 1],
    ['the end of the slot without a wish', {}, NOW, slot + 1_000],
  ] as const)('is %s', (_name, part, storedMs, dueMs) => {
    expect(dueTimeMs(wish(part), slot, storedMs, 1_000)).toBe(dueMs);
  });
});

describe('rollSlotMs', () => {
  const window = { slots: 30, precisionMs: 1_000 };
  it.each([
    [29_000, undefined],
    [30_000, 15_000],
    [39_999, 15_000],
    [40_000, 30_000],
    [500_000, 30_000],
  ])('of %d ms ahead is %p', (ahead, expected) => {
    expect(rollSlotMs(NOW + ahead, NOW, window.slots, window.precisionMs)).toBe(
      expected === undefined ? undefined : NOW + expected,
    );
  });
});

describe('settings', () => {
  it.each([
    [1, 100],
    [150, 100],
    [200, 200],
    [499, 200],
    [500, 500],
    [1_000, 1_000],
    [5_000, 1_000],
  ])('a precision of %d is one of %d', (setting, precisionMs) => {
    expect(precisionOf(setting)).toBe(precisionMs);
  });

  it('bound the window', () => {
    expect([0, 1, 2, 604_740, 604_741].map(rollWindowSlotsOf)).toEqual([
      604_740, 604_740, 2, 604_740, 604_740,
    ]);
  });

  it('roll before a log file expires, whatever the window', () => {
    const DAY_MS = 86_400_000;
    expect(rollSlotsWithin(172_800, 1_000, 3 * DAY_MS)).toBe(172_800);
    expect(rollSlotsWithin(172_800, 1_000, 2 * DAY_MS)).toBe(155_520);
    expect(rollSlotsWithin(172_800, 100, 60_000)).toBe(540);
    expect(rollSlotsWithin(2, 1_000, 60_000)).toBe(2);
  });

  it('turn more and more away from full slots', () => {
    expect(isCongested(100, 100, 0)).toBe(false);
    expect([0.49, 0.51].map((chance) => isCongested(150, 100, chance))).toEqual([true, false]);
    expect(isCongested(200, 100, 0.999)).toBe(true);
  });
});
