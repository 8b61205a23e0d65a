import { Controller } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import { SendReplyMessage, SendReplyMessageV2 } from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { Replies } from './replies.js';
import type { Reply } from './reply-delivery.js';

/** Takes replies to request messages. */
@Controller()
export class ReplyController {
  constructor(
    private readonly replies: Replies,
    private readonly config: BrokerConfig,
  ) {}

  @Handles(SendReplyMessage)
  sendReply({
    header,
    body,
    connection,
  }: RemotingRequest<typeof SendReplyMessage>): Promise<Sent<typeof SendReplyMessage.response>> {
    return this.answer({ header, body, from: connection });
  }

  @Handles(SendReplyMessageV2)
  sendReplyV2({
    header,
    body,
    connection,
  }: RemotingRequest<typeof SendReplyMessageV2>): Promise<
    Sent<typeof SendReplyMessageV2.response>
  > {
    return this.answer({ header, body, from: connection });
  }

  private async answer(reply: Reply): Promise<Sent<typeof SendReplyMessage.response>> {
    const receipt = await this.replies.take(reply);
    const { regionId, traceOn } = this.config;
    return { header: { ...receipt, regionId, traceOn }, body: null };
  }
}
