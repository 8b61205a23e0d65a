import { describe, expect, it } from '@jest/globals';
import { TimerWheel } from './timer-wheel.js';

const BASE = 1_700_000_000_000;
const at = (second: number): number => BASE + second * 1_000;

describe('TimerWheel', () => {
  it('chains what falls into one slot and counts it', () => {
    const wheel = new TimerWheel(1_000);
    wheel.add(at(5), 0, 1);
    wheel.add(at(5), 52, 1);
    wheel.add(at(5), 104, -1);
    expect(wheel.get(at(5))).toEqual({
      timeMs: at(5),
      firstPosition: 0,
      lastPosition: 104,
      count: 1,
    });
    expect(wheel.get(at(6))).toBeUndefined();
    expect(wheel.pendingCount).toBe(1);
  });

  it('does not take what another turn of the wheel left for its own', () => {
    const wheel = new TimerWheel(1_000, 256);
    wheel.add(at(0), 0, 1);
    expect(wheel.get(at(256))).toBeUndefined();
    wheel.add(at(256), 52, 1);
    expect(wheel.get(at(256))?.firstPosition).toBe(52);
    expect(wheel.get(at(0))).toBeUndefined();
    expect(wheel.pendingCount).toBe(1);
  });

  it('finds the next slot in use over empty pages and its own end', () => {
    const wheel = new TimerWheel(1_000, 1_000);
    for (const second of [3, 700, 990, 1_100]) wheel.add(at(second), second * 52, 1);
    const found: number[] = [];
    let next = wheel.nextUsed(at(0), at(1_200));
    while (next !== undefined) {
      found.push((next - BASE) / 1_000);
      next = wheel.nextUsed(next + 1_000, at(1_200));
    }
    expect(found).toEqual([3, 700, 990, 1_100]);
    expect(wheel.nextUsed(at(4), at(700))).toBeUndefined();
    expect(wheel.countBetween(at(3), at(991))).toBe(3);
  });

  it('keeps pages in memory only while they are in use (I2)', () => {
    const wheel = new TimerWheel(1_000);
    const empty = wheel.memoryBytes;
    for (let second = 0; second < 86_400; second++) wheel.add(at(second), second * 52, 1);
    expect(wheel.memoryBytes - empty).toBeLessThan(2.8 * 1024 * 1024);
    for (let second = 0; second < 86_400; second++) wheel.clear(at(second));
    expect([wheel.memoryBytes, wheel.pendingCount]).toEqual([empty, 0]);
  });

  it('gives changed pages as they stand in Apache’s file, emptied ones as zeros', () => {
    const wheel = new TimerWheel(1_000, 256);
    wheel.add(at(0), 52, 1);
    const [page] = wheel.takeChanged();
    const slot = (Math.floor(at(0) / 1_000) % 256) % 128;
    const bytes = page!.bytes.subarray(slot * 32, slot * 32 + 32);
    expect(bytes.readBigInt64BE(0)).toBe(BigInt(at(0) / 1_000));
    expect([bytes.readBigInt64BE(8), bytes.readBigInt64BE(16)]).toEqual([52n, 52n]);
    expect([bytes.readInt32BE(24), bytes.readInt32BE(28)]).toEqual([1, 0]);
    expect(wheel.takeChanged()).toEqual([]);
    wheel.clear(at(0));
    expect(wheel.takeChanged()[0]!.bytes.every((byte) => byte === 0)).toBe(true);
  });
});
