import { describe, expect, it } from '@jest/globals';
import { RecentHalves } from './recent-halves.js';

const half = (queueOffset: number, commitLogOffset = queueOffset * 100) => ({
  queueOffset,
  commitLogOffset,
  sizeBytes: 100,
  topic: 'orders',
  queueId: 1,
  group: 'producers',
  uniqKey: `key${queueOffset}`,
  keys: undefined,
  tags: undefined,
});

describe('RecentHalves', () => {
  it('gives each half message once', () => {
    const recent = new RecentHalves();
    recent.note(half(7));
    expect(recent.take(7, 700)).toEqual(half(7));
    expect(recent.take(7, 700)).toBeUndefined();
  });

  it('gives none that only looks like it', () => {
    const recent = new RecentHalves();
    recent.note(half(7));
    expect(recent.take(7, 701)).toBeUndefined();
    expect(recent.take(7 + 8_192, 700)).toBeUndefined();
    for (const strange of [-1, Number.NaN, 2 ** 52 + 7, 0.5]) {
      expect(recent.take(strange, 700)).toBeUndefined();
    }
    expect(recent.take(7, 700)).toEqual(half(7));
  });

  it('forgets the oldest', () => {
    const recent = new RecentHalves();
    for (let at = 0; at < 8_193; at++) recent.note(half(at));
    expect(recent.take(0, 0)).toBeUndefined();
    expect(recent.take(1, 100)).toEqual(half(1));
    expect(recent.take(8_192, 819_200)).toEqual(half(8_192));
  });
});
