import type { Clock, ClockTask, Logger } from '@rocketmq-ts/kernel';
import type { RemotingClient } from '@rocketmq-ts/remoting';
import { livingMasters } from './group-members.js';
import type { BrokerGroup, OtherMaster } from './group-members.js';

const CHECK_INTERVAL_MS = 5_000;

/** What an epoch watch works with. */
export interface EpochWatchParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly client: RemotingClient;
  readonly group: BrokerGroup;
  readonly epoch: number;
  /** A master of a higher epoch lives: this one must not take messages any more. */
  readonly onOutdated: (by: OtherMaster) => void;
  /** An outdated master has put itself in this one's place at the nameservers. */
  readonly onDisplaced: () => void;
}

/** Looks whether somebody else is master of this group, so that a master that comes back late does not fork its history. */
export class EpochWatch {
  private task: ClockTask | undefined;
  private warned = '';

  constructor(private readonly parts: EpochWatchParts) {}

  /** The master that has taken this one's place, if there is one. Never throws. */
  async findSuccessor(): Promise<OtherMaster | undefined> {
    const { client, group, epoch } = this.parts;
    const others = await livingMasters(client, group);
    return others.find(({ facts }) => facts !== undefined && facts.epoch > epoch);
  }

  start(): void {
    this.task = this.parts.clock.setTimer(CHECK_INTERVAL_MS, () => void this.check());
  }

  stop(): void {
    this.task?.cancel();
    this.task = undefined;
  }

  private async check(): Promise<void> {
    const { client, group, epoch, onOutdated, onDisplaced, logger } = this.parts;
    const others = await livingMasters(client, group);
    if (!this.task) return;
    const successor = others.find(({ facts }) => facts !== undefined && facts.epoch > epoch);
    if (successor) {
      this.task = undefined;
      onOutdated(successor);
      return;
    }
    const names = others.map(({ address }) => address).join();
    if (names !== this.warned && names !== '') {
      logger.error('another broker is registered as master under the same name', {
        brokerName: group.brokerName,
        other: names,
        epoch,
      });
    }
    this.warned = names;
    if (others.some(({ facts }) => facts !== undefined && facts.epoch < epoch)) onDisplaced();
    this.start();
  }
}
