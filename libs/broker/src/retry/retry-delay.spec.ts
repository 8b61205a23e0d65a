import { describe, expect, it } from '@jest/globals';
import { retryDelayMs } from './retry-delay.js';

describe('the delay of a retry', () => {
  const exponential = { initial: 5_000, max: 60_000, multiplier: 2 };

  it.each([
    [-1, 5_000],
    [0, 5_000],
    [1, 10_000],
    [3, 40_000],
    [4, 60_000],
    [1_000, 60_000],
  ])('grows with the failures before: after %i it is %i ms', (times, delayMs) => {
    const policy = { type: 'EXPONENTIAL' as const, exponentialRetryPolicy: exponential };
    expect(retryDelayMs(policy, times)).toBe(delayMs);
  });

  it.each([
    [0, 30],
    [1, 40],
    [2, 50],
    [9, 50],
    [-3, 30],
  ])('comes from a list, its third first: after %i it is %i ms', (times, delayMs) => {
    const next = [10, 20, 30, 40, 50];
    expect(retryDelayMs({ type: 'CUSTOMIZED', customizedRetryPolicy: { next } }, times)).toBe(
      delayMs,
    );
  });

  it.each([[[7]], [[3, 7]]])('of a short list %j is its last', (next) => {
    const policy = { type: 'CUSTOMIZED' as const, customizedRetryPolicy: { next } };
    expect(retryDelayMs(policy, 0)).toBe(7);
  });

  it('is left to the delay levels where the group says nothing', () => {
    expect(retryDelayMs({ type: 'CUSTOMIZED' }, 0)).toBeUndefined();
    expect(retryDelayMs({ type: 'EXPONENTIAL' }, 0)).toBeUndefined();
    const empty = { type: 'CUSTOMIZED' as const, customizedRetryPolicy: { next: [] } };
    expect(retryDelayMs(empty, 0)).toBeUndefined();
    const other = { type: 'CUSTOMIZED' as const, exponentialRetryPolicy: exponential };
    expect(retryDelayMs(other, 0)).toBeUndefined();
  });

  it('is never negative', () => {
    const policy = {
      type: 'EXPONENTIAL' as const,
      exponentialRetryPolicy: { initial: -5, max: 10, multiplier: 3 },
    };
    expect(retryDelayMs(policy, 2)).toBe(0);
  });
});
