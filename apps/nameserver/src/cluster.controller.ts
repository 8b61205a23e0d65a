import { Controller, Inject } from '@nestjs/common';
import type { Logger } from '@rocketmq-ts/kernel';
import { Handles, type RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  AddWritePermOfBroker,
  GetBrokerClusterInfo,
  type Sent,
  WipeWritePermOfBroker,
} from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { PeerAccess } from './peer-access.js';
import { Routes } from './routes.js';
import { LOGGER } from './seams.js';

/** Clusters and their brokers. Source: rocketmq 5.5.0 `DefaultRequestProcessor`. */
@Controller()
export class ClusterController {
  constructor(
    private readonly routes: Routes,
    private readonly access: PeerAccess,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Handles(GetBrokerClusterInfo)
  clusterInfo({
    connection,
  }: RemotingRequest<typeof GetBrokerClusterInfo>): Sent<typeof GetBrokerClusterInfo.response> {
    return { header: {}, body: this.routes.clusterInfo(connection.listenerName) };
  }

  @Handles(WipeWritePermOfBroker)
  wipeWritePerm({
    header,
    connection,
  }: RemotingRequest<typeof WipeWritePermOfBroker>): Sent<typeof WipeWritePermOfBroker.response> {
    this.access.requireAdmin(connection);
    const wipeTopicCount = this.routes.wipeWritePerm(header.brokerName);
    this.changed('write permission wiped', header.brokerName, wipeTopicCount, connection);
    return { header: { wipeTopicCount }, body: null };
  }

  @Handles(AddWritePermOfBroker)
  addWritePerm({
    header,
    connection,
  }: RemotingRequest<typeof AddWritePermOfBroker>): Sent<typeof AddWritePermOfBroker.response> {
    this.access.requireAdmin(connection);
    const addTopicCount = this.routes.addWritePerm(header.brokerName);
    this.changed('write permission given', header.brokerName, addTopicCount, connection);
    return { header: { addTopicCount }, body: null };
  }

  private changed(
    event: string,
    broker: string,
    topicCount: number,
    connection: ServerConnection,
  ): void {
    this.logger.info(event, { broker, topicCount, peer: connection.remoteHostPort });
  }
}
