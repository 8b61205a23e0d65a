import { type Clock, KIB } from '@rocketmq-ts/kernel';

/** A read that goes on when it may. */
export interface PacedRead {
  run(): void;
}

/** Reads that wait go on together so often: one by one they would tear the batches of the appends apart. */
const SLICE_MS = 2;
/** While messages are appended, so many bytes may be looked at in files for each byte that is appended, ... */
const READ_BYTES_PER_APPENDED_BYTE = 1;
/** ... and in each slice no less than this, however little is appended: 128 MiB/s, all readers together. */
const SLICE_BYTES_MIN = 256 * KIB;
/** After so many slices without an append no more are expected. */
const IDLE_SLICES = 5;
/** What a read is taken for until it is over. */
const EXPECTED_BYTES = 32 * KIB;
/** What a read costs that gives little. */
const READ_BYTES_MIN = 4 * KIB;

/**
 * Keeps reads of old messages to the pace of the appends. A reader that is far behind can ask for gigabytes as fast as
 * they are given; producers would get what it leaves of the event loop and the cores.
 *
 * Invariants:
 *  I1  while nobody appends, no read waits;
 *  I2  while somebody does, reads go on in the order in which they came, and some in each slice but those that pay for
 *      one that took more than its slice had;
 *  I3  who reads from memory never comes here.
 */
export class FileReadPace {
  private readonly waiting: PacedRead[] = [];
  /** What may still be read in this slice; below zero: what was too much in the ones before. */
  private balanceBytes = 0;
  private seenAppendedBytes = 0;
  /** Slices in a row without an append. */
  private idleSlices = 0;
  /** Somebody has appended lately. */
  private isPacing = false;
  private readonly onSliceEnd = (): void => this.endSlice();

  constructor(
    private readonly clock: Clock,
    /** Bytes appended since the start. */
    private readonly appendedBytes: () => number,
  ) {}

  /** How many reads wait. */
  get waitingCount(): number {
    return this.waiting.length;
  }

  /** Whether the read may go on now; else its `run` is called when it may. Each `enter` has one `leave`. */
  enter(read: PacedRead): boolean {
    if (!this.isPacing) {
      if (this.appendedBytes() === this.seenAppendedBytes) return true;
      this.begin();
    }
    if (this.waiting.length > 0 || this.balanceBytes <= 0) {
      this.waiting.push(read);
      return false;
    }
    this.balanceBytes -= EXPECTED_BYTES;
    return true;
  }

  /** A read is over. @param bytes of records that it looked at in files */
  leave(bytes: number): void {
    if (this.isPacing) this.balanceBytes += EXPECTED_BYTES - Math.max(bytes, READ_BYTES_MIN);
  }

  private begin(): void {
    this.isPacing = true;
    this.idleSlices = 0;
    this.seenAppendedBytes = this.appendedBytes();
    this.balanceBytes = SLICE_BYTES_MIN;
    this.clock.setTimer(SLICE_MS, this.onSliceEnd);
  }

  private endSlice(): void {
    const appendedBytes = this.appendedBytes();
    const appended = appendedBytes - this.seenAppendedBytes;
    this.seenAppendedBytes = appendedBytes;
    this.idleSlices = appended > 0 ? 0 : this.idleSlices + 1;
    this.isPacing = this.idleSlices < IDLE_SLICES;
    const allowance = Math.max(appended * READ_BYTES_PER_APPENDED_BYTE, SLICE_BYTES_MIN);
    this.balanceBytes = Math.min(this.balanceBytes + allowance, allowance);
    this.goOn();
    if (this.isPacing) this.clock.setTimer(SLICE_MS, this.onSliceEnd);
  }

  private goOn(): void {
    let next = 0;
    // Those who come meanwhile queue up behind.
    const count = this.waiting.length;
    while (next < count && (!this.isPacing || this.balanceBytes > 0)) {
      this.balanceBytes -= EXPECTED_BYTES;
      this.waiting[next++]!.run();
    }
    this.waiting.splice(0, next);
  }
}
