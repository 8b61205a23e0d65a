export * from './inspect-store.js';
export * from './log-walker.js';
