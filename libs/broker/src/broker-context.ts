import type { Clock, Disk, Logger, Network, Random } from '@rocketmq-ts/kernel';
import type {
  MessageLookup,
  MessageSink,
  MessageSource,
  NewestRecords,
  RecordSource,
  StoreAdministration,
  StoreGauges,
} from './store-access.js';

/** Tokens under which the seams are injected: interfaces have no value of their own to name them by. */
export const CLOCK = Symbol('rocketmq.clock');
export const LOGGER = Symbol('rocketmq.logger');
export const DISK = Symbol('rocketmq.disk');
export const NETWORK = Symbol('rocketmq.network');
export const RANDOM = Symbol('rocketmq.random');

/** The world as a broker sees it. */
export interface BrokerSeams {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly disk: Disk;
  readonly network: Network;
  readonly random: Random;
}

/** The message store, injected by the part of it that is needed (`store-access.ts`). */
export const STORE = Symbol('rocketmq.store');

/** All parts of the store that a broker uses. */
export type BrokerStore = MessageSink &
  MessageSource &
  RecordSource &
  MessageLookup &
  NewestRecords &
  StoreAdministration &
  StoreGauges;
