import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MemoryLog } from '../test/memory-log.js';
import { comparePrefix } from './prefix-check.js';

const SEGMENT_BYTES = 256 * 1024;
const grow = (log: MemoryLog, bytes: number, mark: string): void => {
  const endOffset = log.endOffset + bytes;
  const contents: string[] = [];
  for (let size = 0, i = 0; size < bytes; i++) {
    const content = `${mark} ${i} `.padEnd(1_000 + ((i * 7_919) % 60_000), mark);
    contents.push(content);
    size += content.length;
  }
  log.append(...contents);
  if (log.endOffset < endOffset) throw new Error('grew too little');
};

/** The slow way: both may have ended a file with the same filler behind what they share. */
const lastCommon = (slave: MemoryLog, master: MemoryLog): number => {
  const [own, theirs] = [slave.content, master.content];
  const length = Math.min(own.length, theirs.length);
  let equal = 0;
  while (equal < length && own[equal] === theirs[equal]) equal++;
  return slave.boundaries().findLast((boundary) => boundary <= equal)!;
};

describe('comparePrefix', () => {
  it('finds the last common record of any two histories, in few questions', async () => {
    const sizes = fc.record({
      common: fc.integer({ min: 1, max: 3_000_000 }),
      own: fc.integer({ min: 0, max: 2_500_000 }),
      theirs: fc.integer({ min: 0, max: 2_500_000 }),
      sameLengths: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(sizes, async ({ common, own, theirs, sameLengths }) => {
        const shared = new MemoryLog(SEGMENT_BYTES);
        grow(shared, common, 'common');
        const slave = shared.copyUpTo(shared.endOffset);
        const master = shared.copyUpTo(shared.endOffset);
        if (own > 0) grow(slave, own, 'own');
        if (theirs > 0) grow(master, theirs, sameLengths ? 'not' : 'theirs');
        const verdict = await comparePrefix(slave, master);
        expect(verdict).toEqual(
          own === 0
            ? { kind: 'PREFIX' }
            : { kind: 'DIVERGED', commonOffset: lastCommon(slave, master) },
        );
        expect(slave.checksums).toBeLessThan(30);
      }),
      { numRuns: 40 },
    );
  });

  it('is not deceived by filler that two histories share', async () => {
    const slave = new MemoryLog(SEGMENT_BYTES);
    slave.append('same');
    const common = slave.endOffset;
    const master = slave.copyUpTo(common);
    // Both end their first file at the same place with much filler, and differ in front of it.
    for (const [log, mark] of [
      [slave, 's'],
      [master, 'm'],
    ] as const)
      log.append(mark.repeat(1_000), mark.repeat(SEGMENT_BYTES - 1_000), mark.repeat(200_000));
    expect(await comparePrefix(slave, master)).toEqual({ kind: 'DIVERGED', commonOffset: common });
  });

  it('knows a slave that is ahead, one that is too old, and one with nothing in common', async () => {
    const master = new MemoryLog();
    for (let i = 0; i < 200; i++) master.append(`message ${i}`);
    const { endOffset } = master;
    const ahead = master.copyUpTo(endOffset);
    ahead.append('more');
    expect(await comparePrefix(ahead, master)).toEqual({
      kind: 'DIVERGED',
      commonOffset: endOffset,
    });
    const old = master.copyUpTo(master.boundaries()[10]!);
    const other = new MemoryLog();
    for (let i = 0; i < 200; i++) other.append(`another ${i}`);
    expect(await comparePrefix(other, master)).toEqual({
      kind: 'DIVERGED',
      commonOffset: undefined,
    });
    master.expire(2 * master.segmentSizeBytes);
    expect(await comparePrefix(old, master)).toEqual({ kind: 'TOO_OLD' });
  });
});
