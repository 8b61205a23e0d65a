import { describe, expect, it } from '@jest/globals';
import { TimerMagic } from '@rocketmq-ts/storage';
import type { TimerUnit } from '@rocketmq-ts/storage';
import { SlotRun } from './slot-run.js';

const SLOT = 1_700_000_000_000;
const unit = (dueInMs: number, commitLogOffset: number, magic = 1): TimerUnit => ({
  previousPosition: -1,
  magic,
  writeTimeMs: SLOT,
  slotTimeMs: SLOT,
  commitLogOffset,
  recordBytes: 100,
  topicHash: 1,
  dueMs: dueInMs === 0 ? 0 : SLOT + dueInMs,
});
const order = (run: SlotRun): number[] => run.waiting.map(({ dueMs }) => dueMs - SLOT);

describe('SlotRun', () => {
  it('hands out by due time; messages of Apache’s broker at the end of the slot', () => {
    const run = new SlotRun(SLOT, 1_000, false);
    run.load([unit(0, 1), unit(700, 2), unit(20, 3)]);
    expect(order(run)).toEqual([20, 700, 1_000]);
    run.add(unit(300, 4));
    run.add(unit(20, 5));
    expect(run.waiting.map((waiting) => waiting.unit.commitLogOffset)).toEqual([3, 5, 4, 2, 1]);
  });

  it('never moves a message in front of one that was handed out (I1)', () => {
    const run = new SlotRun(SLOT, 1_000, false);
    run.load([unit(100, 1), unit(200, 2)]);
    run.next = 1;
    run.add(unit(50, 3));
    expect(order(run)).toEqual([100, 50, 200]);
  });

  it('keeps what comes while the log is read', () => {
    const run = new SlotRun(SLOT, 1_000, true);
    run.add(unit(10, 9));
    expect(run.settled).toBe(false);
    expect(run.load([unit(500, 1)])).toBe(0);
    expect(order(run)).toEqual([10, 500]);
  });

  it('knows a message that was noted twice', () => {
    const run = new SlotRun(SLOT, 1_000, true);
    expect(run.load([unit(10, 1), unit(10, 1), unit(20, 2)])).toBe(1);
    expect([run.add(unit(20, 2)), run.add(unit(20, 3))]).toEqual([false, true]);
    expect(order(run)).toEqual([10, 20, 20]);
  });

  it('tells recalls that met nobody', () => {
    const run = new SlotRun(SLOT, 1_000, false);
    run.load([unit(10, 1), unit(0, 2, TimerMagic.DEFAULT | TimerMagic.DELETE)]);
    expect([run.waiting.length, run.recalls.length]).toEqual([1, 1]);
    run.addRecall('key', 'orders');
    run.addRecall('key', 'orders');
    run.addRecall('orders+other', 'orders');
    const both = ['other', 'orders+other'];
    expect([run.meets(['nobody']), run.meets(both), run.meets(both)]).toEqual([
      'NO',
      'FIRST',
      'AGAIN',
    ]);
    expect([...run.unmetRecalls()]).toEqual([['orders', 2]]);
  });
});
