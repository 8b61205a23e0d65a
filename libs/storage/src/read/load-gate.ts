/**
 * Reads of old log files that may be under way at a time. The process has four threads for files, unless told otherwise;
 * what readers of old messages want must leave some of them to the writes and syncs that producers wait for.
 */
const LOADS_MAX = 2;

/**
 * Lets few reads of files run at a time, first come first served.
 *
 * Invariant:
 *  I1  each `enter` has one `leave`; whoever waits gets his turn when somebody leaves.
 */
export class LoadGate {
  private underWay = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly countMax = LOADS_MAX) {}

  /** Calls `load` now or when it is its turn. */
  enter(load: () => void): void {
    if (this.underWay >= this.countMax) {
      this.waiting.push(load);
      return;
    }
    this.underWay++;
    load();
  }

  leave(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.underWay--;
  }
}
