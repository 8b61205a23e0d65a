import type { INestMicroservice } from '@nestjs/common';
import { StoreConfig, type LoadedConfig } from '@rocketmq-ts/config';
import type { HttpPort, Metrics, Readiness, ServiceParts } from '@rocketmq-ts/nest-service';
import type { RemotingServer } from '@rocketmq-ts/remoting';
import type { MessageStore } from '@rocketmq-ts/storage';
import type { BrokerSeams } from '../broker-context.js';
import type { BrokerIdentity } from '../broker-identity.js';

/** Settings and seams of a broker, master or slave. */
export interface BrokerSurroundings {
  readonly config: LoadedConfig;
  readonly seams: BrokerSeams;
}

/** What is there once a broker has started; for tests that run one in their own process. */
export interface RunningBroker {
  readonly identity: BrokerIdentity;
  readonly server: RemotingServer;
  readonly store: MessageStore;
  readonly app: INestMicroservice;
}

/** A broker that can be started and stopped. */
export interface BrokerService extends ServiceParts {
  /** @throws Error before the start. */
  running(): RunningBroker;
  readonly http: HttpPort | undefined;
  readonly readiness: Readiness;
  /** @throws Error before the start. */
  metrics(): Metrics;
}

/** Folder of the store; a switch of masters leaves its marker there. */
export const storePathOf = (config: LoadedConfig): string =>
  config.get(StoreConfig).storePathRootDir;

/** Where settings are kept that were changed over the wire: beside Apache's tables. */
export const updatesPathOf = (config: LoadedConfig): string =>
  `${storePathOf(config)}/config/broker.updates.properties`;
