export * from './handler-coverage.js';
export * from './handles.decorator.js';
export * from './remoting-exception.filter.js';
export * from './remoting.strategy.js';
export * from './written-answer.js';
