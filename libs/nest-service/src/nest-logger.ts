import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@rocketmq-ts/kernel';

/** Nest's name for the part that logs, where it gives one: the last of the further arguments. */
const contextOf = (parameters: readonly unknown[]): string | undefined => {
  const last = parameters.at(-1);
  return typeof last === 'string' ? last : undefined;
};

const textOf = (message: unknown): string =>
  message instanceof Error ? message.message : String(message);

/**
 * Lets Nest log through ours. What it says about wiring is only for those who look for it (`logLevel=debug`); its
 * warnings and errors are events like any other.
 */
export function nestLogger(logger: Logger): LoggerService {
  const quiet = (message: unknown, ...rest: unknown[]): void =>
    logger.debug(textOf(message), { context: contextOf(rest) });
  return {
    log: quiet,
    debug: quiet,
    verbose: quiet,
    warn: (message: unknown, ...rest: unknown[]) =>
      logger.warn(textOf(message), { context: contextOf(rest) }),
    error: (message: unknown, ...rest: unknown[]) =>
      logger.error(textOf(message), { context: contextOf(rest) }),
    fatal: (message: unknown, ...rest: unknown[]) =>
      logger.error(textOf(message), { context: contextOf(rest) }),
  };
}
