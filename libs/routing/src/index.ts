export { MASTER_ID } from './broker-groups.js';
export type { BrokerAddress, LiveBroker } from './broker-liveness.js';
export * from './kv-config.js';
export * from './registration.js';
export * from './route-table.js';
export type { RouteTableSettings } from './route-table-settings.js';
export type { RouteQuestion } from './topic-route.js';
