import type { Clock, LogFields, Logger } from '@rocketmq-ts/kernel';

const WINDOW_MS = 10_000;
const LINES_PER_WINDOW = 10;

/**
 * Warnings that a peer can cause at will: at most ten of one kind in ten seconds, and then one line with how many were
 * left out.
 */
export class LogThrottle {
  private readonly windows = new Map<string, { startMs: number; lines: number }>();

  constructor(
    private readonly logger: Logger,
    private readonly clock: Clock,
  ) {}

  /** @param event the kind; a constant of our program, never text of a peer. */
  warn(event: string, fields: LogFields): void {
    const nowMs = this.clock.monotonicMs();
    let window = this.windows.get(event);
    if (!window || nowMs - window.startMs >= WINDOW_MS) {
      const leftOut = window ? window.lines - LINES_PER_WINDOW : 0;
      if (leftOut > 0) this.logger.warn(event, { leftOutCount: leftOut });
      window = { startMs: nowMs, lines: 0 };
      this.windows.set(event, window);
    }
    if (window.lines++ < LINES_PER_WINDOW) this.logger.warn(event, fields);
  }
}
