import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import {
  AdvertisedAddressCheck,
  Arrivals,
  BroadcastOffsets,
  BrokerStats,
  type BrokerContext,
  type BrokerIdentity,
  type BrokerSeams,
  ConsumerOffsetSaver,
  DelayLevels,
  DelayOffsetSaver,
  DelayScheduler,
  NameserverRegistration,
  OrderInfoSaver,
  POP_STOP_MS,
  PopCapability,
  PullFrameHandler,
  QueueLockSaver,
  SessionExpiry,
  StatsClock,
  SubscriptionGuard,
  TransactionCountsSaver,
  TIMER_STOP_MS,
  TimerService,
  Transactions,
} from '@rocketmq-ts/broker';
import {
  BrokerConfig,
  ConfigUpdates,
  HttpConfig,
  LimitsConfig,
  type LoadedConfig,
  StoreConfig,
  verificationWanted,
} from '@rocketmq-ts/config';
import type { LifecyclePart } from '@rocketmq-ts/kernel';
import { RemotingExceptionFilter, RemotingStrategy } from '@rocketmq-ts/nest-remoting';
import {
  HttpPort,
  type Metrics,
  nestLogger,
  Readiness,
  type ServiceParts,
  textAnswer,
} from '@rocketmq-ts/nest-service';
import { RemotingClient, RemotingServer } from '@rocketmq-ts/remoting';
import { MessageStore } from '@rocketmq-ts/storage';
import { brokerAddresses, type BrokerAddresses } from './broker-addresses.js';
import { brokerMetrics } from './broker.metrics.js';
import { BrokerModule } from './broker.module.js';
import { storeOptions } from './store-options.js';

/** Settings and seams of a broker. */
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

/** Where settings are kept that were changed over the wire: beside Apache's tables. */
export const updatesPathOf = (config: LoadedConfig): string =>
  `${config.get(StoreConfig).storePathRootDir}/config/broker.updates.properties`;

/** Storage brings everything to disk when it closes; the rest is quick. */
const STORE_STOP_MS = 4_000;
const QUICK_STOP_MS = 1_500;

/**
 * The parts of a broker in the order in which they start; they stop in reverse: the nameservers forget the broker, held
 * pulls are answered, the ports are drained, progress is saved, and at last the store is closed.
 */
export async function brokerParts(surroundings: BrokerSurroundings): Promise<BrokerService> {
  const { config, seams } = surroundings;
  const addresses = await brokerAddresses(config.get(BrokerConfig), seams.network);
  const broker = new BrokerBuild(surroundings, addresses);
  const { http, readiness } = broker;
  return {
    running: () => broker.running,
    metrics: () => broker.shownMetrics,
    http,
    readiness,
    parts: [
      ...(http ? [http] : []),
      broker.storePart(),
      broker.capabilitiesPart(),
      broker.progressPart(),
      broker.transactionPart(),
      broker.popPart(),
      broker.transportPart(),
      broker.timerPart(),
      broker.deliveryPart(),
      broker.registrationPart(),
    ],
    onReady: () => {
      readiness.started();
      broker.sayReady();
    },
    onStopping: () => readiness.stopping(),
  };
}

/** Builds the parts of one broker; each finds what it needs when it starts. */
class BrokerBuild {
  readonly readiness = new Readiness();
  readonly http: HttpPort | undefined;
  private readonly levels: DelayLevels;
  private readonly server: RemotingServer;
  private readonly client: RemotingClient;
  private store: MessageStore | undefined;
  private app: INestMicroservice | undefined;
  private metrics: Metrics | undefined;
  private stats: BrokerStats | undefined;

  constructor(
    private readonly surroundings: BrokerSurroundings,
    private readonly addresses: BrokerAddresses,
  ) {
    const { config, seams } = surroundings;
    this.levels = new DelayLevels(config.get(BrokerConfig).messageDelayLevels);
    const limits = config.get(LimitsConfig);
    const { listeners } = addresses;
    this.server = new RemotingServer({ ...seams, listeners, limits });
    this.client = new RemotingClient({ ...seams, limits });
    this.http = this.httpPort();
  }

  get running(): RunningBroker {
    const { app, store, server } = this;
    if (!app || !store) throw new Error('the broker has not started');
    return { app, store, server, identity: this.addresses.identity };
  }

  get shownMetrics(): Metrics {
    if (!this.metrics) throw new Error('the broker has not started');
    return this.metrics;
  }

  /** The messages. Opening recovers what a crash left behind. */
  storePart(): LifecyclePart {
    const { config, seams } = this.surroundings;
    return {
      name: 'store',
      stopDeadlineMs: STORE_STOP_MS,
      start: async () => {
        const bootId = await seams.disk.readFile(BOOT_ID_FILE).catch(() => undefined);
        this.store = await MessageStore.open(
          seams,
          storeOptions(config.get(StoreConfig), config.get(BrokerConfig), this.levels, {
            storeHostBytes: this.addresses.identity.storeHostBytes,
            bootId: bootId?.toString('utf8').trim() || undefined,
          }),
        );
      },
      stop: () => this.store!.close(),
    };
  }

  /** The capabilities, put together by Nest. Their tables are read from the store's config folder here. */
  capabilitiesPart(): LifecyclePart {
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
          store: this.store!,
          arrivals: new Arrivals(this.store!),
          server: this.server,
          client: this.client,
        };
        const strategy = new RemotingStrategy(this.server, {
          drainTimeoutMs: config.get(LimitsConfig).drainTimeoutMs,
          verifyFailures: verificationWanted(),
          watch: {
            nowMs: () => seams.clock.nowMs(),
            answered: (...request) => this.stats?.countAnswer(...request),
          },
        });
        this.app = await NestFactory.createMicroservice<MicroserviceOptions>(
          BrokerModule.around(context),
          { strategy, logger: nestLogger(seams.logger), abortOnError: false },
        );
        this.app.useGlobalFilters(new RemotingExceptionFilter());
        this.stats = this.app.get(BrokerStats);
        this.metrics = brokerMetrics(this.app, this.running, config, seams.clock);
        this.addReadinessChecks(this.app);
      },
      stop: () => undefined,
    };
  }

  /** Consumer offsets, delay progress and queue locks: saved from time to time, and at the end once more. */
  progressPart(): LifecyclePart {
    const savers = () => [
      this.app!.get(ConsumerOffsetSaver),
      this.app!.get(DelayOffsetSaver),
      this.app!.get(QueueLockSaver),
      this.app!.get(TransactionCountsSaver),
    ];
    return {
      name: 'progress',
      stopDeadlineMs: QUICK_STOP_MS,
      start: () => {
        for (const saver of savers()) saver.start();
      },
      stop: async () => {
        await Promise.all(savers().map((saver) => saver.stop()));
      },
    };
  }

  /** Reads which transactions are open before producers come; notes what was decided after they have gone. */
  transactionPart(): LifecyclePart {
    return {
      name: 'transactions',
      stopDeadlineMs: QUICK_STOP_MS,
      start: () => this.app!.get(Transactions).start(),
      stop: () => this.app!.get(Transactions).stop(),
    };
  }

  /** What pops have given out. At the end it goes to the revive log, so that offsets may pass it. */
  popPart(): LifecyclePart {
    return {
      name: 'pop',
      stopDeadlineMs: POP_STOP_MS,
      start: () => {
        this.app!.get(PopCapability).start();
        this.app!.get(OrderInfoSaver).start();
      },
      stop: async () => {
        await this.app!.get(PopCapability).stop();
        await this.app!.get(OrderInfoSaver).stop();
      },
    };
  }

  /** The ports. Held pulls are answered first: they are not in work and would not hold the drain up. */
  transportPart(): LifecyclePart {
    const { drainTimeoutMs } = this.surroundings.config.get(LimitsConfig);
    return {
      name: 'transport',
      // The drain, and the second that peers get to close their side.
      stopDeadlineMs: drainTimeoutMs + 2_000,
      start: async () => {
        await this.app!.listen();
        this.app!.get(SessionExpiry).start();
        this.app!.get(BroadcastOffsets).start();
        this.app!.get(SubscriptionGuard).start();
        this.app!.get(StatsClock).start();
      },
      stop: async () => {
        this.app!.get(StatsClock).stop();
        this.app!.get(SubscriptionGuard).stop();
        this.app!.get(BroadcastOffsets).stop();
        this.app!.get(SessionExpiry).stop();
        this.app!.get(PullFrameHandler).stopHolding();
        this.app!.get(PopCapability).stopHolding();
        await this.app!.close();
      },
    };
  }

  /** Delivers messages whose time has come. */
  timerPart(): LifecyclePart {
    return {
      name: 'timer',
      stopDeadlineMs: TIMER_STOP_MS,
      start: () => this.app!.get(TimerService).start(),
      stop: () => this.app!.get(TimerService).stop(),
    };
  }

  /** Delivers delayed messages. */
  deliveryPart(): LifecyclePart {
    return {
      name: 'delivery',
      stopDeadlineMs: QUICK_STOP_MS,
      start: () => this.app!.get(DelayScheduler).start(),
      stop: () => this.app!.get(DelayScheduler).stop(),
    };
  }

  /** Makes the broker known, last of all: clients come from then on. */
  registrationPart(): LifecyclePart {
    return {
      name: 'registration',
      stopDeadlineMs: QUICK_STOP_MS,
      start: async () => {
        await this.app!.get(NameserverRegistration).start();
        // Its finding is a line in the log; the start does not wait for it.
        void this.app!.get(AdvertisedAddressCheck).run();
      },
      stop: async () => {
        await this.app!.get(NameserverRegistration).stop();
        this.client.close();
      },
    };
  }

  sayReady(): void {
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
    });
  }

  private addReadinessChecks(app: INestMicroservice): void {
    const { config } = this.surroundings;
    this.readiness.add('store', () => {
      const refusal = this.store!.writeRefusal();
      return refusal === undefined || refusal.reason === 'BUSY' ? undefined : refusal.message;
    });
    this.readiness.add('registration', () => {
      if (config.get(BrokerConfig).namesrvAddr === '') return undefined;
      const { configured, registered } = app.get(NameserverRegistration).counts;
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

  /** Next to the main port and Apache's HA port; a free one where the main port is free too. */
  private defaultHttpPort(): number {
    const main = this.addresses.listeners[0]!.port;
    const chosenFreely = this.surroundings.config.get(BrokerConfig).listenPort === 0;
    return chosenFreely || main > 65_533 ? 0 : main + 2;
  }
}

/** Names one run of the operating system: tells a restart of the machine from one of the process. Linux only. */
const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';
