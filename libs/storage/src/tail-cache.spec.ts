import { beforeEach, describe, expect, it } from '@jest/globals';
import { LogSlabPool } from './commit-log/log-slab.js';
import { TailCache } from './tail-cache.js';

describe('TailCache', () => {
  let pool: LogSlabPool;
  let cache: TailCache;

  beforeEach(() => {
    pool = new LogSlabPool(100, 4);
    cache = new TailCache(pool, 300);
  });

  const add = (startOffset: number, usedBytes: number, writtenOffset = startOffset) => {
    const slab = pool.take(startOffset, usedBytes);
    slab.usedBytes = usedBytes;
    cache.add(slab, writtenOffset);
    return slab;
  };

  it('finds the slab of a byte, and nothing in gaps, in front or behind', () => {
    const slabs = [add(1000, 80), add(1080, 100), add(2000, 50)];
    expect([1000, 1079, 1080, 1179, 2049].map((offset) => cache.find(offset))).toEqual([
      slabs[0],
      slabs[0],
      slabs[1],
      slabs[1],
      slabs[2],
    ]);
    for (const offset of [999, 1180, 1999, 2050]) expect(cache.find(offset)).toBeUndefined();
    expect(cache.startOffset).toBe(1000);
  });

  it('drops the oldest above its budget, but only what is written (I2)', () => {
    for (let i = 0; i < 5; i++) add(i * 100, 100, 0);
    expect(cache.startOffset).toBe(0);
    cache.evict(150);
    expect(cache.startOffset).toBe(100);
    cache.evict(500);
    expect(cache.startOffset).toBe(200);
    expect(cache.sizeBytes).toBe(300);
  });

  it('keeps the bytes of a slab that a reader holds', () => {
    const held = add(0, 100);
    held.buffer.fill(7);
    held.holds++;
    for (let i = 1; i < 6; i++) add(i * 100, 100, i * 100).buffer.fill(9);
    expect(cache.find(0)).toBeUndefined();
    expect(held.buffer.every((byte) => byte === 7)).toBe(true);
    pool.release(held);
    expect(pool.take(900, 100)).toBe(held);
  });

  it('gives a record that is larger than a slab one of its own', () => {
    const large = add(0, 5000);
    expect(large.buffer.length).toBe(5000);
    expect(cache.find(4999)).toBe(large);
  });
});
