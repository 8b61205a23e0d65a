export * from './history/checker.js';
export * from './history/history.js';
