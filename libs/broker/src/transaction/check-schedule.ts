/** Width of one slot of time. */
const SLOT_MS = 250;

/**
 * When which half message is looked at again. Slots of a quarter of a second, each a list of queue offsets: about ten bytes
 * for each message that waits.
 */
export class CheckSchedule {
  private readonly slots = new Map<number, number[]>();
  private cursor: number;
  private count = 0;

  /** @param nowMs of a clock that never goes back */
  constructor(nowMs: number) {
    this.cursor = Math.floor(nowMs / SLOT_MS);
  }

  get size(): number {
    return this.count;
  }

  add(queueOffset: number, dueMs: number): void {
    const slot = Math.max(Math.ceil(dueMs / SLOT_MS), this.cursor);
    const offsets = this.slots.get(slot);
    if (offsets) offsets.push(queueOffset);
    else this.slots.set(slot, [queueOffset]);
    this.count++;
  }

  /** One that is due; undefined where none is. */
  takeDue(nowMs: number): number | undefined {
    if (this.count === 0) {
      this.cursor = Math.max(this.cursor, Math.floor(nowMs / SLOT_MS));
      return undefined;
    }
    const last = Math.floor(nowMs / SLOT_MS);
    for (; this.cursor <= last; this.cursor++) {
      const offsets = this.slots.get(this.cursor);
      if (offsets === undefined) continue;
      const queueOffset = offsets.pop();
      if (offsets.length === 0) this.slots.delete(this.cursor);
      this.count--;
      return queueOffset;
    }
    this.cursor = last;
    return undefined;
  }
}
