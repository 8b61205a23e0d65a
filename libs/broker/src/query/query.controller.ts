import { Controller, Inject } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import { QueryMessage, ResponseCode, ViewMessageById } from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { STORE } from '../broker-context.js';
import type { MessageLookup } from '../store-access.js';

/** Finds stored messages by key, unique key or place. Source: rocketmq 5.5.0 `QueryMessageProcessor`. */
@Controller()
export class QueryController {
  constructor(
    @Inject(STORE) private readonly store: MessageLookup,
    private readonly config: BrokerConfig,
  ) {}

  @Handles(QueryMessage)
  async query({
    header,
  }: RemotingRequest<typeof QueryMessage>): Promise<Sent<typeof QueryMessage.response>> {
    const { topic, key, maxNum, beginTimestampMs, endTimestampMs } = header;
    const { queryCountMax } = this.config;
    // A unique key has few messages by nature; Apache does not let the client choose then.
    const asked = header.uniqueKeyQuery === true ? queryCountMax : Math.max(maxNum, 1);
    const found = await this.store.query(
      topic,
      key,
      Math.min(asked, queryCountMax),
      beginTimestampMs,
      endTimestampMs,
    );
    if (found.records.length === 0) {
      const remark = 'can not find message, maybe time range not correct';
      throw new ResponseError(ResponseCode.QUERY_NOT_FOUND, remark);
    }
    return {
      header: {
        indexLastUpdateTimestampMs: found.indexLastUpdateTimestampMs,
        indexLastUpdateCommitLogOffset: found.indexLastUpdateCommitLogOffset,
      },
      body: Buffer.concat(found.records.map((record) => record.bytes)),
    };
  }

  @Handles(ViewMessageById)
  async view({
    header,
  }: RemotingRequest<typeof ViewMessageById>): Promise<Sent<typeof ViewMessageById.response>> {
    const { commitLogOffset } = header;
    const record = commitLogOffset < 0 ? undefined : await this.store.recordAt(commitLogOffset);
    if (!record) {
      const remark = `can not find message by the offset, ${commitLogOffset}`;
      throw new ResponseError(ResponseCode.SYSTEM_ERROR, remark);
    }
    return { header: {}, body: record.bytes };
  }
}
