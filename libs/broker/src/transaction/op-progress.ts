/** Done entries in front of the list from which it is cut. */
const CUT_COUNT = 1_024;

/**
 * How far the op queue is needed no more: an op message says which half messages are done with, and may be forgotten when
 * all of them lie below the progress of the half queue.
 */
export class OpProgress {
  private readonly opOffsets: number[] = [];
  private readonly highestHalves: number[] = [];
  private done = 0;
  private next: number;

  /** @param next first op message that is still needed */
  constructor(next: number) {
    this.next = next;
  }

  /** An op message is stored. Queue offsets of op messages come in order. */
  note(opQueueOffset: number, highestHalfOffset: number): void {
    this.opOffsets.push(opQueueOffset);
    this.highestHalves.push(highestHalfOffset);
  }

  /** @returns queue offset of the first op message that is needed while half messages from `halfBase` on are open */
  advance(halfBase: number): number {
    const { opOffsets, highestHalves } = this;
    while (this.done < opOffsets.length && highestHalves[this.done]! < halfBase) {
      this.next = opOffsets[this.done]! + 1;
      this.done++;
    }
    if (this.done >= CUT_COUNT) {
      opOffsets.splice(0, this.done);
      highestHalves.splice(0, this.done);
      this.done = 0;
    }
    return this.next;
  }
}
