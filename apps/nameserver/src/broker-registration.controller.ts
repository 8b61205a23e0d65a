import { Controller, Inject } from '@nestjs/common';
import { NameserverConfig, parseNamedAddresses, formatHostPort } from '@rocketmq-ts/config';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { Handles, type RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  BrokerHeartbeat,
  type DataVersion,
  decodeRegisterBody,
  GetBrokerMemberGroup,
  PeerVersion,
  QueryDataVersion,
  readJson,
  RegisterBroker,
  registerBodyCrc,
  RegisterTopicInNamesrv,
  ResponseCode,
  type Sent,
  type TopicConfig,
  TopicConfigWrapper,
  UnregisterBroker,
} from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import {
  type BrokerAddress,
  KvConfig,
  ORDER_TOPIC_NAMESPACE,
  type RegistrationOutcome,
} from '@rocketmq-ts/routing';
import { MinBrokerIdNotifier } from './min-broker-id.notifier.js';
import { PeerAccess } from './peer-access.js';
import { RegistrationCounts } from './registration-counts.js';
import { Routes } from './routes.js';
import { CLOCK, LOGGER } from './seams.js';

type RegisterRequest = RemotingRequest<typeof RegisterBroker>;

const NOTHING: Sent<typeof UnregisterBroker.response> = { header: {}, body: null };
const NO_VERSION: DataVersion = { counter: 0, stateVersion: 0, timestamp: 0 };

/** What brokers tell a nameserver. Source: rocketmq 5.5.0 `DefaultRequestProcessor`. */
@Controller()
export class BrokerRegistrationController {
  constructor(
    private readonly routes: Routes,
    private readonly kvConfig: KvConfig,
    private readonly config: NameserverConfig,
    private readonly access: PeerAccess,
    private readonly notifier: MinBrokerIdNotifier,
    private readonly counts: RegistrationCounts,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Handles(RegisterBroker)
  register(request: RegisterRequest): Sent<typeof RegisterBroker.response> {
    const { header, body, connection } = request;
    this.access.requireBroker(connection);
    if (header.bodyCrc32 !== 0 && header.bodyCrc32 !== registerBodyCrc(body))
      throw new ResponseError(ResponseCode.SYSTEM_ERROR, 'crc32 not match');
    const { dataVersion, topics } = registeredTopics(request);
    // Handlers run after the call: what ended meanwhile would never be unregistered.
    if (connection.closed) throw new ResponseError(ResponseCode.SYSTEM_ERROR, 'connection closed');
    const outcome = this.routes.register(
      {
        clusterName: header.clusterName,
        brokerName: header.brokerName,
        brokerId: header.brokerId,
        brokerAddress: header.brokerAddr,
        haServerAddress: header.haServerAddr,
        zoneName: header.zoneName,
        expiryMs: header.heartbeatTimeoutMs,
        enableActingMaster: header.enableActingMaster,
        dataVersion,
        topics,
        advertised: advertisedOf(header.advertised),
        connection,
      },
      this.clock.monotonicMs(),
    );
    return this.registered(request, outcome);
  }

  @Handles(UnregisterBroker)
  unregister({
    header,
    connection,
  }: RemotingRequest<typeof UnregisterBroker>): Sent<typeof UnregisterBroker.response> {
    this.access.requireBroker(connection);
    const address = { ...addressOf(header), brokerName: header.brokerName };
    const live = this.routes.findBroker(address);
    const own = live === undefined || live.connection.remoteAddress === connection.remoteAddress;
    if (!own) this.access.requireAdmin(connection);
    const gone = this.routes.unregister(address);
    if (gone) {
      this.logger.info('broker unregistered', {
        broker: header.brokerName,
        brokerId: header.brokerId,
        address: header.brokerAddr,
        peer: connection.remoteHostPort,
      });
      this.notifier.notify(gone.minIdChange);
    }
    return NOTHING;
  }

  @Handles(BrokerHeartbeat)
  heartbeat({
    header,
    connection,
  }: RemotingRequest<typeof BrokerHeartbeat>): Sent<typeof BrokerHeartbeat.response> {
    this.access.requireBroker(connection);
    this.routes.touch(addressOf(header), this.clock.monotonicMs());
    return NOTHING;
  }

  @Handles(QueryDataVersion)
  queryDataVersion({
    header,
    body,
    connection,
  }: RemotingRequest<typeof QueryDataVersion>): Sent<typeof QueryDataVersion.response> {
    this.access.requireBroker(connection);
    const address = addressOf(header);
    const changed = this.routes.isDataVersionChanged(address, body ?? NO_VERSION);
    this.routes.touch(address, this.clock.monotonicMs());
    return { header: { changed }, body: this.routes.findBroker(address)?.dataVersion ?? null };
  }

  @Handles(GetBrokerMemberGroup)
  memberGroup({
    header,
  }: RemotingRequest<typeof GetBrokerMemberGroup>): Sent<typeof GetBrokerMemberGroup.response> {
    const brokerMemberGroup = this.routes.memberGroup(header.clusterName, header.brokerName);
    return { header: {}, body: { brokerMemberGroup } };
  }

  @Handles(RegisterTopicInNamesrv)
  registerTopic({
    header,
    body,
    connection,
  }: RemotingRequest<typeof RegisterTopicInNamesrv>): Sent<typeof RegisterTopicInNamesrv.response> {
    this.access.requireBroker(connection);
    const { topic } = header;
    if (!this.routes.canRegisterTopic(topic, body.queueDatas))
      throw new ResponseError(
        ResponseCode.SYSTEM_ERROR,
        'the topic cannot be registered: its name is not one, or there are too many (topicEntryCountMax)',
      );
    const unknownBroker = this.routes.registerTopic(topic, body.queueDatas);
    // Apache answers success and registers nothing; a broker repeats it with its next registration.
    if (unknownBroker !== undefined)
      this.logger.warn('topic of an unknown broker not registered', {
        topic,
        broker: unknownBroker,
        peer: connection.remoteHostPort,
      });
    return NOTHING;
  }

  private registered(
    { header, connection }: RegisterRequest,
    outcome: RegistrationOutcome,
  ): Sent<typeof RegisterBroker.response> {
    const fields = {
      cluster: header.clusterName,
      broker: header.brokerName,
      brokerId: header.brokerId,
      address: header.brokerAddr,
      peer: connection.remoteHostPort,
    };
    if (outcome.kind === 'refused') {
      this.counts.refused(outcome.reason);
      this.logger.warn('registration refused', { ...fields, reason: outcome.message });
      // Apache answers success to a broker with an older state: it must not take that for a failure.
      if (outcome.reason !== 'STALE_STATE_VERSION')
        throw new ResponseError(ResponseCode.SYSTEM_ERROR, outcome.message);
      return { header: {}, body: this.orderTopics() };
    }
    this.counts.accepted();
    if (outcome.isNew) this.logger.info('broker registered', fields);
    this.notifier.notify(outcome.minIdChange);
    const { haServerAddress, masterAddress } = outcome;
    return {
      header: { haServerAddr: haServerAddress, masterAddr: masterAddress },
      body: this.orderTopics(),
    };
  }

  private orderTopics(): Sent<typeof RegisterBroker.response>['body'] {
    if (!this.config.returnOrderTopicConfigToBroker) return null;
    const table = this.kvConfig.list(ORDER_TOPIC_NAMESPACE);
    return table ? { table: new Map(table) } : null;
  }
}

const addressOf = (header: { clusterName: string; brokerAddr: string }): BrokerAddress => ({
  clusterName: header.clusterName,
  brokerAddress: header.brokerAddr,
});

/** @throws {ResponseError} the list cannot be read. */
function advertisedOf(text: string | undefined): ReadonlyMap<string, string> {
  try {
    return new Map(
      parseNamedAddresses(text ?? '').map((address) => [address.name, formatHostPort(address)]),
    );
  } catch (error) {
    throw new ResponseError(
      ResponseCode.SYSTEM_ERROR,
      `header field __ADVERTISED ${(error as Error).message}`,
    );
  }
}

/** Topics of a registration: brokers before 3.0.11 send them bare, and a body may be missing. */
function registeredTopics({ header, body, version }: RegisterRequest): {
  readonly dataVersion: DataVersion;
  readonly topics: ReadonlyMap<string, TopicConfig>;
} {
  if (body.length === 0) return { dataVersion: NO_VERSION, topics: new Map() };
  const wrapper =
    version >= PeerVersion.V3_0_11
      ? decodeRegisterBody(body, { compressed: header.compressed, peerVersion: version })
          .topicConfigSerializeWrapper
      : readJson(TopicConfigWrapper, body.toString('utf8'));
  return { dataVersion: wrapper.dataVersion, topics: wrapper.topicConfigTable };
}
