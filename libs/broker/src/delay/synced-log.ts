import type { Clock } from '@rocketmq-ts/kernel';

const POLL_MS = 20;

/** How far a log is. */
export interface LogProgress {
  readonly commitLogMaxOffset: number;
  readonly flushedOffset: number;
}

/** The log did not reach stable storage in time. */
export class LogNotSyncedError extends Error {
  override readonly name = 'LogNotSyncedError';

  constructor(behindBytes: number) {
    super(`the last ${behindBytes} bytes of the log are not synced yet`);
  }
}

/**
 * Waits until all that the log holds now is on stable storage. What is saved behind it cannot speak of messages that a
 * power loss takes. @throws {LogNotSyncedError} it takes longer than `waitMs`
 */
export async function syncedLog(log: LogProgress, clock: Clock, waitMs: number): Promise<void> {
  const neededOffset = log.commitLogMaxOffset;
  const deadlineMs = clock.monotonicMs() + waitMs;
  while (log.flushedOffset < neededOffset) {
    if (clock.monotonicMs() >= deadlineMs)
      throw new LogNotSyncedError(neededOffset - log.flushedOffset);
    await new Promise<void>((resolve) => clock.setTimer(POLL_MS, resolve));
  }
}
