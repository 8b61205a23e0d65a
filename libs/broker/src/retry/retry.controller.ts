import { Controller } from '@nestjs/common';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import { ConsumerSendMsgBack } from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { NOTHING_TO_SAY } from '../answers.js';
import { SendBacks } from './send-back.js';

/** Takes messages back that could not be consumed. */
@Controller()
export class RetryController {
  constructor(private readonly sendBacks: SendBacks) {}

  @Handles(ConsumerSendMsgBack)
  async sendBack({
    header,
    version,
  }: RemotingRequest<typeof ConsumerSendMsgBack>): Promise<
    Sent<typeof ConsumerSendMsgBack.response>
  > {
    const { commitLogOffset, group, delayLevel, originTopic, unitMode, maxReconsumeTimes } = header;
    await this.sendBacks.take({
      commitLogOffset,
      group,
      delayLevel,
      originTopic,
      unitMode,
      maxReconsumeTimes,
      peerVersion: version,
    });
    return NOTHING_TO_SAY;
  }
}
