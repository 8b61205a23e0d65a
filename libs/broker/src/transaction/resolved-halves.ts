/** Queue offsets in one piece of the table. */
const CHUNK_COUNT = 65_536;
const CHUNK_BYTES = CHUNK_COUNT / 8;

/**
 * Which half messages are done with: decided, parked, or replaced by a newer copy. One bit each, for those behind `base`;
 * everything below `base` is done with.
 *
 * Invariants:
 *  I1  `base` only grows;
 *  I2  pieces that lie wholly below `base` are dropped: memory follows the distance to the newest half message, 16 KiB
 *      for each 131 072.
 */
export class ResolvedHalves {
  private readonly chunks = new Map<number, Uint8Array>();
  private first: number;

  /** @param base first queue offset that is not known to be done with */
  constructor(base: number) {
    this.first = base;
  }

  /** First queue offset that is not done with. */
  get base(): number {
    return this.first;
  }

  has(queueOffset: number): boolean {
    if (queueOffset < this.first) return true;
    const chunk = this.chunks.get(Math.floor(queueOffset / CHUNK_COUNT));
    if (chunk === undefined) return false;
    const bit = queueOffset % CHUNK_COUNT;
    return (chunk[bit >> 3]! & (1 << (bit & 7))) !== 0;
  }

  /** @returns false where it was there already. */
  add(queueOffset: number): boolean {
    if (this.has(queueOffset)) return false;
    const index = Math.floor(queueOffset / CHUNK_COUNT);
    let chunk = this.chunks.get(index);
    if (chunk === undefined) this.chunks.set(index, (chunk = new Uint8Array(CHUNK_BYTES)));
    const bit = queueOffset % CHUNK_COUNT;
    chunk[bit >> 3]! |= 1 << (bit & 7);
    return true;
  }

  /** Moves `base` behind everything that is done with without a gap, up to `limit`. @returns the new base */
  advance(limit: number): number {
    const before = Math.floor(this.first / CHUNK_COUNT);
    let at = this.first;
    while (at < limit && this.has(at)) at++;
    this.first = at;
    for (let index = before; index < Math.floor(at / CHUNK_COUNT); index++) {
      this.chunks.delete(index);
    }
    return at;
  }
}
