import { describe, expect, it } from '@jest/globals';
import type { Clock } from '@rocketmq-ts/kernel';
import { DeadlineWheel } from './deadline-wheel.js';
import { HeldPull, HeldPulls } from './held-pulls.js';
import type { WakeReason } from './held-pulls.js';
import { RingLink } from './linked-ring.js';

/** A clock that stands still until told otherwise. */
class ManualClock implements Clock {
  private atMs = 1_000;
  periodic = new Map<() => void, { periodMs: number; dueMs: number }>();

  nowMs = (): number => this.atMs;
  monotonicMs = (): number => this.atMs;
  setTimer = (): never => {
    throw new Error('not used here');
  };
  afterTick = (): void => undefined;

  setPeriodic(periodMs: number, task: () => void): { cancel(): void } {
    this.periodic.set(task, { periodMs, dueMs: this.atMs + periodMs });
    return { cancel: () => this.periodic.delete(task) };
  }

  advance(ms: number): void {
    const endMs = this.atMs + ms;
    for (;;) {
      const next = [...this.periodic].sort((a, b) => a[1].dueMs - b[1].dueMs)[0];
      if (!next || next[1].dueMs > endMs) break;
      this.atMs = next[1].dueMs;
      next[1].dueMs += next[1].periodMs;
      next[0]();
    }
    this.atMs = endMs;
  }
}

class Item {
  readonly deadlineLink = new RingLink<this>(this);
}

describe('DeadlineWheel', () => {
  it('calls back once, not earlier than asked and at most one slot late', () => {
    const clock = new ManualClock();
    const calls: number[] = [];
    const wheel = new DeadlineWheel<Item>(clock, () => calls.push(clock.nowMs()));
    wheel.add(new Item(), 1_234);
    clock.advance(1_233);
    expect(calls).toEqual([]);
    clock.advance(102);
    expect(calls).toHaveLength(1);
    clock.advance(300_000);
    expect(calls).toHaveLength(1);
  });

  it('runs its timer only while something waits', () => {
    const clock = new ManualClock();
    const wheel = new DeadlineWheel<Item>(clock, () => undefined);
    const item = new Item();
    expect(clock.periodic.size).toBe(0);
    wheel.add(item, 15_000);
    expect(clock.periodic.size).toBe(1);
    wheel.remove(item);
    expect(clock.periodic.size).toBe(0);
  });

  it('serves every deadline of a random load, in order', () => {
    const clock = new ManualClock();
    const due = new Map<Item, number>();
    let last = 0;
    const wheel = new DeadlineWheel<Item>(clock, (item) => {
      const wantedMs = due.get(item)!;
      expect(clock.nowMs()).toBeGreaterThanOrEqual(wantedMs);
      expect(clock.nowMs() - wantedMs).toBeLessThanOrEqual(200);
      expect(wantedMs).toBeGreaterThan(last - 200);
      last = wantedMs;
      due.delete(item);
    });
    let seed = 7;
    for (let i = 0; i < 2_000; i++) {
      seed = (seed * 48_271) % 0x7fff_ffff;
      const waitMs = seed % 100_000;
      const item = new Item();
      due.set(item, clock.nowMs() + waitMs);
      wheel.add(item, waitMs);
      clock.advance(seed % 40);
    }
    clock.advance(200_000);
    expect(due.size).toBe(0);
    expect(wheel.size).toBe(0);
  });

  it('looks at every slot once after the process stood still for longer than the wheel is round', () => {
    const clock = new ManualClock();
    let calls = 0;
    const wheel = new DeadlineWheel<Item>(clock, () => calls++);
    for (let i = 0; i < 50; i++) wheel.add(new Item(), i * 2_000);
    const turn = [...clock.periodic.keys()][0]!;
    clock.periodic.clear();
    clock.advance(10_000_000);
    turn();
    expect(calls).toBe(50);
  });
});

interface Queue {
  name: string;
}
interface Peer {
  peer: string;
}
class Pull extends HeldPull<Queue, Peer> {}

describe('HeldPulls', () => {
  const setUp = (limits = { heldCountMax: 10, heldCountPerConnectionMax: 3 }) => {
    const clock = new ManualClock();
    const woken: [Pull, WakeReason][] = [];
    const holds = new HeldPulls<Queue, Peer, Pull>(clock, limits, (p, why) => woken.push([p, why]));
    return { clock, woken, holds };
  };
  const queueA = { name: 'a' };
  const queueB = { name: 'b' };
  const peer = { peer: 'p' };

  it('shows the pulls of one queue alone, first come first', () => {
    const { holds } = setUp();
    const [first, second, other] = [
      new Pull(queueA, peer),
      new Pull(queueA, { peer: 'q' }),
      new Pull(queueB, peer),
    ] as const;
    for (const pull of [first, second, other]) expect(holds.hold(pull, 5_000)).toBe(true);
    expect(holds.of(queueA)).toEqual([first, second]);
    holds.release(first);
    expect(holds.of(queueA)).toEqual([second]);
    expect(holds.isAwaited(queueB)).toBe(true);
    holds.release(other);
    expect(holds.isAwaited(queueB)).toBe(false);
  });

  it('refuses beyond its limits and counts again what was given back', () => {
    const { holds } = setUp();
    const pulls = Array.from({ length: 3 }, () => new Pull(queueA, peer));
    for (const pull of pulls) expect(holds.hold(pull, 1_000)).toBe(true);
    expect(holds.hold(new Pull(queueA, peer), 1_000)).toBe(false);
    holds.release(pulls[0]!);
    expect(holds.hold(new Pull(queueB, peer), 1_000)).toBe(true);
    for (let i = 0; i < 7; i++) {
      expect(holds.hold(new Pull(queueA, { peer: `${i}` }), 1_000)).toBe(true);
    }
    expect(holds.hold(new Pull(queueA, { peer: 'x' }), 1_000)).toBe(false);
  });

  it('wakes at the deadline, and after that holds nothing of the pull', () => {
    const { holds, clock, woken } = setUp();
    const pull = new Pull(queueA, peer);
    holds.hold(pull, 5_000);
    clock.advance(5_200);
    expect(woken).toEqual([[pull, 'deadline']]);
    expect(holds.size).toBe(0);
    expect(holds.isAwaited(queueA)).toBe(false);
    holds.release(pull);
    expect(holds.size).toBe(0);
  });

  it('drops what a closed connection waited for without waking it', () => {
    const { holds, clock, woken } = setUp();
    const other = new Pull(queueA, { peer: 'q' });
    holds.hold(new Pull(queueA, peer), 5_000);
    holds.hold(new Pull(queueB, peer), 5_000);
    holds.hold(other, 5_000);
    holds.drop(peer);
    expect(holds.of(queueA)).toEqual([other]);
    clock.advance(6_000);
    expect(woken).toEqual([[other, 'deadline']]);
  });

  it('wakes everything when the broker stops', () => {
    const { holds, woken } = setUp();
    holds.hold(new Pull(queueA, peer), 5_000);
    holds.hold(new Pull(queueB, { peer: 'q' }), 5_000);
    holds.wakeAll('shutdown');
    expect(woken.map(([, why]) => why)).toEqual(['shutdown', 'shutdown']);
    expect(holds.size).toBe(0);
  });
});
