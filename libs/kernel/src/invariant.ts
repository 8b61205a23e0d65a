/**
 * A rule of our own code did not hold. Not a `RocketMQError`: nobody answers it. Where it concerns storage or
 * replication the process logs it and stops, because running on would write wrong bytes.
 */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/**
 * States what must be true here. `rule` names the invariant as its class lists it, e.g. `'I3: offsets increase'`.
 * @throws {InvariantError} `condition` is false.
 */
export function invariant(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new InvariantError(rule);
}
