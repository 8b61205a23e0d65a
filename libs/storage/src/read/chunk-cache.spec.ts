import { describe, expect, it } from '@jest/globals';
import { ChunkCache } from './chunk-cache.js';

describe('ChunkCache', () => {
  /** Loads whose answer the test gives. */
  const pending: ((error: Error | undefined, validBytes: number) => void)[] = [];
  const load = (cache: ChunkCache, key: number) =>
    cache.load(key, key * 10, 10, (into, done) => {
      into.fill(key);
      pending.push(done);
    });
  const finish = () => pending.splice(0).forEach((done) => done(undefined, 10));

  it('drops what was not used for the longest time, never what is held', () => {
    const cache = new ChunkCache(30, 10);
    const first = load(cache, 1);
    finish();
    first.holds++;
    for (const key of [2, 3]) load(cache, key);
    finish();
    cache.get(2);
    load(cache, 4);
    finish();
    expect([1, 2, 3, 4].map((key) => cache.has(key))).toEqual([true, true, false, true]);
    expect(first.buffer.every((byte) => byte === 1)).toBe(true);
    cache.release(first);
    load(cache, 5);
    finish();
    expect(cache.has(1)).toBe(false);
    expect(cache.sizeBytes).toBe(30);
  });

  it('does not reuse memory while a reader or a read holds it (I1)', () => {
    const cache = new ChunkCache(10, 10);
    const held = load(cache, 1);
    held.holds++;
    finish();
    cache.drop(1);
    const other = load(cache, 2);
    expect(other.buffer).not.toBe(held.buffer);
    cache.drop(2);
    const third = load(cache, 3);
    expect(third.buffer).not.toBe(other.buffer);
    finish();
    expect(held.buffer.every((byte) => byte === 1)).toBe(true);
    cache.release(held);
    expect(load(cache, 4).buffer).toBe(held.buffer);
    finish();
  });

  it('forgets a chunk whose read failed, and tells who waits', () => {
    const cache = new ChunkCache(100, 10);
    const chunk = load(cache, 1);
    let told = 0;
    chunk.waiters.push(() => told++);
    pending.splice(0)[0]!(new Error('EIO'), 0);
    expect([told, chunk.failure?.message, cache.has(1)]).toEqual([1, 'EIO', false]);
  });
});
