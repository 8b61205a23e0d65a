export * from './history/checker.js';
export * from './history/history.js';
export * from './simulation/simulated-clock.js';
export * from './simulation/simulated-disk.js';
export * from './simulation/simulated-random.js';
