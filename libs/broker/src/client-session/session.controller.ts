import { Controller } from '@nestjs/common';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  CheckClientConfig,
  GetConsumerListByGroup,
  HeartBeat,
  ResponseCode,
  UnregisterClient,
} from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { NOTHING_TO_SAY } from '../answers.js';
import { isUnusable, SubscriptionFilters } from '../filter/subscription-filters.js';
import { QueueLockTable } from '../lock/queue-lock-table.js';
import { ConsumerGroups } from './consumer-groups.js';
import { Heartbeats } from './heartbeats.js';
import { ProducerGroups } from './producer-groups.js';
import { isTagType } from './tag-filter.js';

/**
 * Who is connected in which group.
 * Source: rocketmq 5.5.0 `ClientManageProcessor`, `ConsumerManageProcessor`, `AdminBrokerProcessor`.
 */
@Controller()
export class SessionController {
  constructor(
    private readonly heartbeats: Heartbeats,
    private readonly consumers: ConsumerGroups<ServerConnection>,
    private readonly producers: ProducerGroups<ServerConnection>,
    private readonly filters: SubscriptionFilters,
    private readonly locks: QueueLockTable,
  ) {}

  @Handles(HeartBeat)
  async heartBeat({
    body,
    connection,
    version,
    languageCode,
  }: RemotingRequest<typeof HeartBeat>): Promise<Sent<typeof HeartBeat.response>> {
    const client = { connection, clientId: body.clientID, version, languageCode };
    const subscriptionsChanged = await this.heartbeats.take(client, body);
    return { header: { supportsHeartbeatV2: true, subscriptionsChanged }, body: null };
  }

  @Handles(UnregisterClient)
  unregister({
    header,
    connection,
  }: RemotingRequest<typeof UnregisterClient>): Sent<typeof UnregisterClient.response> {
    const { producerGroup, consumerGroup } = header;
    if (producerGroup !== undefined) this.producers.unregister(producerGroup, connection);
    if (consumerGroup !== undefined) {
      const member = this.consumers.find(consumerGroup)?.members.get(connection);
      // Before the others hear that it has gone: they come for its queues at once.
      if (member) this.locks.release(consumerGroup, member.clientId);
      this.consumers.unregister(consumerGroup, connection);
    }
    return NOTHING_TO_SAY;
  }

  @Handles(GetConsumerListByGroup)
  getConsumerList({
    header,
  }: RemotingRequest<typeof GetConsumerListByGroup>): Sent<typeof GetConsumerListByGroup.response> {
    const consumerIdList = this.consumers.clientIds(header.consumerGroup);
    if (consumerIdList.length === 0) {
      const remark = `no consumer for this group, ${header.consumerGroup}`;
      throw new ResponseError(ResponseCode.SYSTEM_ERROR, remark);
    }
    return { header: {}, body: { consumerIdList } };
  }

  /** Asked by clients that filter by something else than tags, before they start. */
  @Handles(CheckClientConfig)
  checkClientConfig({
    body,
  }: RemotingRequest<typeof CheckClientConfig>): Sent<typeof CheckClientConfig.response> {
    const { expressionType, subString } = body.subscriptionData;
    // Tags are looked at only when messages are asked for, as in Apache's broker.
    if (isTagType(expressionType)) return NOTHING_TO_SAY;
    const filter = this.filters.get(expressionType, subString);
    if (!isUnusable(filter)) return NOTHING_TO_SAY;
    const { fault, reason } = filter;
    throw new ResponseError(
      fault === 'type' ? ResponseCode.SYSTEM_ERROR : ResponseCode.SUBSCRIPTION_PARSE_FAILED,
      reason,
    );
  }
}
