import { Controller } from '@nestjs/common';
import { Handles } from '@rocketmq-ts/nest-remoting';
import { GetTimerCheckPoint, GetTimerMetrics, ResponseCode } from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { encodeTimerCheckpoint } from '@rocketmq-ts/storage';
import { TimerService } from './timer-service.js';

/** Tells slaves and tools how far the timer is. Source: rocketmq 5.5.0 `AdminBrokerProcessor`. */
@Controller()
export class TimerAdminController {
  constructor(private readonly service: TimerService) {}

  @Handles(GetTimerCheckPoint)
  checkPoint(): Sent<typeof GetTimerCheckPoint.response> {
    const { running } = this.service;
    if (!running) throw new ResponseError(ResponseCode.SYSTEM_ERROR, 'The checkpoint is null');
    return { header: {}, body: encodeTimerCheckpoint(running.timers.checkpoint) };
  }

  @Handles(GetTimerMetrics)
  metrics(): Sent<typeof GetTimerMetrics.response> {
    const { running, figures } = this.service;
    if (!running)
      throw new ResponseError(ResponseCode.SYSTEM_ERROR, 'The timer message store is null');
    return { header: {}, body: figures.content() };
  }
}
