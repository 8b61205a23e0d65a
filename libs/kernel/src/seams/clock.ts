/** What `setTimer` and `afterTick` give back; pass it to `cancel`. */
export interface ClockTask {
  /** The task will not run any more. Harmless after it ran. */
  cancel(): void;
}

/** Time. Code below the apps reads and waits through this alone, so that a test can own it. */
export interface Clock {
  /** Wall-clock milliseconds since 1970; may jump either way. Constant within one turn of the event loop. */
  nowMs(): number;
  /** Milliseconds that never go back, with fractions; only differences mean something. */
  monotonicMs(): number;
  /** Runs `task` once, not earlier than `delayMs` from now. Does not keep the process alive. */
  setTimer(delayMs: number, task: () => void): ClockTask;
  /** Runs `task` every `periodMs`, first after one period. Does not keep the process alive. */
  setPeriodic(periodMs: number, task: () => void): ClockTask;
  /**
   * Runs `task` once at the end of this turn of the event loop: after every I/O event that is ready now has been
   * handled. This is where a batch is closed.
   */
  afterTick(task: () => void): void;
}
