import type { Clock } from '@rocketmq-ts/kernel';
import type { DataVersion } from '@rocketmq-ts/protocol';

/** The version of a table that was never changed. */
export const initialVersion = (clock: Clock): DataVersion => ({
  stateVersion: 0,
  timestamp: clock.nowMs(),
  counter: 0,
});

/** The version after one more change. Source: rocketmq 5.x `DataVersion#nextVersion`. */
export const nextVersion = (version: DataVersion, clock: Clock): DataVersion => ({
  stateVersion: version.stateVersion,
  timestamp: clock.nowMs(),
  counter: version.counter + 1,
});
