/** Cells that belong to nobody: what is counted for something that is gone goes there. More than a topic has. */
const SPARE_CELLS = 64;
export const NOBODYS_AT = 0;

/**
 * Counters of thousands of topics and queues in one array, so that counting a message touches two lines of memory and not a
 * dozen objects that lie all over the heap. Who counts takes a block of cells and gives it back.
 */
export class CounterCells {
  /** Replaced when it grows: to be read anew for each count. */
  values = new Float64Array(1_024);
  private usedCount = NOBODYS_AT + SPARE_CELLS;
  private readonly givenBack = new Map<number, number[]>();

  /** @returns index of the first of `size` cells that are 0 and belong to the caller now */
  take(size: number): number {
    const known = this.givenBack.get(size)?.pop();
    if (known !== undefined) return known;
    const at = this.usedCount;
    this.usedCount += size;
    if (this.usedCount > this.values.length) {
      const grown = new Float64Array(Math.max(this.usedCount, this.values.length * 2));
      grown.set(this.values);
      this.values = grown;
    }
    return at;
  }

  /** A block that `take` gave, to be used for something else. */
  giveBack(at: number, size: number): void {
    this.values.fill(0, at, at + size);
    const blocks = this.givenBack.get(size);
    if (blocks) blocks.push(at);
    else this.givenBack.set(size, [at]);
  }
}
