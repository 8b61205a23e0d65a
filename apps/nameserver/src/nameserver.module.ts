import { type DynamicModule, Module } from '@nestjs/common';
import { ConfigUpdates, LoadedConfig, NameserverConfig } from '@rocketmq-ts/config';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { RemotingClient, RemotingServer } from '@rocketmq-ts/remoting';
import { KvConfig } from '@rocketmq-ts/routing';
import { BrokerRegistrationController } from './broker-registration.controller.js';
import { ClusterController } from './cluster.controller.js';
import { InactiveBrokerScanner } from './inactive-broker.scanner.js';
import { KvConfigController } from './kv-config.controller.js';
import { KvConfigStore } from './kv-config.store.js';
import { MinBrokerIdNotifier } from './min-broker-id.notifier.js';
import { NameserverConfigController } from './nameserver-config.controller.js';
import { PeerAccess } from './peer-access.js';
import { RegistrationCounts } from './registration-counts.js';
import { RouteController } from './route.controller.js';
import { Routes } from './routes.js';
import { CLOCK, LOGGER } from './seams.js';
import { TopicListController } from './topic-list.controller.js';

/** What exists before Nest does. */
export interface NameserverState {
  readonly config: LoadedConfig;
  readonly updates: ConfigUpdates;
  readonly routes: Routes;
  readonly kvConfig: KvConfig;
  readonly kvStore: KvConfigStore;
  readonly server: RemotingServer;
  readonly client: RemotingClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Binds the commands of a nameserver to its state. */
@Module({})
export class NameserverModule {
  static around(state: NameserverState): DynamicModule {
    return {
      module: NameserverModule,
      controllers: [
        RouteController,
        BrokerRegistrationController,
        ClusterController,
        TopicListController,
        KvConfigController,
        NameserverConfigController,
      ],
      providers: [
        { provide: LoadedConfig, useValue: state.config },
        { provide: NameserverConfig, useValue: state.config.get(NameserverConfig) },
        { provide: ConfigUpdates, useValue: state.updates },
        { provide: Routes, useValue: state.routes },
        { provide: KvConfig, useValue: state.kvConfig },
        { provide: KvConfigStore, useValue: state.kvStore },
        { provide: RemotingServer, useValue: state.server },
        { provide: RemotingClient, useValue: state.client },
        { provide: CLOCK, useValue: state.clock },
        { provide: LOGGER, useValue: state.logger },
        PeerAccess,
        MinBrokerIdNotifier,
        RegistrationCounts,
        InactiveBrokerScanner,
      ],
    };
  }
}
