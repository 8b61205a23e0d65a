/**
 * Root of every expected failure. Callers branch on `code` (stable, `ROCKETMQ_…`) and `retriable`, never on the text.
 */
export abstract class RocketMQError extends Error {
  abstract readonly code: `ROCKETMQ_${string}`;
  /** Whether the same call may succeed later without anybody changing anything else. */
  readonly retriable: boolean = false;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The text of anything that was thrown, for a log line or a remark. */
export const describeError = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** The stack where there is one, else the text: for log lines about unexpected failures. */
export const traceOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/** What was thrown, as an error: to keep it and throw it on later. */
export const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));
