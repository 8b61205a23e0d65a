import { Controller } from '@nestjs/common';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import { parseOffsetMsgId, ResponseCode, ResumeCheckHalfMessage } from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { AdminGate } from '../admin/admin-gate.js';
import { NOTHING_TO_SAY } from '../answers.js';
import { Transactions } from './transactions.js';

/** What operators do about transactions. */
@Controller()
export class TransactionController {
  constructor(
    private readonly transactions: Transactions,
    private readonly gate: AdminGate,
  ) {}

  @Handles(ResumeCheckHalfMessage)
  async resume({
    header,
    connection,
  }: RemotingRequest<typeof ResumeCheckHalfMessage>): Promise<
    Sent<typeof ResumeCheckHalfMessage.response>
  > {
    this.gate.check(connection);
    const id = parseOffsetMsgId(header.msgId ?? '');
    if (!id) throw new ResponseError(ResponseCode.SYSTEM_ERROR, 'msgId is no offset message id');
    await this.transactions.resume(id.commitLogOffset);
    return NOTHING_TO_SAY;
  }
}
