import type { Checkpoint } from './checkpoint.js';

/** A stretch that the offset may pass at once: messages that the filter passed over, or that are no more. */
interface Stretch {
  nextOffset: number;
}

const COMPACT_FROM = 256;

/**
 * What one group has popped of one queue and memory has to know.
 *
 * Invariants:
 *  I1  entries stand in the order of their pops, without gaps between one's `nextOffset` and the next one's start;
 *  I2  `advance` passes an entry only when it is done or stored, and durable; so the committed offset never passes a
 *      message that a crash could take away;
 *  I3  a checkpoint can be found by its start as long as acknowledgements may set its bits.
 */
export class PopQueue {
  /** A pop is reading; others leave this queue out. */
  busy = false;
  /** Somebody left this queue out since it is busy. */
  contended = false;
  /** Messages given out and not known to be acknowledged or revived; a figure for people, not for decisions. */
  inFlightCount = 0;
  lastUsedMs = 0;
  private entries: (Checkpoint | Stretch)[] = [];
  private head = 0;
  private readonly byStart = new Map<number, Checkpoint>();

  constructor(
    /** May be a pop retry topic. */
    readonly topic: string,
    readonly group: string,
    readonly queueId: number,
  ) {}

  /** Where the next pop begins as far as memory knows; undefined where it knows of none. */
  get latestOffset(): number | undefined {
    return this.head < this.entries.length
      ? this.entries[this.entries.length - 1]!.nextOffset
      : undefined;
  }

  get entryCount(): number {
    return this.entries.length - this.head;
  }

  /** @returns false where another one of the same start is open: this one must go into the revive log. */
  add(checkpoint: Checkpoint): boolean {
    this.entries.push(checkpoint);
    if (this.byStart.has(checkpoint.startOffset)) return false;
    this.byStart.set(checkpoint.startOffset, checkpoint);
    return true;
  }

  /** Takes the newest one back: its pop has failed. @returns whether it was open */
  retract(checkpoint: Checkpoint): boolean {
    if (this.entries[this.entries.length - 1] === checkpoint) this.entries.pop();
    const open = this.close(checkpoint);
    this.compact();
    return open;
  }

  /** The messages up to `nextOffset` need no checkpoint. */
  skipTo(nextOffset: number): void {
    const last = this.entryCount === 0 ? undefined : this.entries[this.entries.length - 1]!;
    if (last && !('state' in last)) last.nextOffset = nextOffset;
    else this.entries.push({ nextOffset });
  }

  /** The open checkpoint that an acknowledgement names. */
  find(startOffset: number, popTimeMs: number): Checkpoint | undefined {
    const checkpoint = this.byStart.get(startOffset);
    return checkpoint?.popTimeMs === popTimeMs ? checkpoint : undefined;
  }

  /** Its bits are not set any more. @returns whether they could be */
  close(checkpoint: Checkpoint): boolean {
    return (
      this.byStart.get(checkpoint.startOffset) === checkpoint &&
      this.byStart.delete(checkpoint.startOffset)
    );
  }

  /** Checkpoints whose bits may be set. */
  open(): Checkpoint[] {
    return [...this.byStart.values()];
  }

  /**
   * Drops what the offset may pass.
   * @param flushedOffset the log is durable up to here
   * @returns the new offset; undefined where it stays.
   */
  advance(flushedOffset: number): number | undefined {
    let passed: number | undefined;
    while (this.head < this.entries.length) {
      const entry = this.entries[this.head]!;
      if ('state' in entry) {
        const over = entry.state === 'done' || entry.state === 'stored';
        if (!over || entry.durableAt > flushedOffset) break;
      }
      passed = entry.nextOffset;
      this.head++;
    }
    this.compact();
    return passed;
  }

  /** Forgets everything: somebody set the offset. @returns what was open */
  clear(): Checkpoint[] {
    const open = [...this.byStart.values()];
    this.byStart.clear();
    this.entries = [];
    this.head = 0;
    return open;
  }

  private compact(): void {
    if (this.head === this.entries.length) {
      if (this.head > 0) this.entries = [];
      this.head = 0;
    } else if (this.head > COMPACT_FROM && this.head * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
  }
}
