import { describe, expect, it } from '@jest/globals';
import { RateWindow, SAMPLE_INTERVAL_MS } from './rate-window.js';

describe('RateWindow', () => {
  it('tells nothing before there are two samples', () => {
    const window = new RateWindow();
    expect(window.text()).toBe('0 0 0');
    window.sample(100, 0);
    expect(window.perSecond(10_000)).toBe(0);
  });

  it('tells the mean of the last ten seconds, minute and ten minutes', () => {
    const window = new RateWindow();
    let total = 0;
    for (let i = 0; i <= 120; i++) {
      window.sample(total, i * SAMPLE_INTERVAL_MS);
      total += i < 119 ? 1_000 : 3_000;
    }
    expect(window.perSecond(10_000)).toBe(300);
    expect(window.perSecond(60_000)).toBeCloseTo((5 * 1_000 + 3_000) / 60);
    expect(window.perSecond(600_000)).toBeCloseTo((59 * 1_000 + 3_000) / 600);
  });

  it('is not misled by samples that come late', () => {
    const window = new RateWindow();
    window.sample(0, 0);
    window.sample(500, 50_000);
    expect(window.perSecond(10_000)).toBe(10);
    window.sample(500, 50_000);
    expect(window.perSecond(10_000)).toBe(0);
  });
});
