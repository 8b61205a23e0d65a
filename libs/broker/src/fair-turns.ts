import type { Clock } from '@rocketmq-ts/kernel';

/** Time after which other events get their turn, and steps after which they do whatever the clock says. */
const SLICE_MS = 5;
const STEPS_PER_SLICE = 1_000;

/**
 * Lets the long work of a command share the event loop: it asks `due` at each small step, and when that says so it waits
 * for `pause()`. One object per piece of work.
 */
export class FairTurns {
  private sliceEndMs: number;
  private steps = 0;

  constructor(private readonly clock: Clock) {
    this.sliceEndMs = clock.monotonicMs() + SLICE_MS;
  }

  /** To be asked once per step; counts it. */
  get due(): boolean {
    return ++this.steps >= STEPS_PER_SLICE || this.clock.monotonicMs() >= this.sliceEndMs;
  }

  /** Resolves when everything that was ready has been handled. */
  async pause(): Promise<void> {
    await new Promise<void>((resolve) => this.clock.afterTick(resolve));
    this.steps = 0;
    this.sliceEndMs = this.clock.monotonicMs() + SLICE_MS;
  }
}
