import { describeError, KIB, type Logger } from '@rocketmq-ts/kernel';
import type { StoreHealth } from '../store-health.js';
import type { LogSegments } from './log-segments.js';

const STEP_BYTES = 256 * KIB;
const PAGE_BYTES = 4 * KIB;

/**
 * Writes zeros into the log's file a little ahead of its end, off the event loop. The blocks are then allocated and in
 * the page cache when the data comes: the write costs a fraction, and a sync has no allocation to record.
 *
 * Invariants:
 *  I1  zeros are written only behind the end of what was appended when they were issued;
 *  I2  one write of zeros at a time; data that would reach it waits (`mustWait`).
 */
export class ZeroAhead {
  private readonly zeros: Uint8Array;
  /** Zeros reach from here to `zeroedOffset`. */
  private zeroedFrom = 0;
  private zeroedOffset = 0;
  private filling = false;
  /** The last batch was one that zeros help. */
  private helpful = false;
  private inFlightStart = -1;
  private stopped: boolean;
  private onIdle: (() => void) | undefined;

  constructor(
    private readonly parts: {
      readonly logger: Logger;
      readonly segments: LogSegments;
      readonly health: StoreHealth;
      /** Bytes to keep ready ahead; 0 turns it off. */
      readonly aheadBytes: number;
      /** Zeros do nothing for larger batches: others than the event loop write those, and their blocks as well. */
      readonly batchBytesMax: number;
      /** End of what was appended, whether written or not. */
      readonly appendOffset: () => number;
    },
  ) {
    this.stopped = parts.aheadBytes === 0;
    this.zeros = new Uint8Array(this.stopped ? 0 : STEP_BYTES);
  }

  /** Whether zeros are on their way: the file's lock may be taken. */
  get busy(): boolean {
    return this.inFlightStart >= 0;
  }

  /** Whether `[startOffset, endOffset)` lies in blocks that are ready: writing there costs next to nothing. */
  covers(startOffset: number, endOffset: number): boolean {
    return startOffset >= this.zeroedFrom && endOffset <= this.zeroedOffset;
  }

  /** Calls `listener` each time a write of zeros has ended. */
  whenIdle(listener: () => void): void {
    this.onIdle = listener;
  }

  /** Whether a write of `[startOffset, endOffset)` would meet zeros that are on their way. */
  mustWait(startOffset: number, endOffset: number): boolean {
    const { inFlightStart } = this;
    return (
      inFlightStart >= 0 && endOffset > inFlightStart && startOffset < inFlightStart + STEP_BYTES
    );
  }

  /** Looks whether zeros are needed; cheap when not. Call it after each batch, with its size. */
  advance(batchBytes: number): void {
    this.helpful = batchBytes <= this.parts.batchBytesMax;
    this.fill();
  }

  stop(): void {
    this.stopped = true;
  }

  private fill(): void {
    if (this.stopped || this.inFlightStart >= 0 || !this.helpful) return;
    const { aheadBytes, appendOffset } = this.parts;
    const appended = appendOffset();
    // Overtaken: leave a gap, so that the next batches do not have to wait for the zeros.
    if (this.zeroedOffset < appended) {
      this.zeroedFrom = appended + STEP_BYTES;
      this.zeroedOffset = this.zeroedFrom;
    }
    const ready = this.zeroedOffset - appended;
    if (ready >= (this.filling ? aheadBytes : aheadBytes / 2)) {
      this.filling = false;
      return;
    }
    this.filling = true;
    this.writeStep();
  }

  private writeStep(): void {
    const { segments, health, logger } = this.parts;
    const start = Math.ceil(this.zeroedOffset / PAGE_BYTES) * PAGE_BYTES;
    const segment = segments.find(start);
    if (!segment || health.refusal) return;
    const bytes = Math.min(STEP_BYTES, segment.endOffset - start);
    this.inFlightStart = start;
    segment.file.write([this.zeros.subarray(0, bytes)], start - segment.startOffset, (error) => {
      this.inFlightStart = -1;
      if (error) {
        // Only a help: without it data goes into new blocks, and an error there has its own handling.
        this.stopped = true;
        logger.warn('writing zeros ahead failed, going on without', {
          error: describeError(error),
        });
      } else {
        this.zeroedOffset = start + bytes;
      }
      this.onIdle?.();
      this.fill();
    });
  }
}
