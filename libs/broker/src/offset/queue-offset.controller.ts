import { Controller, Inject } from '@nestjs/common';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  GetEarliestMsgStoretime,
  GetMaxOffset,
  GetMinOffset,
  SearchOffsetByTimestamp,
} from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { STORE } from '../broker-context.js';
import type { MessageLookup } from '../store-access.js';

/** Tells where queues begin and end, and where they stood at a time. Source: rocketmq 5.5.0 `AdminBrokerProcessor`. */
@Controller()
export class QueueOffsetController {
  constructor(@Inject(STORE) private readonly store: MessageLookup) {}

  @Handles(GetMaxOffset)
  getMaxOffset({
    header,
  }: RemotingRequest<typeof GetMaxOffset>): Sent<typeof GetMaxOffset.response> {
    const queue = this.store.findQueue(header.topic, header.queueId);
    // Java answers 0 for a queue it has never written (DefaultMessageStore#getMaxOffsetInQueue).
    const offset = (header.committed ? queue?.maxOffset : queue?.nextOffset) ?? 0;
    return { header: { offset }, body: null };
  }

  @Handles(GetMinOffset)
  getMinOffset({
    header,
  }: RemotingRequest<typeof GetMinOffset>): Sent<typeof GetMinOffset.response> {
    const offset = this.store.findQueue(header.topic, header.queueId)?.minOffset ?? 0;
    return { header: { offset }, body: null };
  }

  @Handles(SearchOffsetByTimestamp)
  async searchOffset({
    header,
  }: RemotingRequest<typeof SearchOffsetByTimestamp>): Promise<
    Sent<typeof SearchOffsetByTimestamp.response>
  > {
    const queue = this.store.findQueue(header.topic, header.queueId);
    if (!queue) return { header: { offset: 0 }, body: null };
    const boundary = header.boundaryType === 'UPPER' ? 'upper' : 'lower';
    const found = await this.store.offsetByTime(queue, header.timestampMs, boundary);
    const offset = Math.min(Math.max(found, queue.minOffset), queue.maxOffset);
    return { header: { offset }, body: null };
  }

  @Handles(GetEarliestMsgStoretime)
  async getEarliestStoreTime({
    header,
  }: RemotingRequest<typeof GetEarliestMsgStoretime>): Promise<
    Sent<typeof GetEarliestMsgStoretime.response>
  > {
    const queue = this.store.findQueue(header.topic, header.queueId);
    const timestampMs = queue ? await this.store.earliestStoreTime(queue) : undefined;
    return { header: { timestampMs: timestampMs ?? -1 }, body: null };
  }
}
