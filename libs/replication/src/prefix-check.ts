import type { SourceLog } from './log-seams.js';

/** A log as far as comparing it goes. */
export type ComparedLog = Pick<SourceLog, 'minOffset' | 'writtenOffset' | 'checksum'>;

/** What two logs have to do with each other. Offsets are commit-log offsets. */
export type PrefixVerdict =
  /** Ours is a beginning of the master's. */
  | { readonly kind: 'PREFIX' }
  /** Ours ends before the master's begins. */
  | { readonly kind: 'TOO_OLD' }
  /** Ours has what the master's has not; both are equal up to `commonOffset`, at the end of a record; undefined: nowhere. */
  | { readonly kind: 'DIVERGED'; readonly commonOffset: number | undefined };

const KIB = 1024;
const LOOK_BYTES = 1024 * KIB;
const BLOCK_BYTES = 64 * KIB;
/** Below the block that differs so much must be equal: more than one file's filler, which any two logs may share. */
const CONTEXT_BYTES = 4 * 1024 * KIB;

/**
 * Compares our log with the master's through checksums, before a byte of it is taken: the last MiB that both have. Where that
 * differs, the place is found by bisection, first in blocks, then in the block that differs.
 *
 * Two logs that differ at a place differ from there on, because each record holds its own time and offset; the filler at the
 * end of files is the exception, and less than a record long.
 * @throws whatever either side's checksum throws; a range that one of them lost meanwhile counts as different
 */
export async function comparePrefix(
  own: ComparedLog & Pick<SourceLog, 'boundaryBefore'>,
  master: ComparedLog,
): Promise<PrefixVerdict> {
  const ownEnd = own.writtenOffset;
  const masterEnd = master.writtenOffset;
  const from = Math.max(own.minOffset, master.minOffset);
  const to = Math.min(ownEnd, masterEnd);
  if (ownEnd < master.minOffset) return { kind: 'TOO_OLD' };
  if (masterEnd < own.minOffset) return { kind: 'DIVERGED', commonOffset: undefined };
  const equal = async (fromOffset: number, toOffset: number): Promise<boolean> => {
    if (fromOffset >= toOffset) return true;
    const [mine, theirs] = await Promise.all([
      own.checksum(fromOffset, toOffset),
      master.checksum(fromOffset, toOffset),
    ]);
    return mine !== undefined && mine === theirs;
  };

  const tailEqual = await equal(Math.max(from, to - LOOK_BYTES), to);
  if (tailEqual && ownEnd <= masterEnd) return { kind: 'PREFIX' };
  const differsAt = tailEqual ? to : await firstDifference(from, to, equal);
  const commonOffset = await own.boundaryBefore(differsAt);
  const nothing = commonOffset === undefined || commonOffset <= from;
  return { kind: 'DIVERGED', commonOffset: nothing ? undefined : commonOffset };
}

/** Offset of the first byte in [from, to) that differs; some byte does. */
async function firstDifference(
  from: number,
  to: number,
  equal: (fromOffset: number, toOffset: number) => Promise<boolean>,
): Promise<number> {
  const startOf = (block: number): number => from + block * BLOCK_BYTES;
  const blockEqual = (block: number): Promise<boolean> =>
    equal(startOf(block), Math.min(to, startOf(block + 1)));
  let last = Math.ceil((to - from) / BLOCK_BYTES) - 1;
  let block = await bisect(0, last, blockEqual);
  // Filler may have led too far: then something in front of this block differs, or nothing in it.
  while (block > 0 && !(await standsAlone(block))) {
    last = block - 1;
    block = await bisect(0, last, blockEqual);
  }
  return bisect(startOf(block), Math.min(to, startOf(block + 1)) - 1, (offset) =>
    equal(startOf(block), offset + 1),
  );

  async function standsAlone(found: number): Promise<boolean> {
    const startOffset = startOf(found);
    if (!(await equal(Math.max(from, startOffset - CONTEXT_BYTES), startOffset))) return false;
    return found !== last || !(await blockEqual(found));
  }
}

/** The smallest number in [low, high] that `holds` is false for; `high` where it is true for all below. */
async function bisect(
  low: number,
  high: number,
  holds: (candidate: number) => Promise<boolean>,
): Promise<number> {
  let first = low;
  let last = high;
  while (first < last) {
    const middle = Math.floor((first + last) / 2);
    if (await holds(middle)) first = middle + 1;
    else last = middle;
  }
  return first;
}
