import { dirname } from 'node:path';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import {
  ConfigUpdates,
  HttpConfig,
  LimitsConfig,
  type LoadedConfig,
  NameserverConfig,
  resolveListeners,
  verificationWanted,
} from '@rocketmq-ts/config';
import type { Clock, Disk, LifecyclePart, Logger, Network } from '@rocketmq-ts/kernel';
import { RemotingExceptionFilter, RemotingStrategy } from '@rocketmq-ts/nest-remoting';
import {
  HttpPort,
  nestLogger,
  Readiness,
  type ServiceParts,
  StartError,
  textAnswer,
} from '@rocketmq-ts/nest-service';
import { RemotingClient, RemotingServer } from '@rocketmq-ts/remoting';
import { KvConfig } from '@rocketmq-ts/routing';
import { InactiveBrokerScanner } from './inactive-broker.scanner.js';
import { KvConfigStore } from './kv-config.store.js';
import { nameserverMetrics } from './nameserver.metrics.js';
import { NameserverModule, type NameserverState } from './nameserver.module.js';
import { RegistrationCounts } from './registration-counts.js';
import { RouteController } from './route.controller.js';
import { Routes } from './routes.js';

/** Settings and seams of a nameserver. */
export interface NameserverSurroundings {
  readonly config: LoadedConfig;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly network: Network;
}

/**
 * The parts of a nameserver in the order in which they start; they stop in reverse: first no broker is judged any more,
 * then the port is drained, at last probes fail.
 */
export async function nameserverParts(
  surroundings: NameserverSurroundings,
): Promise<
  ServiceParts & { readonly state: NameserverState; readonly http: HttpPort | undefined }
> {
  const state = nameserverState(surroundings);
  const limits = surroundings.config.get(LimitsConfig);
  const strategy = new RemotingStrategy(state.server, {
    drainTimeoutMs: limits.drainTimeoutMs,
    verifyFailures: verificationWanted(),
  });
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(
    NameserverModule.around(state),
    { strategy, logger: nestLogger(state.logger), abortOnError: false },
  );
  app.useGlobalFilters(new RemotingExceptionFilter());

  const readiness = new Readiness();
  readiness.add('routes', () =>
    app.get(RouteController).mustWait() ? 'waiting for brokers to register' : undefined,
  );
  const http = httpPort(surroundings, state, app, readiness);
  const scanner = app.get(InactiveBrokerScanner);
  return {
    state,
    http,
    parts: [
      ...(http ? [http] : []),
      kvConfigPart(surroundings, state),
      transportPart(app, state, limits.drainTimeoutMs),
      scanner,
    ],
    onReady: () => {
      readiness.started();
      sayReady(state, http);
    },
    onStopping: () => readiness.stopping(),
  };
}

function nameserverState({ config, ...seams }: NameserverSurroundings): NameserverState {
  const settings = config.get(NameserverConfig);
  const limits = config.get(LimitsConfig);
  const kvConfig = new KvConfig(settings);
  const { clock, logger, network, disk } = seams;
  const listeners = resolveListeners(settings, () => settings.bindAddress);
  return {
    config,
    clock,
    logger,
    kvConfig,
    routes: new Routes(settings),
    kvStore: new KvConfigStore(disk, settings.kvConfigPath, kvConfig, logger),
    updates: new ConfigUpdates(disk, updatesPathOf(config), config),
    server: new RemotingServer({ network, clock, logger, listeners, limits }),
    client: new RemotingClient({ network, clock, logger, limits }),
  };
}

/** Where settings are kept that were changed over the wire: beside the key-value entries. */
export const updatesPathOf = (config: LoadedConfig): string =>
  `${dirname(config.get(NameserverConfig).kvConfigPath)}/namesrv.updates.properties`;

/** Loads what was saved, and finds out now whether anything can be saved. */
function kvConfigPart(
  { config, disk }: NameserverSurroundings,
  { kvStore, updates }: NameserverState,
): LifecyclePart {
  const { kvConfigPath } = config.get(NameserverConfig);
  return {
    name: 'kv-config',
    stopDeadlineMs: 2_000,
    start: async () => {
      const probe = `${kvConfigPath}.probe`;
      try {
        await disk.makeDirectory(dirname(kvConfigPath));
        await (await disk.open(probe, { create: true })).close();
        await disk.remove(probe);
      } catch (error) {
        throw new StartError(
          `the folder of kvConfigPath=${kvConfigPath} cannot be written: ${(error as Error).message}`,
          { cause: error },
        );
      }
      await kvStore.load();
      await updates.load();
    },
    // Entries are saved before they are answered: nothing is left to do.
    stop: () => undefined,
  };
}

function transportPart(
  app: INestMicroservice,
  { client }: NameserverState,
  drainTimeoutMs: number,
): LifecyclePart {
  return {
    name: 'transport',
    // The drain, and the second that peers get to close their side.
    stopDeadlineMs: drainTimeoutMs + 2_000,
    start: () => app.listen(),
    stop: async () => {
      client.close();
      await app.close();
    },
  };
}

function httpPort(
  { config, logger }: NameserverSurroundings,
  state: NameserverState,
  app: INestMicroservice,
  readiness: Readiness,
): HttpPort | undefined {
  const { httpPort: port = defaultHttpPort(config), httpBindAddress: host } =
    config.get(HttpConfig);
  if (port === -1) return undefined;
  const metrics = nameserverMetrics({ ...state, registrations: app.get(RegistrationCounts) });
  return new HttpPort({
    host,
    port,
    logger,
    pages: new Map([
      ['/healthz', () => textAnswer(200, 'alive')],
      ['/readyz', readiness.page],
      ['/metrics', metrics.page],
    ]),
  });
}

/** Next to the main port; a free one where that one is free too. */
function defaultHttpPort(config: LoadedConfig): number {
  const [main] = resolveListeners(config.get(NameserverConfig), () => '');
  return main === undefined || main.port === 0 || main.port === 65_535 ? 0 : main.port + 1;
}

function sayReady({ server, config, logger }: NameserverState, http: HttpPort | undefined): void {
  const listeners = resolveListeners(config.get(NameserverConfig), () => '');
  const addresses = listeners.map(({ name, host }) => {
    const port = server.address(name)?.port;
    return listeners.length === 1 ? `${host}:${port}` : `${name}:${host}:${port}`;
  });
  // People and scripts wait for "boot success", which Apache's nameserver prints.
  logger.info('nameserver boot success', { address: addresses.join(','), httpPort: http?.port });
}
