import { Controller } from '@nestjs/common';
import { describeError } from '@rocketmq-ts/kernel';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import { ResponseCode, UpdateAndGetGroupForbidden } from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { AdminGate } from '../admin/admin-gate.js';
import { SubscriptionGroupTable } from './subscription-group-table.js';

/** Forbids single topics to groups. Source: rocketmq 5.5.0 `AdminBrokerProcessor#updateAndGetGroupForbidden`. */
@Controller()
export class GroupForbiddenController {
  constructor(
    private readonly groups: SubscriptionGroupTable,
    private readonly gate: AdminGate,
  ) {}

  /** Who only asks needs no right. A group that does not exist can be asked for, but not be forbidden anything. */
  @Handles(UpdateAndGetGroupForbidden)
  async updateAndGet({
    header: { group, topic, readable },
    connection,
  }: RemotingRequest<typeof UpdateAndGetGroupForbidden>): Promise<
    Sent<typeof UpdateAndGetGroupForbidden.response>
  > {
    if (readable !== undefined) {
      this.gate.check(connection);
      if (!this.groups.has(group)) {
        const remark = `No group in this broker. group: ${group}`;
        throw new ResponseError(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark);
      }
      await this.groups.setReadForbidden(group, topic, !readable).catch((error: unknown) => {
        const remark = `subscriptionGroup.json could not be saved, nothing was changed: ${describeError(error)}`;
        throw new ResponseError(ResponseCode.SYSTEM_ERROR, remark);
      });
    }
    const body = { group, topic, readable: !this.groups.isReadForbidden(group, topic) };
    return { header: {}, body };
  }
}
