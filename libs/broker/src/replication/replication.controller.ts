import { Controller, Inject } from '@nestjs/common';
import { PeerRule, ReplicationConfig } from '@rocketmq-ts/config';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  GetAllConsumerOffset,
  GetAllDelayOffset,
  GetBrokerHaStatus,
  LogChecksum,
  OpenReplication,
  PromoteSlave,
  ReplicationRole,
  ResetMasterFlushOffset,
  ResponseCode,
} from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { AdminGate } from '../admin/admin-gate.js';
import { NOTHING_TO_SAY } from '../answers.js';
import { BrokerIdentity } from '../broker-identity.js';
import { DelayOffsets } from '../delay/delay-offsets.js';
import { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { REPLICATION } from './replication-side.js';
import type { ReplicationSide } from './replication-side.js';

/**
 * What master and slaves of a group ask each other, and operators ask them.
 * Source of Apache's commands: rocketmq 5.5.0 `AdminBrokerProcessor`.
 */
@Controller()
export class ReplicationController {
  private readonly peers: PeerRule;

  constructor(
    @Inject(REPLICATION) private readonly side: ReplicationSide,
    private readonly identity: BrokerIdentity,
    private readonly offsets: ConsumerOffsetTable,
    private readonly delays: DelayOffsets,
    private readonly gate: AdminGate,
    config: ReplicationConfig,
  ) {
    this.peers = new PeerRule(config.haPeers);
  }

  @Handles(GetAllConsumerOffset)
  allConsumerOffsets(): Sent<typeof GetAllConsumerOffset.response> {
    return { header: {}, body: this.offsets.snapshot() };
  }

  @Handles(GetAllDelayOffset)
  allDelayOffsets(): Sent<typeof GetAllDelayOffset.response> {
    return { header: {}, body: this.delays.content() };
  }

  @Handles(GetBrokerHaStatus)
  status(): Sent<typeof GetBrokerHaStatus.response> {
    return { header: {}, body: this.side.status() };
  }

  /** What a slave once had to be told is now found by comparing the logs: agreed to, and nothing done. */
  @Handles(ResetMasterFlushOffset)
  resetMasterFlushOffset({
    connection,
  }: RemotingRequest<typeof ResetMasterFlushOffset>): Sent<typeof ResetMasterFlushOffset.response> {
    this.gate.check(connection);
    return NOTHING_TO_SAY;
  }

  @Handles(ReplicationRole)
  role(): Sent<typeof ReplicationRole.response> {
    const { role, epoch, state, masterAddress, logBounds } = this.side;
    const { clusterName, brokerName, brokerId } = this.identity;
    const header = {
      clusterName,
      brokerName,
      brokerId,
      role,
      epoch,
      ...logBounds,
      ...(state === undefined ? {} : { state }),
      ...(masterAddress === undefined ? {} : { masterAddr: masterAddress }),
    };
    return { header, body: null };
  }

  @Handles(OpenReplication)
  open({
    header,
    connection,
  }: RemotingRequest<typeof OpenReplication>): Sent<typeof OpenReplication.response> {
    this.checkPeer(connection);
    return { header: this.side.admit(header), body: null };
  }

  @Handles(LogChecksum)
  async checksum({
    header,
    connection,
  }: RemotingRequest<typeof LogChecksum>): Promise<Sent<typeof LogChecksum.response>> {
    this.checkPeer(connection);
    const crc32 = await this.side.checksum(header.fromOffset, header.toOffset);
    return { header: crc32 === undefined ? {} : { crc32 }, body: null };
  }

  @Handles(PromoteSlave)
  async promote({
    header,
    connection,
  }: RemotingRequest<typeof PromoteSlave>): Promise<Sent<typeof PromoteSlave.response>> {
    this.gate.check(connection);
    return { header: await this.side.promote(header), body: null };
  }

  /** @throws {ResponseError} NO_PERMISSION */
  private checkPeer(connection: ServerConnection): void {
    if (this.peers.allows(connection)) return;
    const remark = `${connection.remoteAddress} may not copy the log of this broker; its setting haPeers says who may`;
    throw new ResponseError(ResponseCode.NO_PERMISSION, remark);
  }
}
