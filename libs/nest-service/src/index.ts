export * from './http-port.js';
export * from './metrics.js';
export * from './nest-logger.js';
export * from './readiness.js';
export * from './remoting-metrics.js';
export * from './run-service.js';
export * from './start-failure.js';
export * from './stdout-logger.js';
