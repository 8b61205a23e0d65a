import type { Clock, ClockTask, Logger } from '@rocketmq-ts/kernel';
import type { RemotingServer, ServerConnection } from '@rocketmq-ts/remoting';
import type { QueueLockTable } from '../lock/queue-lock-table.js';
import type { ConsumerGroups } from './consumer-groups.js';
import type { ProducerGroups } from './producer-groups.js';

/** How often silent clients are looked for. Source: rocketmq 5.x `ClientHousekeepingService`. */
const SCAN_INTERVAL_MS = 10_000;

/** Lets clients leave their groups: at once when their connection closes, and after too long a silence. */
export class SessionExpiry {
  private task: ClockTask | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
    server: RemotingServer,
    private readonly consumers: ConsumerGroups<ServerConnection>,
    private readonly producers: ProducerGroups<ServerConnection>,
    private readonly locks: QueueLockTable,
  ) {
    server.onConnectionClosed((connection) => {
      for (const { group, clientId } of consumers.membershipsOf(connection)) {
        locks.noteLost(group, clientId);
      }
      this.consumers.drop(connection);
      this.producers.drop(connection);
    });
  }

  start(): void {
    this.task ??= this.clock.setPeriodic(SCAN_INTERVAL_MS, () => this.scan());
  }

  stop(): void {
    this.task?.cancel();
    this.task = undefined;
  }

  private scan(): void {
    const silent = new Set([...this.consumers.expire(), ...this.producers.expire()]);
    for (const connection of silent) {
      this.logger.warn('client is silent for too long, connection closed', {
        peer: connection.remoteHostPort,
      });
      connection.close('no heartbeat');
    }
    this.locks.sweep();
  }
}
