import { defaulted, int64, object } from '../json/json-type.js';
import type { JsonOf } from '../json/json-type.js';

/**
 * Tells whether a table changed since somebody saw it: two are the same when all three numbers are.
 * Source: rocketmq 5.5.0 `DataVersion`.
 */
export const DataVersion = object({
  /** Counts changes. */
  counter: int64,
  /** Which incarnation of the broker made them (5.x; always 0 outside controller mode). */
  stateVersion: defaulted(int64, () => 0),
  /** Wall-clock ms of the last change. */
  timestamp: int64,
});
export type DataVersion = JsonOf<typeof DataVersion>;

/** Whether nothing changed between the two. */
export const sameDataVersion = (a: DataVersion, b: DataVersion): boolean =>
  a.counter === b.counter && a.stateVersion === b.stateVersion && a.timestamp === b.timestamp;
