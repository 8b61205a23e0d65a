import { Controller, Inject } from '@nestjs/common';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import { GetBrokerHaStatus, HaClientInfo, ResetMasterFlushOffset } from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { NOTHING_TO_SAY } from '../answers.js';
import { STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { AdminGate } from './admin-gate.js';

/**
 * Answers about replication as Apache's broker does that is a master and has no slave, which is what this one is.
 * Source: rocketmq 5.5.0 `AdminBrokerProcessor#getBrokerHaStatus`, `#resetMasterFlushOffset`.
 */
@Controller()
export class ReplicationStateController {
  constructor(
    @Inject(STORE) private readonly store: BrokerStore,
    private readonly gate: AdminGate,
  ) {}

  @Handles(GetBrokerHaStatus)
  getStatus(): Sent<typeof GetBrokerHaStatus.response> {
    return {
      header: {},
      body: {
        haClientRuntimeInfo: HaClientInfo.read(new Map(), ''),
        haConnectionInfo: [],
        inSyncSlaveNums: 0,
        master: true,
        masterCommitLogMaxOffset: this.store.commitLogMaxOffset,
      },
    };
  }

  /** Only a slave keeps such an offset: a master agrees and does nothing, as Apache's does. */
  @Handles(ResetMasterFlushOffset)
  resetMasterFlushOffset({
    connection,
  }: RemotingRequest<typeof ResetMasterFlushOffset>): Sent<typeof ResetMasterFlushOffset.response> {
    this.gate.check(connection);
    return NOTHING_TO_SAY;
  }
}
