import { describe, expect, it } from '@jest/globals';
import { OpProgress } from './op-progress.js';

describe('OpProgress', () => {
  it('stays at the first note that an open half message may need', () => {
    const progress = new OpProgress(5);
    expect(progress.advance(100)).toBe(5);
    progress.note(5, 7);
    progress.note(6, 3);
    progress.note(7, 9);
    expect(progress.advance(7)).toBe(5);
    expect(progress.advance(8)).toBe(7);
    expect(progress.advance(10)).toBe(8);
  });

  it('skips what is no note', () => {
    const progress = new OpProgress(0);
    progress.note(0, -1);
    progress.note(1, 4);
    expect(progress.advance(2)).toBe(1);
  });

  it('forgets what is done with', () => {
    const progress = new OpProgress(0);
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 1_000; i++) progress.note(round * 1_000 + i, round * 1_000 + i);
      expect(progress.advance(round * 1_000 + 500)).toBe(round * 1_000 + 500);
    }
  });
});
