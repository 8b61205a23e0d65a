import { Controller } from '@nestjs/common';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  CleanExpiredConsumequeue,
  CleanUnusedTopic,
  DeleteExpiredCommitlog,
} from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { NOTHING_TO_SAY } from '../answers.js';
import { AdminGate } from './admin-gate.js';
import { StoreMaintenance } from './store-maintenance.js';

/** Clears away what the store no longer needs. Source: rocketmq 5.5.0 `AdminBrokerProcessor`. */
@Controller()
export class StoreMaintenanceController {
  constructor(
    private readonly maintenance: StoreMaintenance,
    private readonly gate: AdminGate,
  ) {}

  @Handles(CleanExpiredConsumequeue)
  async cleanExpiredQueues({
    connection,
  }: RemotingRequest<typeof CleanExpiredConsumequeue>): Promise<
    Sent<typeof CleanExpiredConsumequeue.response>
  > {
    this.gate.check(connection);
    await this.maintenance.cleanExpiredQueues();
    return NOTHING_TO_SAY;
  }

  @Handles(DeleteExpiredCommitlog)
  async deleteExpiredLog({
    connection,
  }: RemotingRequest<typeof DeleteExpiredCommitlog>): Promise<
    Sent<typeof DeleteExpiredCommitlog.response>
  > {
    this.gate.check(connection);
    await this.maintenance.deleteExpiredLog();
    return NOTHING_TO_SAY;
  }

  @Handles(CleanUnusedTopic)
  async cleanUnusedTopics({
    connection,
  }: RemotingRequest<typeof CleanUnusedTopic>): Promise<Sent<typeof CleanUnusedTopic.response>> {
    this.gate.check(connection);
    await this.maintenance.cleanUnusedTopics();
    return NOTHING_TO_SAY;
  }
}
