import { describe, expect, it, jest } from '@jest/globals';
import { NodeClock } from './node-clock.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('NodeClock.nowMs', () => {
  it('stays the same within a turn of the event loop, however long the turn takes', () => {
    const clock = new NodeClock();
    const first = clock.nowMs();
    const busyUntil = performance.now() + 5;
    while (performance.now() < busyUntil);
    expect(clock.nowMs()).toBe(first);
  });

  it('asks the system once per turn', async () => {
    const clock = new NodeClock();
    const system = jest.spyOn(Date, 'now').mockReturnValueOnce(1_000).mockReturnValueOnce(2_000);
    try {
      expect([clock.nowMs(), clock.nowMs()]).toEqual([1_000, 1_000]);
      await turn();
      expect([clock.nowMs(), clock.nowMs()]).toEqual([2_000, 2_000]);
      expect(system).toHaveBeenCalledTimes(2);
    } finally {
      system.mockRestore();
    }
  });

  it('is the time that end-of-turn tasks of the same turn see', async () => {
    const clock = new NodeClock();
    const system = jest.spyOn(Date, 'now').mockReturnValueOnce(1_000).mockReturnValueOnce(2_000);
    try {
      clock.nowMs();
      let seen = 0;
      clock.afterTick(() => (seen = clock.nowMs()));
      await turn();
      expect(seen).toBe(1_000);
    } finally {
      system.mockRestore();
    }
  });
});

describe('NodeClock.monotonicMs', () => {
  it('never goes back', () => {
    const clock = new NodeClock();
    let last = clock.monotonicMs();
    for (let i = 0; i < 1_000; i++) {
      const now = clock.monotonicMs();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });
});

describe('NodeClock.afterTick', () => {
  it('runs tasks after the promises and callbacks of this turn, in order', async () => {
    const clock = new NodeClock();
    const order: string[] = [];
    clock.afterTick(() => order.push('first task'));
    clock.afterTick(() => order.push('second task'));
    process.nextTick(() => order.push('callback'));
    void Promise.resolve().then(() => order.push('promise'));
    await turn();
    expect(order.slice(0, 2).sort()).toEqual(['callback', 'promise']);
    expect(order.slice(2)).toEqual(['first task', 'second task']);
  });

  it('runs what a task adds in the same turn', async () => {
    const clock = new NodeClock();
    const order: string[] = [];
    clock.afterTick(() => {
      order.push('store');
      clock.afterTick(() => order.push('answer'));
    });
    setImmediate(() => order.push('next immediate'));
    await turn();
    expect(order).toEqual(['store', 'answer', 'next immediate']);
  });

  it('runs the other tasks when one fails, and hands the failure to the process (I2)', async () => {
    const clock = new NodeClock();
    const thrown: (() => void)[] = [];
    const nextTick = jest.spyOn(process, 'nextTick').mockImplementation((task) => {
      thrown.push(task as () => void);
    });
    let ran = false;
    try {
      clock.afterTick(() => {
        throw new Error('task failed');
      });
      clock.afterTick(() => (ran = true));
      await turn();
    } finally {
      nextTick.mockRestore();
    }
    expect(ran).toBe(true);
    expect(thrown).toHaveLength(1);
    expect(thrown[0]).toThrow('task failed');
  });

  it('lets the event loop breathe when tasks add tasks for ever', async () => {
    const clock = new NodeClock();
    let runs = 0;
    let stop = false;
    const again = (): void => {
      runs++;
      if (!stop) clock.afterTick(again);
    };
    clock.afterTick(again);
    await turn();
    await turn();
    stop = true;
    expect(runs).toBeGreaterThan(1);
    expect(runs).toBeLessThan(100);
    await turn();
  });
});

describe('NodeClock timers', () => {
  it('runs a timer once and not after it was cancelled', async () => {
    const clock = new NodeClock();
    const ran: string[] = [];
    const cancelled = clock.setTimer(1, () => ran.push('cancelled'));
    cancelled.cancel();
    // A timer does not keep the process alive, so something else has to while we wait for it.
    const alive = setInterval(() => undefined, 1_000);
    await new Promise<void>((resolve) => {
      clock.setTimer(1, () => {
        ran.push('timer');
        resolve();
      });
    });
    clearInterval(alive);
    expect(ran).toEqual(['timer']);
  });

  it('repeats a periodic task until it is cancelled', async () => {
    const clock = new NodeClock();
    const alive = setInterval(() => undefined, 1_000);
    let runs = 0;
    await new Promise<void>((resolve) => {
      const task = clock.setPeriodic(1, () => {
        runs++;
        if (runs < 3) return;
        task.cancel();
        resolve();
      });
    });
    await turn();
    clearInterval(alive);
    expect(runs).toBe(3);
  });
});
