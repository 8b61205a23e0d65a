import { Controller } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import { ResponseCode, ViewBrokerStatsData } from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { BrokerStats } from './broker-stats.js';
import { viewCounter } from './stats-view.js';

/** Shows what was counted. Source: rocketmq 5.5.0 `AdminBrokerProcessor`. */
@Controller()
export class StatsController {
  constructor(
    private readonly stats: BrokerStats,
    private readonly config: BrokerConfig,
  ) {}

  @Handles(ViewBrokerStatsData)
  view({
    header,
  }: RemotingRequest<typeof ViewBrokerStatsData>): Sent<typeof ViewBrokerStatsData.response> {
    const { statsName, statsKey } = header;
    const body = viewCounter(this.stats, statsName, statsKey, this.config.clusterName);
    if (body) return { header: {}, body };
    // The tools take this code and text for "nothing was counted".
    const remark = `The stats <${statsName}> <${statsKey}> not exist`;
    throw new ResponseError(ResponseCode.SYSTEM_ERROR, remark);
  }
}
