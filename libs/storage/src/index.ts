export * from './append-entry.js';
export * from './message-store.types.js';
export * from './store-errors.js';
