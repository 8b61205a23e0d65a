import { type DynamicModule, Global, Module } from '@nestjs/common';
import {
  BrokerConfig,
  ConfigUpdates,
  LimitsConfig,
  LoadedConfig,
  ReplicationConfig,
  StoreConfig,
} from '@rocketmq-ts/config';
import { RemotingClient, RemotingServer } from '@rocketmq-ts/remoting';
import { AdminGate } from './admin/admin-gate.js';
import { CLOCK, DISK, LOGGER, NETWORK, RANDOM, STORE } from './broker-context.js';
import type { BrokerSeams, BrokerStore } from './broker-context.js';
import { BrokerIdentity } from './broker-identity.js';
import { DelayLevels } from './delay/delay-levels.js';
import { ConfigFolder } from './metadata/config-folder.js';
import { ProcessMark } from './registration/process-mark.js';
import { MasterWhereabouts } from './replication/master-whereabouts.js';
import { REPLICATION } from './replication/replication-side.js';
import type { ReplicationSide } from './replication/replication-side.js';
import { Arrivals } from './arrivals.js';
import { BrokerStats } from './stats/broker-stats.js';
import { StatsClock } from './stats/stats-clock.js';

/** What must be there before a broker's capabilities can be put together. */
export interface BrokerContext {
  readonly seams: BrokerSeams;
  readonly config: LoadedConfig;
  readonly updates: ConfigUpdates;
  readonly identity: BrokerIdentity;
  readonly levels: DelayLevels;
  readonly store: BrokerStore;
  readonly arrivals: Arrivals;
  readonly replication: ReplicationSide;
  readonly whereabouts: MasterWhereabouts;
  readonly server: RemotingServer;
  /** For calls to nameservers. */
  readonly client: RemotingClient;
}

/** Offers the context to all capabilities. */
@Global()
@Module({})
export class BrokerContextModule {
  static forRoot(context: BrokerContext): DynamicModule {
    const { seams, config } = context;
    const broker = config.get(BrokerConfig);
    const store = config.get(StoreConfig);
    const stats = new BrokerStats(seams.clock);
    const providers = [
      { provide: CLOCK, useValue: seams.clock },
      { provide: LOGGER, useValue: seams.logger },
      { provide: DISK, useValue: seams.disk },
      { provide: NETWORK, useValue: seams.network },
      { provide: RANDOM, useValue: seams.random },
      { provide: STORE, useValue: context.store },
      { provide: Arrivals, useValue: context.arrivals },
      { provide: LoadedConfig, useValue: config },
      { provide: ConfigUpdates, useValue: context.updates },
      { provide: BrokerConfig, useValue: broker },
      { provide: StoreConfig, useValue: store },
      { provide: ReplicationConfig, useValue: config.get(ReplicationConfig) },
      { provide: REPLICATION, useValue: context.replication },
      { provide: MasterWhereabouts, useValue: context.whereabouts },
      { provide: LimitsConfig, useValue: config.get(LimitsConfig) },
      { provide: BrokerIdentity, useValue: context.identity },
      { provide: DelayLevels, useValue: context.levels },
      { provide: RemotingServer, useValue: context.server },
      { provide: RemotingClient, useValue: context.client },
      { provide: BrokerStats, useValue: stats },
      { provide: StatsClock, useValue: new StatsClock(seams.clock, stats, context.store) },
      { provide: ProcessMark, useValue: new ProcessMark(seams.random) },
      { provide: AdminGate, useValue: new AdminGate(broker.adminPeers) },
      {
        provide: ConfigFolder,
        useValue: new ConfigFolder(seams.disk, seams.logger, store.storePathRootDir),
      },
    ];
    return { module: BrokerContextModule, providers, exports: providers };
  }
}
