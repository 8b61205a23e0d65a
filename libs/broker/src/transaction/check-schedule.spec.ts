import { describe, expect, it } from '@jest/globals';
import { CheckSchedule } from './check-schedule.js';

const takeAll = (schedule: CheckSchedule, nowMs: number): number[] => {
  const taken: number[] = [];
  for (let next = schedule.takeDue(nowMs); next !== undefined; next = schedule.takeDue(nowMs)) {
    taken.push(next);
  }
  return taken.sort((a, b) => a - b);
};

describe('CheckSchedule', () => {
  it('gives what is due, not earlier and not twice', () => {
    const schedule = new CheckSchedule(1_000);
    schedule.add(1, 2_000);
    schedule.add(2, 2_001);
    schedule.add(3, 9_000);
    expect(takeAll(schedule, 1_999)).toEqual([]);
    expect(takeAll(schedule, 2_000)).toEqual([1]);
    expect(takeAll(schedule, 2_250)).toEqual([2]);
    expect(schedule.size).toBe(1);
    expect(takeAll(schedule, 10_000)).toEqual([3]);
    expect(schedule.size).toBe(0);
  });

  it('takes what was due in the past', () => {
    const schedule = new CheckSchedule(5_000);
    schedule.add(1, -100);
    expect(takeAll(schedule, 5_000)).toEqual([1]);
    expect(takeAll(schedule, 60_000)).toEqual([]);
    schedule.add(2, 100);
    expect(takeAll(schedule, 60_000)).toEqual([2]);
  });

  it('goes on where it stopped when it was not emptied', () => {
    const schedule = new CheckSchedule(0);
    for (let i = 0; i < 5; i++) schedule.add(i, 100);
    expect(schedule.takeDue(1_000)).toBe(4);
    schedule.add(9, 0);
    expect(takeAll(schedule, 1_000)).toEqual([0, 1, 2, 3, 9]);
  });
});
