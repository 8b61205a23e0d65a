import type { AnyCommand } from '@rocketmq-ts/protocol';

/** How declared commands and bound handlers compare. */
export interface HandlerCoverage {
  /** Declared, and nobody answers them. */
  readonly withoutHandler: readonly AnyCommand[];
  /** Answered, and not declared among the given commands. */
  readonly withoutDeclaration: readonly number[];
}

/**
 * Compares the commands that a service should answer with those it does.
 * @param commands what it should answer, e.g. all that go from clients to brokers.
 * @param routedCodes `RemotingServer.routedCodes` after the start.
 */
export function handlerCoverage(
  commands: Iterable<AnyCommand>,
  routedCodes: Iterable<number>,
): HandlerCoverage {
  const declared = [...commands];
  const routed = new Set(routedCodes);
  const declaredCodes = new Set(declared.map(({ code }) => code));
  return {
    withoutHandler: declared.filter(({ code }) => !routed.has(code)),
    withoutDeclaration: [...routed]
      .filter((code) => !declaredCodes.has(code))
      .sort((a, b) => a - b),
  };
}
