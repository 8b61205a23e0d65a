export {
  decodeTimerCheckpoint,
  encodeTimerCheckpoint,
  type TimerCheckpoint,
} from './timer-checkpoint.js';
export { saveCopiedCheckpoint } from './timer-opening.js';
export {
  TimerStore,
  type CommitLogProgress,
  type SlotReading,
  type TimerStoreOptions,
} from './timer-store.js';
export { TimerMagic, type NewTimerUnit, type TimerUnit } from './timer-unit.js';
