import { describe, expect, it } from '@jest/globals';
import { DelayLevels, DelayLevelsError, levelOfQueueId, queueIdOfLevel } from './delay-levels.js';

describe('DelayLevels', () => {
  it('are Apache’s eighteen unless told otherwise', () => {
    const levels = new DelayLevels();
    expect(levels.count).toBe(18);
    const seconds = Array.from({ length: 18 }, (_, i) => levels.delayOf(i + 1) / 1_000);
    expect(seconds).toEqual([
      1, 5, 10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1_200, 1_800, 3_600, 7_200,
    ]);
  });

  it('may be others', () => {
    const levels = new DelayLevels('  2s   1d ');
    expect([levels.count, levels.delayOf(1), levels.delayOf(2)]).toEqual([2, 2_000, 86_400_000]);
  });

  it('cut what is too high, and take one second for what does not exist', () => {
    const levels = new DelayLevels('2s 4s');
    expect([1, 2, 3, 99].map((level) => levels.clamp(level))).toEqual([1, 2, 2, 2]);
    expect([0, 3].map((level) => levels.delayOf(level))).toEqual([1_000, 1_000]);
  });

  it.each([
    [0, 2],
    [1_000, 2],
    [1_001, 1],
    [2_000, 1],
    [5_000, 3],
    [6_001, 3],
  ])('of a wait of %i ms is the next longer one, %i', (delayMs, level) =>
    expect(new DelayLevels('2s 1s 6s').levelFor(delayMs)).toBe(level),
  );

  it.each(['', '5', '5x', '-1s', '1s,2s', '1.5s', 's'])('cannot be read from %j', (text) =>
    expect(() => new DelayLevels(text)).toThrow(DelayLevelsError),
  );

  it('stand in queues of the schedule topic', () => {
    expect([queueIdOfLevel(1), queueIdOfLevel(18)]).toEqual([0, 17]);
    expect(levelOfQueueId(queueIdOfLevel(7))).toBe(7);
  });
});
