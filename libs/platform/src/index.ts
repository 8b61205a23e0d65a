export * from './node-clock.js';
export * from './node-disk.js';
export * from './node-network.js';
export * from './node-random.js';
