import { Controller } from '@nestjs/common';
import { BrokerConfig, parseProperties } from '@rocketmq-ts/config';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  GetColdDataFlowCtrInfo,
  RemoveColdDataFlowCtrConfig,
  ResponseCode,
  UpdateColdDataFlowCtrConfig,
} from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { AdminGate } from '../admin/admin-gate.js';
import { NOTHING_TO_SAY } from '../answers.js';
import { groupNameDefect } from '../topic/topic-name.js';
import { ColdReads } from './cold-reads.js';

/** Shows and changes how much groups may read from files. Source: rocketmq 5.5.0 `AdminBrokerProcessor`. */
@Controller()
export class ColdReadController {
  constructor(
    private readonly cold: ColdReads,
    private readonly config: BrokerConfig,
    private readonly gate: AdminGate,
  ) {}

  /** All or none; Apache takes the lines that it can read and says nothing of the others. Forgotten at a restart, as there. */
  @Handles(UpdateColdDataFlowCtrConfig)
  update({
    body,
    connection,
  }: RemotingRequest<typeof UpdateColdDataFlowCtrConfig>): Sent<
    typeof UpdateColdDataFlowCtrConfig.response
  > {
    this.gate.check(connection);
    const thresholds = linesOf(body).map(({ key: group, value }) => {
      const bytes = Number(value);
      const wrong = groupNameDefect(group);
      if (wrong !== undefined) throw refused(wrong);
      if (!/^\d{1,15}$/.test(value)) throw refused(`${group}=${value}: wants a number of bytes`);
      return { group, bytes };
    });
    for (const { group, bytes } of thresholds) {
      if (!this.cold.setThreshold(group, bytes)) throw refused('too many groups have thresholds');
    }
    return NOTHING_TO_SAY;
  }

  @Handles(RemoveColdDataFlowCtrConfig)
  remove({
    body,
    connection,
  }: RemotingRequest<typeof RemoveColdDataFlowCtrConfig>): Sent<
    typeof RemoveColdDataFlowCtrConfig.response
  > {
    this.gate.check(connection);
    this.cold.removeThreshold(body.trim());
    return NOTHING_TO_SAY;
  }

  @Handles(GetColdDataFlowCtrInfo)
  show(): Sent<typeof GetColdDataFlowCtrInfo.response> {
    const { cold, config } = this;
    const runtimeTable = new Map(
      cold.groups.map(({ group, bytesInWindow, createdAtMs, lastReadAtMs }) => [
        group,
        {
          coldAcc: bytesInWindow,
          createTimeMills: createdAtMs,
          lastColdReadTimeMills: lastReadAtMs,
        },
      ]),
    );
    return {
      header: {},
      body: {
        cgColdReadThreshold: config.coldReadBytesPerGroup,
        configTable: new Map(cold.groupThresholds),
        globalAcc: cold.globalBytesInWindow,
        globalColdReadThreshold: config.coldReadBytesTotal,
        runtimeTable,
      },
    };
  }
}

const refused = (remark: string): ResponseError =>
  new ResponseError(ResponseCode.SYSTEM_ERROR, remark);

function linesOf(body: string): { key: string; value: string }[] {
  try {
    return parseProperties(body);
  } catch {
    throw refused('string2Properties error');
  }
}
