import { describe, expect, it } from '@jest/globals';
import { Checkpoint, allBits } from './checkpoint.js';
import type { CheckpointState } from './checkpoint.js';
import { PopQueue } from './pop-queue.js';

const queue = () => new PopQueue('orders', 'group', 0);

function popped(of: PopQueue, startOffset: number, queueOffsets: number[], nextOffset?: number) {
  const checkpoint = new Checkpoint(of, {
    startOffset,
    nextOffset: nextOffset ?? queueOffsets.at(-1)! + 1,
    popTimeMs: 1_000,
    invisibleTimeMs: 500,
    reviveQueueId: 1,
    queueOffsets,
  });
  expect(of.add(checkpoint)).toBe(true);
  return checkpoint;
}

describe('Checkpoint', () => {
  it('notes each of its messages once, gaps or not', () => {
    const checkpoint = popped(queue(), 10, [11, 14, 15]);
    expect(checkpoint.settle(11)).toBe(true);
    expect(checkpoint.settle(11)).toBe(false);
    expect([9, 10, 12, 16].map((offset) => checkpoint.settle(offset))).toEqual(
      Array(4).fill(false),
    );
    expect(checkpoint.openOffsets).toEqual([14, 15]);
    expect(checkpoint.record('b')).toMatchObject({ so: 10, d: [1, 4, 5], n: 3, bm: 1 });
    checkpoint.settle(14);
    checkpoint.settle(15);
    expect(checkpoint.allSettled).toBe(true);
  });

  it('has room for 32 messages', () => {
    const offsets = Array.from({ length: 32 }, (_, i) => i);
    const checkpoint = popped(queue(), 0, offsets);
    for (const offset of offsets) {
      expect(checkpoint.allSettled).toBe(false);
      checkpoint.settle(offset);
    }
    expect(checkpoint.allSettled).toBe(true);
    expect(checkpoint.openOffsets).toEqual([]);
    expect([1, 31, 32].map(allBits)).toEqual([1, 0x7fffffff, -1]);
  });
});

describe('PopQueue', () => {
  const states: CheckpointState[] = ['buffered', 'storing', 'stored', 'reviving', 'done'];
  const over = new Set<CheckpointState>(['stored', 'done']);

  // Every combination of what the offset must not pass: state of the first and the second, durable or not.
  const cases = states.flatMap((first) =>
    states.flatMap((second) =>
      [true, false].flatMap((firstDurable) =>
        [true, false].map((secondDurable) => ({ first, second, firstDurable, secondDurable })),
      ),
    ),
  );
  it.each(cases)(
    'passes what a crash cannot take away (I2): $first durable $firstDurable, then $second durable $secondDurable',
    ({ first, second, firstDurable, secondDurable }) => {
      const of = queue();
      const one = popped(of, 0, [0, 1]);
      const two = popped(of, 2, [2]);
      one.state = first;
      two.state = second;
      one.durableAt = firstDurable ? 100 : 101;
      two.durableAt = secondDurable ? 100 : 101;
      const passesOne = over.has(first) && firstDurable;
      const passesTwo = passesOne && over.has(second) && secondDurable;
      expect(of.advance(100)).toBe(passesTwo ? 3 : passesOne ? 2 : undefined);
      expect(of.entryCount).toBe(passesTwo ? 0 : passesOne ? 1 : 2);
      expect(of.latestOffset).toBe(passesTwo ? undefined : 3);
    },
  );

  it('finds open checkpoints alone, by start and time (I3)', () => {
    const of = queue();
    const checkpoint = popped(of, 5, [5]);
    expect(of.find(5, 1_000)).toBe(checkpoint);
    expect(of.find(5, 999)).toBeUndefined();
    expect(of.find(4, 1_000)).toBeUndefined();
    expect(of.close(checkpoint)).toBe(true);
    expect(of.close(checkpoint)).toBe(false);
    expect(of.find(5, 1_000)).toBeUndefined();
  });

  it('keeps a second checkpoint of the same start in order, but not open', () => {
    const of = queue();
    popped(of, 0, [0]).state = 'done';
    const again = new Checkpoint(of, {
      startOffset: 0,
      nextOffset: 1,
      popTimeMs: 2_000,
      invisibleTimeMs: 1,
      reviveQueueId: 0,
      queueOffsets: [0],
    });
    expect(of.add(again)).toBe(false);
    expect(of.entryCount).toBe(2);
  });

  it('takes a pop back that has failed', () => {
    const of = queue();
    popped(of, 0, [0]);
    const failed = popped(of, 1, [1]);
    expect(of.retract(failed)).toBe(true);
    expect(of.latestOffset).toBe(1);
  });

  it('lets stretches without messages grow together, behind what is open', () => {
    const of = queue();
    const open = popped(of, 0, [0]);
    for (let offset = 2; offset < 1_000; offset++) of.skipTo(offset);
    expect(of.entryCount).toBe(2);
    expect(of.advance(0)).toBeUndefined();
    open.state = 'done';
    expect(of.advance(0)).toBe(999);
  });

  it('forgets everything when the offset is set', () => {
    const of = queue();
    const open = popped(of, 0, [0]);
    expect(of.clear()).toEqual([open]);
    expect(of.advance(0)).toBeUndefined();
    expect(of.latestOffset).toBeUndefined();
  });

  it('stays small over very many pops', () => {
    const of = queue();
    for (let i = 0; i < 10_000; i++) {
      const checkpoint = popped(of, i, [i]);
      if (i % 7 === 0) continue;
      for (const open of of.open()) {
        open.state = 'done';
        of.close(open);
      }
      checkpoint.state = 'done';
      of.advance(0);
    }
    expect(of.entryCount).toBeLessThan(10);
    expect(of.open().length).toBeLessThan(10);
  });
});
