import { describe, expect, it } from '@jest/globals';
import { OrderInfo } from './order-info.js';

const popped = (more: Partial<Parameters<typeof OrderInfo.popped>[0]> = {}, before?: OrderInfo) =>
  OrderInfo.popped(
    {
      attemptId: 'a1',
      popTimeMs: 1_000,
      invisibleTimeMs: 500,
      queueOffsets: [10, 11, 13],
      ...more,
    },
    before,
    1_000,
  );

describe('OrderInfo', () => {
  it('blocks until everything is acknowledged, whatever the order', () => {
    const info = popped();
    expect(info.blocks('a2', 500, 1_499)).toBe(true);
    expect(info.acknowledge(13, 1_000)).toEqual({ kind: 'next', queueOffset: 10 });
    expect(info.acknowledge(10, 1_000)).toEqual({ kind: 'next', queueOffset: 11 });
    expect(info.blocks('a2', 500, 1_400)).toBe(true);
    expect(info.acknowledge(11, 1_000)).toEqual({ kind: 'next', queueOffset: 14 });
    expect(info.blocks('a2', 500, 1_400)).toBe(false);
  });

  it('blocks no longer than the messages are invisible', () => {
    const info = popped();
    expect(info.blocks(undefined, 500, 1_500)).toBe(false);
    expect(info.freeAtMs(1_200)).toBe(1_500);
    expect(info.freeAtMs(2_000)).toBe(2_000);
    info.setVisibleAt(11, 1_000, 5_000);
    expect(info.blocks(undefined, 500, 4_000)).toBe(true);
  });

  it('lets the same attempt in again, but none without a name', () => {
    expect(popped().blocks('a1', 500, 1_100)).toBe(false);
    const nameless = popped({ attemptId: undefined });
    expect(nameless.blocks(undefined, 500, 1_100)).toBe(true);
  });

  it.each([
    ['what was given out again since', 10, 999, 'stale'],
    ['what is not part of it', 12, 1_000, 'unknown'],
  ])('does not take %s', (_what, offset, popTimeMs, kind) => {
    expect(popped().acknowledge(offset, popTimeMs)).toEqual({ kind });
  });

  it('counts how often messages were given out before', () => {
    const second = popped({ attemptId: 'a2', queueOffsets: [11, 13, 14] }, popped());
    expect([...second.counts]).toEqual([
      [11, 1],
      [13, 1],
    ]);
    expect(second.leastCount).toBe(0);
    const third = popped({ attemptId: 'a3', queueOffsets: [11, 13] }, second);
    expect([...third.counts]).toEqual([
      [11, 2],
      [13, 2],
    ]);
    expect(third.leastCount).toBe(2);
    // The same attempt is no other try.
    expect(popped({ attemptId: 'a3', queueOffsets: [11, 13] }, third).counts).toBe(third.counts);
  });

  it('survives being written and read, in Apache’s form', () => {
    const info = popped({}, popped({ attemptId: 'a0', queueOffsets: [10] }));
    info.acknowledge(11, 1_000);
    info.setVisibleAt(13, 1_000, 9_000);
    const record = info.toRecord();
    expect(record).toEqual({
      a: 'a1',
      cm: 0b010,
      i: 500,
      l: 1_000,
      o: [10, 1, 3],
      oc: new Map([[10, 1]]),
      ot: new Map([[13, 9_000]]),
      popTime: 1_000,
    });
    expect(OrderInfo.fromRecord(record).toRecord()).toEqual(record);
  });
});
