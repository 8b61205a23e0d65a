import { Controller } from '@nestjs/common';
import { describeError } from '@rocketmq-ts/kernel';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  DataVersion,
  DeleteSubscriptiongroup,
  GetAllSubscriptiongroupConfig,
  GetSubscriptiongroupConfig,
  ResponseCode,
  UpdateAndCreateSubscriptiongroup,
  UpdateAndCreateSubscriptiongroupList,
  readJson,
} from '@rocketmq-ts/protocol';
import type { Sent, SubscriptionGroupConfig } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { AdminGate } from '../admin/admin-gate.js';
import { NOTHING_TO_SAY } from '../answers.js';
import { AttributeError, alterAttributes } from '../metadata/attributes.js';
import { pageOf } from '../metadata/table-page.js';
import { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { BrokerStats } from '../stats/broker-stats.js';
import { groupNameDefect } from '../topic/topic-name.js';
import { GROUP_ATTRIBUTES } from './group-attributes.js';
import { GroupLimitError, SubscriptionGroupTable } from './subscription-group-table.js';

/** Creates, changes, shows and deletes consumer groups. Source: rocketmq 5.5.0 `AdminBrokerProcessor`. */
@Controller()
export class SubscriptionGroupController {
  constructor(
    private readonly groups: SubscriptionGroupTable,
    private readonly offsets: ConsumerOffsetTable,
    private readonly stats: BrokerStats,
    private readonly gate: AdminGate,
  ) {}

  @Handles(UpdateAndCreateSubscriptiongroup)
  async updateAndCreate({
    body,
    connection,
  }: RemotingRequest<typeof UpdateAndCreateSubscriptiongroup>): Promise<
    Sent<typeof UpdateAndCreateSubscriptiongroup.response>
  > {
    this.gate.check(connection);
    await this.set([body]);
    return NOTHING_TO_SAY;
  }

  @Handles(UpdateAndCreateSubscriptiongroupList)
  async updateAndCreateList({
    body,
    connection,
  }: RemotingRequest<typeof UpdateAndCreateSubscriptiongroupList>): Promise<
    Sent<typeof UpdateAndCreateSubscriptiongroupList.response>
  > {
    this.gate.check(connection);
    await this.set(body.groupConfigList);
    return NOTHING_TO_SAY;
  }

  @Handles(DeleteSubscriptiongroup)
  async remove({
    header,
    connection,
  }: RemotingRequest<typeof DeleteSubscriptiongroup>): Promise<
    Sent<typeof DeleteSubscriptiongroup.response>
  > {
    this.gate.check(connection);
    await this.groups.remove(header.groupName).catch((error: unknown) => {
      throw answerTo(error);
    });
    if (header.cleanOffset) this.offsets.removeGroup(header.groupName);
    this.stats.forgetGroup(header.groupName);
    return NOTHING_TO_SAY;
  }

  @Handles(GetSubscriptiongroupConfig)
  get({
    header,
  }: RemotingRequest<typeof GetSubscriptiongroupConfig>): Sent<
    typeof GetSubscriptiongroupConfig.response
  > {
    const group = this.groups.findOrCreate(header.group);
    if (!group) {
      throw new ResponseError(
        ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
        `No group in this broker. group: ${header.group}`,
      );
    }
    return { header: {}, body: group };
  }

  @Handles(GetAllSubscriptiongroupConfig)
  getAll({
    header,
  }: RemotingRequest<typeof GetAllSubscriptiongroupConfig>): Sent<
    typeof GetAllSubscriptiongroupConfig.response
  > {
    const { dataVersion, forbiddenTable, subscriptionGroupTable } = this.groups.content();
    const page = pageOf(
      [...subscriptionGroupTable],
      {
        first: header.groupSeq,
        countMax: header.maxGroupNum,
        // Java's tools write no version as an empty text.
        seenVersion: header.dataVersion ? readJson(DataVersion, header.dataVersion) : undefined,
      },
      dataVersion,
    );
    const forbidden = new Map([...forbiddenTable].filter(([group]) => page.has(group)));
    return {
      header: { totalGroupNum: subscriptionGroupTable.size },
      body: { dataVersion, forbiddenTable: forbidden, subscriptionGroupTable: page },
    };
  }

  private async set(configs: readonly SubscriptionGroupConfig[]): Promise<void> {
    try {
      await this.groups.update(configs.map((config) => this.checked(config)));
    } catch (error) {
      throw answerTo(error);
    }
  }

  private checked(config: SubscriptionGroupConfig): SubscriptionGroupConfig {
    const defect = groupNameDefect(config.groupName);
    if (defect !== undefined) throw new ResponseError(ResponseCode.INVALID_PARAMETER, defect);
    const current = this.groups.find(config.groupName)?.attributes;
    return { ...config, attributes: alterAttributes(GROUP_ATTRIBUTES, current, config.attributes) };
  }
}

function answerTo(error: unknown): ResponseError {
  if (error instanceof ResponseError) return error;
  if (error instanceof GroupLimitError || error instanceof AttributeError) {
    return new ResponseError(ResponseCode.INVALID_PARAMETER, error.message);
  }
  return new ResponseError(
    ResponseCode.SYSTEM_ERROR,
    `subscriptionGroup.json could not be saved, nothing was changed: ${describeError(error)}`,
  );
}
