import type { Clock } from '@rocketmq-ts/kernel';

/** Which state of a table somebody has seen. Source: rocketmq 5.x `DataVersion`. */
export interface DataVersion {
  /** Of the replicated state machine; always 0 without a controller. */
  readonly stateVersion: number;
  /** Wall-clock ms of the change. */
  readonly timestamp: number;
  /** Changes so far. */
  readonly counter: number;
}

/** The version of a table that was never changed. */
export const initialVersion = (clock: Clock): DataVersion => ({
  stateVersion: 0,
  timestamp: clock.nowMs(),
  counter: 0,
});

/** The version after one more change. */
export const nextVersion = (version: DataVersion, clock: Clock): DataVersion => ({
  stateVersion: version.stateVersion,
  timestamp: clock.nowMs(),
  counter: version.counter + 1,
});

export const sameVersion = (a: DataVersion, b: DataVersion): boolean =>
  a.stateVersion === b.stateVersion && a.timestamp === b.timestamp && a.counter === b.counter;
