import { Controller, Inject } from '@nestjs/common';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest, WrittenAnswer } from '@rocketmq-ts/nest-remoting';
import {
  ConsumeMessageDirectly,
  GetConsumerRunningInfo,
  GetConsumerStatusFromClient,
  InvokeBrokerToGetConsumerStatus,
  ResponseCode,
  parseOffsetMsgId,
} from '@rocketmq-ts/protocol';
import type { MessageQueueOffsets, Sent } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { AdminGate } from '../admin/admin-gate.js';
import { STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { BrokerIdentity } from '../broker-identity.js';
import { ConsumerGroups } from '../client-session/consumer-groups.js';
import { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { TopicTable } from '../topic/topic-table.js';
import { ConsumerCalls } from './consumer-calls.js';

/** Asks consumers what operators want to know of them. Source: rocketmq 5.5.0 `AdminBrokerProcessor`. */
@Controller()
export class ConsumerCallController {
  constructor(
    @Inject(STORE) private readonly store: BrokerStore,
    private readonly identity: BrokerIdentity,
    private readonly topics: TopicTable,
    private readonly groups: SubscriptionGroupTable,
    private readonly consumers: ConsumerGroups<ServerConnection>,
    private readonly calls: ConsumerCalls,
    private readonly gate: AdminGate,
  ) {}

  @Handles(GetConsumerRunningInfo)
  getRunningInfo({
    header,
  }: RemotingRequest<typeof GetConsumerRunningInfo>): Promise<WrittenAnswer> {
    const { consumerGroup, clientId } = header;
    return this.calls.pass(consumerGroup, clientId, GetConsumerRunningInfo, { header, body: null });
  }

  /** The consumer works on a message, which may change the world: only who may administrate may ask for it. */
  @Handles(ConsumeMessageDirectly)
  async consumeDirectly({
    header,
    connection,
  }: RemotingRequest<typeof ConsumeMessageDirectly>): Promise<WrittenAnswer> {
    this.gate.check(connection);
    const { consumerGroup, clientId, topic } = header;
    const message = {
      header: {
        ...header,
        brokerName: this.identity.brokerName,
        topicSysFlag: this.topics.find(topic ?? '')?.config.topicSysFlag ?? header.topicSysFlag,
        groupSysFlag: this.groups.find(consumerGroup)?.groupSysFlag ?? header.groupSysFlag,
      },
      body: await this.record(header.msgId),
    };
    return this.calls.pass(consumerGroup, clientId, ConsumeMessageDirectly, message);
  }

  @Handles(InvokeBrokerToGetConsumerStatus)
  async getStatus({
    header: { topic, group, clientAddr },
  }: RemotingRequest<typeof InvokeBrokerToGetConsumerStatus>): Promise<
    Sent<typeof InvokeBrokerToGetConsumerStatus.response>
  > {
    if (!this.consumers.find(group)) {
      const remark = `No Any Consumer online in the consumer group: [${group}]`;
      throw new ResponseError(ResponseCode.SYSTEM_ERROR, remark);
    }
    const only = clientAddr === undefined || clientAddr.trim() === '' ? undefined : clientAddr;
    const consumerTable = await this.calls.poll<MessageQueueOffsets>(
      group,
      only,
      async (connection, timeoutMs) => {
        const message = { header: { topic, group }, body: null };
        const options = { timeoutMs };
        const { body } = await connection.request(GetConsumerStatusFromClient, message, options);
        return body.messageQueueTable ?? [];
      },
    );
    return { header: {}, body: { consumerTable, messageQueueTable: [] } };
  }

  private async record(msgId: string | undefined): Promise<Buffer> {
    const place = parseOffsetMsgId(msgId ?? '');
    const record = place && (await this.store.recordAt(place.commitLogOffset));
    if (record) return record.bytes;
    const remark = `can not find message by the id, ${msgId}`;
    throw new ResponseError(ResponseCode.SYSTEM_ERROR, remark);
  }
}
