import { Inject, Injectable } from '@nestjs/common';
import { NameserverConfig } from '@rocketmq-ts/config';
import { describeError, type Logger } from '@rocketmq-ts/kernel';
import { NotifyMinBrokerIdChange } from '@rocketmq-ts/protocol';
import { RemotingClient } from '@rocketmq-ts/remoting';
import type { MinBrokerIdChange } from '@rocketmq-ts/routing';
import { LOGGER } from './seams.js';

/**
 * Tells the members of a broker group that another one of them has the smallest id now, so that a slave may act for a
 * lost master. One-way: a member that does not hear it finds out by asking.
 * Source: rocketmq 5.5.0 `RouteInfoManager#notifyMinBrokerIdChanged`.
 */
@Injectable()
export class MinBrokerIdNotifier {
  constructor(
    private readonly config: NameserverConfig,
    private readonly client: RemotingClient,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  notify(change: MinBrokerIdChange | undefined): void {
    if (!change || !this.config.notifyMinBrokerIdChanged) return;
    this.logger.info('smallest broker id of a group changed', {
      broker: change.brokerName,
      minBrokerId: change.minBrokerId,
      notified: change.notify.join(','),
    });
    const header = {
      brokerName: change.brokerName,
      minBrokerId: change.minBrokerId,
      minBrokerAddr: change.minBrokerAddress,
      offlineBrokerAddr: change.offlineBrokerAddress,
      haBrokerAddr: change.haBrokerAddress,
    };
    for (const address of change.notify)
      this.client
        .oneWay(address, NotifyMinBrokerIdChange, { header, body: null })
        .catch((error: unknown) =>
          this.logger.warn('broker not notified', { address, reason: describeError(error) }),
        );
  }
}
