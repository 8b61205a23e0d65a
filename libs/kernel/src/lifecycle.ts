import { describeError } from './errors.js';
import type { Logger } from './logger.js';
import type { Clock } from './seams/clock.js';

/** One part of a process, e.g. its store or its port. */
export interface LifecyclePart {
  /** For log lines, e.g. `transport`. */
  readonly name: string;
  /** Ready for the parts behind it when the promise resolves. */
  start(): Promise<void> | void;
  /** Called only after a start that succeeded. */
  stop(): Promise<void> | void;
  /** How long `stop` may take before the parts in front of it are stopped regardless. */
  readonly stopDeadlineMs: number;
}

/** What became of a stop. */
export interface StopReport {
  /** Names of parts whose stop failed or did not end in time; empty after a clean stop. */
  readonly failed: readonly string[];
}

/**
 * Starts parts in the order in which they are listed and stops them in the reverse order.
 *
 * Invariants:
 *  I1  a part starts after all parts in front of it are ready, and stops after all parts behind it have stopped or
 *      have used up their time;
 *  I2  a start that fails stops what was started, and fails with the error of the part;
 *  I3  `stop` does its work once, however often it is called, and waits for a start that is under way.
 */
export class Lifecycle {
  private readonly started: LifecyclePart[] = [];
  private starting: Promise<void> | undefined;
  private stopping: Promise<StopReport> | undefined;

  constructor(
    private readonly parts: readonly LifecyclePart[],
    private readonly seams: { readonly clock: Clock; readonly logger: Logger },
  ) {}

  /** @throws the error of the part that did not start; whatever had started is stopped again. */
  start(): Promise<void> {
    this.starting ??= this.startAll();
    return this.starting;
  }

  /** Never throws: failures are logged and reported. */
  stop(): Promise<StopReport> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  private async startAll(): Promise<void> {
    for (const part of this.parts) {
      if (this.stopping) return;
      try {
        await part.start();
      } catch (error) {
        await this.stopStarted();
        throw error;
      }
      this.started.push(part);
    }
  }

  private async stopAll(): Promise<StopReport> {
    // Whoever called `start` hears of its failure.
    await this.starting?.catch(() => undefined);
    return this.stopStarted();
  }

  private async stopStarted(): Promise<StopReport> {
    const failed: string[] = [];
    for (const part of this.started.splice(0).reverse())
      if (!(await this.stopPart(part))) failed.push(part.name);
    return { failed };
  }

  private async stopPart(part: LifecyclePart): Promise<boolean> {
    const { clock, logger } = this.seams;
    const startedMs = clock.monotonicMs();
    const ended = Promise.resolve()
      .then(() => part.stop())
      .then(
        () => 'stopped',
        (error: unknown) => describeError(error),
      );
    let cancel = (): void => undefined;
    const late = new Promise<string>((resolve) => {
      const task = clock.setTimer(part.stopDeadlineMs, () =>
        resolve(`not stopped within ${part.stopDeadlineMs} ms`),
      );
      cancel = () => task.cancel();
    });
    const outcome = await Promise.race([ended, late]);
    cancel();
    const tookMs = Math.round(clock.monotonicMs() - startedMs);
    if (outcome === 'stopped') logger.debug('part stopped', { part: part.name, tookMs });
    else logger.error('part did not stop cleanly', { part: part.name, tookMs, reason: outcome });
    return outcome === 'stopped';
  }
}
