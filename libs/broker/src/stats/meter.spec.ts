import { describe, expect, it } from '@jest/globals';
import { PlainMeter, WINDOWS } from './meter.js';
import { COLUMN } from './snapshot-ring.js';

/** Counts `perTick` messages in each of `ticks` ticks, with a snapshot at the end of each. */
function run(meter: PlainMeter, ticks: number, perTick: number, from = 0): number {
  for (let tick = 1; tick <= ticks; tick++) {
    for (let i = 0; i < perTick; i++) meter.count(2, 100);
    meter.snapshot('minute', (from + tick) * WINDOWS.minute.intervalMs);
  }
  return from + ticks;
}

describe('Meter', () => {
  it('shows nothing before the first snapshot', () => {
    const meter = new PlainMeter();
    meter.count(5, 500);
    expect(meter.window('minute', COLUMN.MESSAGES)).toEqual({ sum: 0, tps: 0, avgpt: 0 });
  });

  it('begins its first window one interval before the first snapshot, as Apache does', () => {
    const meter = new PlainMeter();
    run(meter, 1, 10);
    expect(meter.window('minute', COLUMN.MESSAGES)).toEqual({ sum: 20, tps: 2, avgpt: 2 });
    expect(meter.window('minute', COLUMN.BYTES)).toEqual({ sum: 1_000, tps: 100, avgpt: 100 });
  });

  it('has a window of six intervals that moves on', () => {
    const meter = new PlainMeter();
    const at = run(meter, 6, 3);
    run(meter, 3, 0, at);
    expect(meter.window('minute', COLUMN.MESSAGES)).toEqual({ sum: 18, tps: 18 / 60, avgpt: 2 });
    run(meter, 3, 0, at + 3);
    expect(meter.window('minute', COLUMN.MESSAGES)).toEqual({ sum: 0, tps: 0, avgpt: 0 });
  });

  it('shows no mean where Apache has none', () => {
    const meter = new PlainMeter();
    run(meter, 1, 10);
    expect(meter.window('minute', COLUMN.MESSAGES, false).avgpt).toBe(0);
  });

  it('has no rate after the clock was set back', () => {
    const meter = new PlainMeter();
    meter.count(1);
    meter.snapshot('minute', 1_000_000);
    meter.count(1);
    meter.snapshot('minute', 900_000);
    expect(meter.window('minute', COLUMN.MESSAGES)).toMatchObject({ sum: 2, tps: 0 });
  });

  it('forgets its snapshots after a still day and goes on from the right totals', () => {
    const meter = new PlainMeter();
    meter.count(7);
    let hour = 0;
    const day = () => meter.snapshot('day', ++hour * WINDOWS.day.intervalMs);
    meter.snapshot('minute', 10_000);
    for (let i = 0; i < 25; i++) day();
    expect(meter.window('day', COLUMN.MESSAGES).sum).toBe(0);
    meter.count(3);
    day();
    expect(meter.window('day', COLUMN.MESSAGES).sum).toBe(3);
    expect(meter.window('minute', COLUMN.MESSAGES).sum).toBe(0);
  });

  it('keeps nothing for what never happened', () => {
    const meter = new PlainMeter();
    for (let i = 1; i < 9; i++) meter.snapshot('hour', i * WINDOWS.hour.intervalMs);
    expect(Object.values(meter).filter((value) => typeof value === 'object')).toHaveLength(1);
  });
});
