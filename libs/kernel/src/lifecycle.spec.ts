import { beforeEach, describe, expect, it } from '@jest/globals';
import { Lifecycle, type LifecyclePart } from './lifecycle.js';
import { silentLogger } from './logger.js';
import type { Clock } from './seams/clock.js';

/** Timers run when `advance` says so. */
class HandClock implements Clock {
  private now = 0;
  private timers: { at: number; task: () => void }[] = [];
  nowMs = () => this.now;
  monotonicMs = () => this.now;
  afterTick = (task: () => void) => queueMicrotask(task);
  setPeriodic = () => ({ cancel: () => undefined });
  setTimer(delayMs: number, task: () => void) {
    const timer = { at: this.now + delayMs, task };
    this.timers.push(timer);
    return { cancel: () => (this.timers = this.timers.filter((other) => other !== timer)) };
  }
  get waiting() {
    return this.timers.length;
  }
  advance(ms: number) {
    this.now += ms;
    for (const { at, task } of this.timers) if (at <= this.now) task();
  }
}

let clock: HandClock;
let events: string[];

beforeEach(() => {
  clock = new HandClock();
  events = [];
});

const part = (name: string, more: Partial<LifecyclePart> = {}): LifecyclePart => ({
  name,
  stopDeadlineMs: 100,
  start: () => void events.push(`+${name}`),
  stop: () => void events.push(`-${name}`),
  ...more,
});
const lifecycle = (...parts: LifecyclePart[]) =>
  new Lifecycle(parts, { clock, logger: silentLogger });

describe('Lifecycle', () => {
  it('starts in order and stops in reverse (I1), leaving no timer behind', async () => {
    const life = lifecycle(part('a'), part('b'), part('c'));
    await life.start();
    expect(await life.stop()).toEqual({ failed: [] });
    expect(events).toEqual(['+a', '+b', '+c', '-c', '-b', '-a']);
    expect(clock.waiting).toBe(0);
  });

  it('stops what had started when a part fails, and fails with its error (I2)', async () => {
    const fail = () => Promise.reject(new Error('port busy'));
    const life = lifecycle(part('a'), part('b', { start: fail }), part('c'));
    await expect(life.start()).rejects.toThrow('port busy');
    expect(events).toEqual(['+a', '-a']);
    expect(await life.stop()).toEqual({ failed: [] });
    expect(events).toEqual(['+a', '-a']);
  });

  it('ends a stop that came while a part was failing to start', async () => {
    let fail = (_error: Error) => undefined as void;
    const slow = () => new Promise<void>((_, reject) => (fail = reject));
    const life = lifecycle(part('a'), part('b', { start: slow }));
    const started = life.start();
    await Promise.resolve();
    await Promise.resolve();
    const stopped = life.stop();
    fail(new Error('late'));
    await expect(started).rejects.toThrow('late');
    expect(await stopped).toEqual({ failed: [] });
    expect(events).toEqual(['+a', '-a']);
  });

  it('goes on after a part that does not stop in time, and after one that fails', async () => {
    const life = lifecycle(
      part('a'),
      part('b', { stop: () => new Promise(() => undefined) }),
      part('c', { stop: () => Promise.reject(new Error('x')) }),
    );
    await life.start();
    const stopped = life.stop();
    while (clock.waiting === 0 || !events.includes('+c')) await Promise.resolve();
    for (let i = 0; i < 20; i++) await Promise.resolve();
    clock.advance(100);
    expect(await stopped).toEqual({ failed: ['c', 'b'] });
    expect(events).toEqual(['+a', '+b', '+c', '-a']);
  });

  it('stops once, waiting for a start that is under way and skipping what has not begun (I3)', async () => {
    let go = () => undefined as void;
    const slow = () =>
      new Promise<void>((resolve) => {
        go = () => {
          events.push('+b');
          resolve();
        };
      });
    const life = lifecycle(part('a'), part('b', { start: slow }), part('c'));
    const started = life.start();
    await Promise.resolve();
    await Promise.resolve();
    const stops = [life.stop(), life.stop()];
    go();
    await started;
    await Promise.all(stops);
    expect(events).toEqual(['+a', '+b', '-b', '-a']);
  });
});
