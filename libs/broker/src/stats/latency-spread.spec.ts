import { describe, expect, it } from '@jest/globals';
import { LatencySpread } from './latency-spread.js';

describe('LatencySpread', () => {
  it('shows the minute that has ended, not the one that runs', () => {
    const spread = new LatencySpread();
    spread.record(7);
    expect(spread.quantileMs(0.99)).toBe(0);
    spread.closeMinute();
    expect(spread.quantileMs(0.99)).toBe(7);
    spread.closeMinute();
    expect(spread.quantileMs(0.99)).toBe(0);
    expect(spread.maxMs).toBe(7);
  });

  it.each([
    [0, 0, 0],
    [99, 99, 99],
    [100, 100, 110],
    [1_500, 1_500, 1_500 * 1.1],
    [9_000, 9_000, 9_000 * 1.1],
    [60_000, 10_000, 12_000],
    [-5, 0, 0],
  ])('places %d ms between %d and %d', (ms, leastMs, mostMs) => {
    const spread = new LatencySpread();
    spread.record(ms);
    spread.closeMinute();
    expect(spread.quantileMs(0.5)).toBeGreaterThanOrEqual(leastMs);
    expect(spread.quantileMs(0.5)).toBeLessThanOrEqual(mostMs);
  });

  it('finds the quantile', () => {
    const spread = new LatencySpread();
    for (let i = 0; i < 990; i++) spread.record(1);
    for (let i = 0; i < 10; i++) spread.record(50);
    spread.closeMinute();
    expect(spread.quantileMs(0.99)).toBe(1);
    expect(spread.quantileMs(0.999)).toBe(50);
  });

  it("writes Apache's bands", () => {
    const spread = new LatencySpread();
    for (const ms of [0, 5, 9, 10, 200, 20_000]) spread.record(ms);
    spread.closeMinute();
    expect(spread.text()).toBe(
      '[<=0ms]:1 [0~10ms]:2 [10~50ms]:1 [50~100ms]:0 [100~200ms]:0 [200~500ms]:1 [500ms~1s]:0 ' +
        '[1~2s]:0 [2~3s]:0 [3~4s]:0 [4~5s]:0 [5~10s]:0 [10s~]:1 ',
    );
  });
});
