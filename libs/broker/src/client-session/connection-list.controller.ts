import { Controller, Inject } from '@nestjs/common';
import type { Clock } from '@rocketmq-ts/kernel';
import { Handles, WrittenAnswer } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  GetAllProducerInfo,
  GetConsumerConnectionList,
  GetProducerConnectionList,
  ProducerInfo,
  QuerySubscriptionByConsumer,
  ResponseCode,
  formatJson,
  languageName,
} from '@rocketmq-ts/protocol';
import type { ConnectionInfo, Sent } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { CLOCK } from '../broker-context.js';
import { FairTurns } from '../fair-turns.js';
import { JsonPieces } from '../json-pieces.js';
import type { ClientMember } from './client-member.js';
import { ConsumerGroups } from './consumer-groups.js';
import { ProducerGroups } from './producer-groups.js';
import { SubscriptionGuard } from './subscription-guard.js';

/** Shows operators who is connected and what for. Source: rocketmq 5.5.0 `AdminBrokerProcessor`. */
@Controller()
export class ConnectionListController {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly consumers: ConsumerGroups<ServerConnection>,
    private readonly producers: ProducerGroups<ServerConnection>,
    private readonly guard: SubscriptionGuard,
  ) {}

  @Handles(GetConsumerConnectionList)
  getConsumers({
    header,
  }: RemotingRequest<typeof GetConsumerConnectionList>): Sent<
    typeof GetConsumerConnectionList.response
  > {
    const group = this.consumers.find(header.consumerGroup);
    if (!group) {
      const remark = `the consumer group[${header.consumerGroup}] not online`;
      throw new ResponseError(ResponseCode.CONSUMER_NOT_ONLINE, remark);
    }
    const parties = this.guard.partiesOf(group.group);
    return {
      header: {},
      body: {
        connectionSet: [...group.members.values()].map(connectionInfo),
        consumeFromWhere: group.consumeFromWhere,
        consumeType: group.consumeType,
        messageModel: group.messageModel,
        subscriptionTable: group.subscriptions,
        ...(parties.length > 0 && { inconsistentSubscriptions: parties }),
      },
    };
  }

  @Handles(GetProducerConnectionList)
  getProducers({
    header,
  }: RemotingRequest<typeof GetProducerConnectionList>): Sent<
    typeof GetProducerConnectionList.response
  > {
    const members = this.producers.members(header.producerGroup);
    if (members.length === 0) {
      const remark = `the producer group[${header.producerGroup}] not exist`;
      throw new ResponseError(ResponseCode.SYSTEM_ERROR, remark);
    }
    return { header: {}, body: { connectionSet: members.map(connectionInfo) } };
  }

  @Handles(GetAllProducerInfo)
  async getAllProducers(): Promise<WrittenAnswer> {
    const turns = new FairTurns(this.clock);
    const json = new JsonPieces();
    json.add('{"data":{');
    let firstGroup = true;
    for (const group of this.producers.groups()) {
      firstGroup = json.addItem(`${JSON.stringify(group)}:[`, firstGroup);
      let first = true;
      for (const member of this.producers.members(group)) {
        first = json.addItem(formatJson(ProducerInfo, producerInfo(member)), first);
        if (turns.due) await turns.pause();
      }
      json.add(']');
    }
    json.add('}}');
    return new WrittenAnswer({ pieces: json.pieces() });
  }

  @Handles(QuerySubscriptionByConsumer)
  getSubscription({
    header: { group, topic },
  }: RemotingRequest<typeof QuerySubscriptionByConsumer>): Sent<
    typeof QuerySubscriptionByConsumer.response
  > {
    const subscriptionData = this.consumers.find(group)?.subscriptions.get(topic ?? '');
    return {
      header: {},
      body: {
        group,
        ...(topic !== undefined && { topic }),
        ...(subscriptionData && { subscriptionData }),
      },
    };
  }
}

const connectionInfo = (member: ClientMember<ServerConnection>): ConnectionInfo => ({
  clientAddr: member.connection.remoteHostPort,
  clientId: member.clientId,
  language: languageName(member.languageCode),
  version: member.version,
});

const producerInfo = (member: ClientMember<ServerConnection>): ProducerInfo => ({
  clientId: member.clientId,
  language: languageName(member.languageCode),
  lastUpdateTimestamp: member.lastUpdateTimestampMs,
  // As Java prints an address that was never a name.
  remoteIP: `/${member.connection.remoteHostPort}`,
  version: member.version,
});
