export * from './append-entry.js';
export * from './message-store.js';
export * from './message-store.types.js';
export * from './store-errors.js';
export * from './inspect/index.js';
export * from './timer/index.js';
export type { TimeBoundary } from './read/time-search.js';
export type { QueueUnit } from './read/unit-listing.js';
