import type { DynamicModule, INestMicroservice, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import {
  BrokerConfig,
  ConfigUpdates,
  HttpConfig,
  LimitsConfig,
  ReplicationConfig,
  verificationWanted,
} from '@rocketmq-ts/config';
import type { LifecyclePart } from '@rocketmq-ts/kernel';
import { RemotingExceptionFilter, RemotingStrategy } from '@rocketmq-ts/nest-remoting';
import {
  HttpPort,
  type Metrics,
  nestLogger,
  Readiness,
  textAnswer,
} from '@rocketmq-ts/nest-service';
import { RemotingClient, RemotingServer } from '@rocketmq-ts/remoting';
import { MessageStore } from '@rocketmq-ts/storage';
import type { MessageStoreOptions } from '@rocketmq-ts/storage';
import { Arrivals } from '../arrivals.js';
import type { BrokerContext } from '../broker-context.module.js';
import { SessionExpiry } from '../client-session/session-expiry.js';
import { SubscriptionGuard } from '../client-session/subscription-guard.js';
import { DelayLevels } from '../delay/delay-levels.js';
import type { PeriodicSaver } from '../metadata/periodic-saver.js';
import { BroadcastOffsets } from '../offset/broadcast-offsets.js';
import { PullFrameHandler } from '../pull/pull-frame.handler.js';
import { AdvertisedAddressCheck } from '../registration/advertised-address-check.js';
import { NameserverRegistration } from '../registration/nameserver-registration.js';
import { MasterWhereabouts } from '../replication/master-whereabouts.js';
import type { ReplicationSide } from '../replication/replication-side.js';
import { BrokerStats } from '../stats/broker-stats.js';
import { StatsClock } from '../stats/stats-clock.js';
import type { BrokerAddresses } from './broker-addresses.js';
import { type BrokerSurroundings, type RunningBroker, updatesPathOf } from './broker-service.js';
import { storeOptions } from './store-options.js';

/** Storage brings everything to disk when it closes; the rest is quick. */
const STORE_STOP_MS = 4_000;
/** How long a part may take to stop that has little to do. */
export const QUICK_STOP_MS = 1_500;

/** What a kind of broker adds to the parts that all have. */
export interface Capabilities {
  /** Everything it can do, put together by Nest. */
  readonly module: (context: BrokerContext) => DynamicModule;
  /** Everything it counts. */
  readonly metrics: (running: RunningBroker) => Metrics;
  /** Its part in the replication of its group. */
  readonly replication: () => ReplicationSide;
}

/** Parts that masters and slaves have alike; each finds what it needs when it starts. */
export class BrokerGround {
  readonly readiness = new Readiness();
  readonly http: HttpPort | undefined;
  readonly levels: DelayLevels;
  readonly server: RemotingServer;
  readonly client: RemotingClient;
  readonly whereabouts: MasterWhereabouts;
  private openStore: MessageStore | undefined;
  private builtApp: INestMicroservice | undefined;
  private metrics: Metrics | undefined;
  private stats: BrokerStats | undefined;

  constructor(
    readonly surroundings: BrokerSurroundings,
    readonly addresses: BrokerAddresses,
  ) {
    const { config, seams } = surroundings;
    this.levels = new DelayLevels(config.get(BrokerConfig).messageDelayLevels);
    const limits = config.get(LimitsConfig);
    const { listeners } = addresses;
    this.server = new RemotingServer({ ...seams, listeners, limits });
    this.client = new RemotingClient({ ...seams, limits });
    const { masterAddress, haMasterAddress } = config.get(ReplicationConfig);
    this.whereabouts = new MasterWhereabouts(
      { address: masterAddress, haAddress: haMasterAddress },
      addresses.identity.address,
    );
    this.http = this.httpPort();
  }

  /** @throws Error before its part has started. */
  get store(): MessageStore {
    if (!this.openStore) throw new Error('the store is not open');
    return this.openStore;
  }

  /** @throws Error before the capabilities are put together. */
  get running(): RunningBroker {
    const { builtApp: app, openStore: store, server } = this;
    if (!app || !store) throw new Error('the broker has not started');
    return { app, store, server, identity: this.addresses.identity };
  }

  /** @throws Error before the start. */
  get shownMetrics(): Metrics {
    if (!this.metrics) throw new Error('the broker has not started');
    return this.metrics;
  }

  /** One of the capabilities. @throws Error before they are put together. */
  get<T>(type: Type<T>): T {
    return this.running.app.get(type);
  }

  /** How the store is opened. */
  storeOptions(bootId?: string): MessageStoreOptions {
    const { storeHostBytes } = this.addresses.identity;
    return storeOptions(this.surroundings.config, this.levels, {
      storeHostBytes,
      bootId: bootId || undefined,
    });
  }

  /** The messages. Opening recovers what a crash left behind. */
  storePart(): LifecyclePart {
    const { seams } = this.surroundings;
    return {
      name: 'store',
      stopDeadlineMs: STORE_STOP_MS,
      start: async () => {
        const bootId = await seams.disk.readFile(BOOT_ID_FILE).catch(() => undefined);
        const options = this.storeOptions(bootId?.toString('utf8').trim());
        this.openStore = await MessageStore.open(seams, options);
      },
      stop: () => this.store.close(),
    };
  }

  /** The capabilities, put together by Nest. Their tables are read from the store's config folder here. */
  capabilitiesPart({ module, metrics, replication }: Capabilities): LifecyclePart {
    const { config, seams } = this.surroundings;
    return {
      name: 'capabilities',
      stopDeadlineMs: QUICK_STOP_MS,
      start: async () => {
        const updates = new ConfigUpdates(seams.disk, updatesPathOf(config), config);
        await updates.load();
        const context: BrokerContext = {
          seams,
          config,
          updates,
          identity: this.addresses.identity,
          levels: this.levels,
          store: this.store,
          arrivals: new Arrivals(this.store),
          replication: replication(),
          whereabouts: this.whereabouts,
          server: this.server,
          client: this.client,
        };
        const app = await NestFactory.createMicroservice<MicroserviceOptions>(module(context), {
          strategy: this.strategy(),
          logger: nestLogger(seams.logger),
          abortOnError: false,
        });
        this.builtApp = app;
        app.useGlobalFilters(new RemotingExceptionFilter());
        this.stats = app.get(BrokerStats);
        this.metrics = metrics(this.running);
        this.addReadinessChecks();
      },
      stop: () => undefined,
    };
  }

  /** Tables that are saved from time to time, and at the end once more. */
  progressPart(savers: readonly Type<PeriodicSaver>[]): LifecyclePart {
    return {
      name: 'progress',
      stopDeadlineMs: QUICK_STOP_MS,
      start: () => {
        for (const saver of savers) this.get(saver).start();
      },
      stop: async () => {
        await Promise.all(savers.map((saver) => this.get(saver).stop()));
      },
    };
  }

  /**
   * The ports. Held pulls are answered first: they are not in work and would not hold the drain up.
   * @param stopHolding answers what else is held
   */
  transportPart(stopHolding: () => void = () => undefined): LifecyclePart {
    const { drainTimeoutMs } = this.surroundings.config.get(LimitsConfig);
    return {
      name: 'transport',
      // The drain, and the second that peers get to close their side.
      stopDeadlineMs: drainTimeoutMs + 2_000,
      start: async () => {
        await this.running.app.listen();
        this.get(SessionExpiry).start();
        this.get(BroadcastOffsets).start();
        this.get(SubscriptionGuard).start();
        this.get(StatsClock).start();
      },
      stop: async () => {
        this.get(StatsClock).stop();
        this.get(SubscriptionGuard).stop();
        this.get(BroadcastOffsets).stop();
        this.get(SessionExpiry).stop();
        this.get(PullFrameHandler).stopHolding();
        stopHolding();
        await this.running.app.close();
      },
    };
  }

  /** Makes the broker known, last of all: clients come from then on. */
  registrationPart(): LifecyclePart {
    return {
      name: 'registration',
      stopDeadlineMs: QUICK_STOP_MS,
      start: async () => {
        await this.get(NameserverRegistration).start();
        // Its finding is a line in the log; the start does not wait for it.
        void this.get(AdvertisedAddressCheck).run();
      },
      stop: async () => {
        await this.get(NameserverRegistration).stop();
        this.client.close();
      },
    };
  }

  /** @param facts more of what is worth knowing */
  sayReady(facts: Readonly<Record<string, string | number>> = {}): void {
    const { config, seams } = this.surroundings;
    const { brokerName, clusterName, namesrvAddr } = config.get(BrokerConfig);
    const { identity, listeners } = this.addresses;
    // People and scripts wait for "boot success", which Apache's broker prints.
    seams.logger.info('broker boot success', {
      brokerName,
      clusterName,
      address: identity.address,
      listeners: listeners.map(({ name, host, port }) => `${name}:${host}:${port}`).join(','),
      httpPort: this.http?.port,
      nameservers: namesrvAddr === '' ? 'none' : namesrvAddr,
      ...facts,
    });
  }

  private strategy(): RemotingStrategy {
    const { config, seams } = this.surroundings;
    return new RemotingStrategy(this.server, {
      drainTimeoutMs: config.get(LimitsConfig).drainTimeoutMs,
      verifyFailures: verificationWanted(),
      watch: {
        nowMs: () => seams.clock.nowMs(),
        answered: (...request) => this.stats?.countAnswer(...request),
      },
    });
  }

  private addReadinessChecks(): void {
    const { config } = this.surroundings;
    this.readiness.add('store', () => {
      const refusal = this.store.writeRefusal();
      return refusal === undefined || refusal.reason === 'BUSY' ? undefined : refusal.message;
    });
    this.readiness.add('registration', () => {
      if (config.get(BrokerConfig).namesrvAddr === '') return undefined;
      const { configured, registered } = this.get(NameserverRegistration).counts;
      return registered > 0 ? undefined : `none of ${configured} nameservers knows this broker`;
    });
  }

  private httpPort(): HttpPort | undefined {
    const { config, seams } = this.surroundings;
    const { httpPort: port = this.defaultHttpPort(), httpBindAddress: host } =
      config.get(HttpConfig);
    if (port === -1) return undefined;
    return new HttpPort({
      host,
      port,
      logger: seams.logger,
      pages: new Map([
        ['/healthz', () => textAnswer(200, 'alive')],
        ['/readyz', this.readiness.page],
        ['/metrics', () => this.metrics?.page() ?? textAnswer(503, 'starting')],
      ]),
    });
  }

  /** Next to the main port and the one for slaves; a free one where the main port is free too. */
  private defaultHttpPort(): number {
    const main = this.addresses.listeners[0]!.port;
    const chosenFreely = this.surroundings.config.get(BrokerConfig).listenPort === 0;
    return chosenFreely || main > 65_533 ? 0 : main + 2;
  }
}

/** Names one run of the operating system: tells a restart of the machine from one of the process. Linux only. */
const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';
