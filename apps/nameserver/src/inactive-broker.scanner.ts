import { Inject, Injectable } from '@nestjs/common';
import { NameserverConfig } from '@rocketmq-ts/config';
import type { Clock, ClockTask, LifecyclePart, Logger } from '@rocketmq-ts/kernel';
import { RemotingServer, type ServerConnection } from '@rocketmq-ts/remoting';
import { MinBrokerIdNotifier } from './min-broker-id.notifier.js';
import { Routes } from './routes.js';
import { CLOCK, LOGGER } from './seams.js';

/**
 * Takes brokers out of the routes: at once when their connection closes, and when they were silent for too long.
 * Source: rocketmq 5.5.0 `BrokerHousekeepingService`, `RouteInfoManager#scanNotActiveBroker`.
 */
@Injectable()
export class InactiveBrokerScanner implements LifecyclePart {
  readonly name = 'inactive-broker-scanner';
  readonly stopDeadlineMs = 100;
  private task: ClockTask | undefined;

  constructor(
    private readonly routes: Routes,
    private readonly config: NameserverConfig,
    private readonly notifier: MinBrokerIdNotifier,
    server: RemotingServer,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    server.onConnectionClosed((connection, reason) => this.onClosed(connection, reason));
  }

  start(): void {
    const periodMs = this.config.inactiveBrokerScanIntervalMs;
    this.task = this.clock.setPeriodic(periodMs, () => this.scan());
  }

  stop(): void {
    this.task?.cancel();
    this.task = undefined;
  }

  scan(): void {
    for (const { broker, gone } of this.routes.expire(this.clock.monotonicMs())) {
      this.logger.warn('broker expired', {
        broker: broker.brokerName,
        brokerId: broker.brokerId,
        address: broker.brokerAddress,
        expiryMs: broker.expiryMs,
      });
      broker.connection.close('its broker expired');
      this.notifier.notify(gone.minIdChange);
    }
  }

  private onClosed(connection: ServerConnection, reason: string): void {
    const ownStop = this.task === undefined;
    for (const gone of this.routes.connectionClosed(connection)) {
      if (ownStop) continue;
      this.logger.warn('broker gone with its connection', {
        broker: gone.brokerName,
        address: gone.brokerAddress,
        peer: connection.remoteHostPort,
        reason,
      });
      this.notifier.notify(gone.minIdChange);
    }
  }
}
