export * from './any-messages.js';
export * from './index-keys.js';
export * from './mortal-clock.js';
export * from './mortal-disk.js';
export * from './simulated-store.js';
