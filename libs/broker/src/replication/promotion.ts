import type { BrokerRole, RoleMarker, RoleMarkerFile } from '@rocketmq-ts/config';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { ResponseCode } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { OtherMaster } from './group-members.js';
import type { Promotion, PromotionWish } from './replication-side.js';

/** How long the answer gets to leave before the ports close. */
const ANSWER_MS = 200;

/** What making a slave master needs. */
export interface PromotionParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly marker: RoleMarkerFile;
  /** Highest epoch that the slave has heard of. */
  readonly epoch: () => number;
  /** Masters of the group that answer. */
  readonly livingMasters: () => Promise<readonly OtherMaster[]>;
  /** Ends copying, for good. @returns end of the log, all of it on stable storage */
  readonly endCopying: () => Promise<number>;
  /** Copying goes on: nothing was switched. */
  readonly goOn: () => void;
  /** Starts the master in place of the slave. */
  readonly becomeMaster: () => void;
}

/**
 * Makes a slave the master of its group.
 *
 * Invariants:
 *  I1  the log does not grow from its old master once the marker names the end of it;
 *  I2  the marker is on stable storage before anybody is told, and before a message is taken.
 */
export class SlavePromotion {
  private underWay = false;

  constructor(private readonly parts: PromotionParts) {}

  /** @throws {ResponseError} the master lives, the role is none, or one is under way. @throws system error: still a slave */
  async promote({ force, role }: PromotionWish): Promise<Promotion> {
    const { clock, logger, becomeMaster, goOn } = this.parts;
    if (role !== 'ASYNC_MASTER' && role !== 'SYNC_MASTER')
      throw refusal(`the role of a master is ASYNC_MASTER or SYNC_MASTER, not "${role}"`);
    if (this.underWay) throw refusal('this slave is being made master already');
    this.underWay = true;
    try {
      if (!force) await this.checkMasterIsGone();
      const next = await this.writeMarker(role);
      logger.warn('this slave becomes the master of its group', { ...next, role, forced: force });
      clock.setTimer(ANSWER_MS, becomeMaster);
      return next;
    } catch (error) {
      this.underWay = false;
      goOn();
      throw error;
    }
  }

  private async checkMasterIsGone(): Promise<void> {
    const [living] = await this.parts.livingMasters();
    if (!living) return;
    throw refusal(
      `the master ${living.address} answers; stop it first. With --force this slave becomes master all the same, and what ` +
        'the other one takes from then on is lost',
    );
  }

  private async writeMarker(role: BrokerRole): Promise<Promotion> {
    const { clock, marker, endCopying, epoch } = this.parts;
    const fromOffset = await endCopying();

    const next: RoleMarker = { role, epoch: epoch() + 1, sinceMs: clock.nowMs(), fromOffset };
    await marker.save(next);
    return { epoch: next.epoch, fromOffset };
  }
}

const refusal = (remark: string): ResponseError =>
  new ResponseError(ResponseCode.SYSTEM_ERROR, remark);
