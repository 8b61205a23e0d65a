import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { KIB, MIB, type DiskFile } from '@rocketmq-ts/kernel';
import { SimulatedStore } from '@rocketmq-ts/testing/store';

const SMALL_BODY = Buffer.alloc(KIB, 'x');
/** More than is written on the event loop. */
const LARGE_BODY = Buffer.alloc(300 * KIB, 'x');
const AHEAD_BYTES = MIB;
/** The first zeros leave a gap behind the end of the log. */
const FIRST_ZEROS_BYTES = AHEAD_BYTES - 256 * KIB;

describe('ZeroAhead', () => {
  let world: SimulatedStore;
  let zeroedBytes = 0;

  /** Opens a store; from then on the zeros that it writes are counted. */
  async function openStore(flushMode: 'ASYNC' | 'SYNC'): Promise<void> {
    world = new SimulatedStore(1, {
      flushMode,
      segmentSizeBytes: 16 * MIB,
      slabBytes: MIB,
      tailCacheBytes: 4 * MIB,
      zeroAheadBytes: AHEAD_BYTES,
    });
    await world.open();
    const { disk } = world;
    const handle = Object.getPrototypeOf(disk.openNow('/store/lock', { create: true })) as DiskFile;
    const { write } = handle;
    jest.spyOn(handle, 'write').mockImplementation(function (
      this: DiskFile,
      buffers,
      position,
      done,
    ) {
      for (const bytes of buffers)
        if (bytes.every((byte) => byte === 0)) zeroedBytes += bytes.length;
      write.call(this, buffers, position, done);
    });
  }

  async function send(body: Buffer): Promise<void> {
    const sent = world.send({ body });
    await world.settle();
    expect(sent.acked).toBe(true);
  }

  beforeEach(() => {
    zeroedBytes = 0;
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await world.close();
  });

  it('keeps so many zeros ready behind single messages, and no more', async () => {
    await openStore('ASYNC');
    await send(SMALL_BODY);
    expect(zeroedBytes).toBe(FIRST_ZEROS_BYTES);
    for (let i = 0; i < 100; i++) await send(SMALL_BODY);
    expect(zeroedBytes).toBe(FIRST_ZEROS_BYTES);
  });

  it('writes none ahead of batches that other threads write anyway', async () => {
    await openStore('ASYNC');
    for (let i = 0; i < 8; i++) await send(LARGE_BODY);
    expect(zeroedBytes).toBe(0);
    await send(SMALL_BODY);
    expect(zeroedBytes).toBe(FIRST_ZEROS_BYTES);
    // The zeros of before are used up by now.
    for (let i = 0; i < 8; i++) await send(LARGE_BODY);
    expect(zeroedBytes).toBe(FIRST_ZEROS_BYTES);
  });

  it('writes them for large batches too where each is synced', async () => {
    await openStore('SYNC');
    for (let i = 0; i < 8; i++) await send(LARGE_BODY);
    expect(zeroedBytes).toBeGreaterThan(AHEAD_BYTES);
  });
});
