import { Controller } from '@nestjs/common';
import { Handles, WrittenAnswer } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import { QueryConsumerOffset, ResponseCode, UpdateConsumerOffset } from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { NOTHING_TO_SAY } from '../answers.js';
import { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { TopicTable } from '../topic/topic-table.js';
import { ConsumerOffsetTable } from './consumer-offset-table.js';
import { FirstOffsets } from './first-offsets.js';

/** Highest queue id that offsets are kept for; a bound on what a peer can make us remember. */
const QUEUE_ID_MAX = 65_535;

/** Takes and gives the offsets of consumer groups. Source: rocketmq 5.5.0 `ConsumerManageProcessor`. */
@Controller()
export class ConsumerOffsetController {
  constructor(
    private readonly offsets: ConsumerOffsetTable,
    private readonly firstOffsets: FirstOffsets,
    private readonly groups: SubscriptionGroupTable,
    private readonly topics: TopicTable,
  ) {}

  @Handles(UpdateConsumerOffset)
  update({
    header,
  }: RemotingRequest<typeof UpdateConsumerOffset>):
    Sent<typeof UpdateConsumerOffset.response> | WrittenAnswer {
    const { consumerGroup, topic, queueId, commitOffset } = header;
    if (!this.groups.has(consumerGroup)) {
      const remark = `Group ${consumerGroup} not exist!`;
      throw new ResponseError(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark);
    }
    if (!this.topics.find(topic)) {
      throw new ResponseError(ResponseCode.TOPIC_NOT_EXIST, `Topic ${topic} not exist!`);
    }
    if (queueId < 0 || queueId > QUEUE_ID_MAX) throw invalid(`queueId[${queueId}] is illegal`);
    if (commitOffset < 0) throw invalid(`commitOffset[${commitOffset}] is illegal`);
    const outcome = this.offsets.commit(consumerGroup, topic, queueId, commitOffset);
    if (outcome === 'reset-pending') {
      return new WrittenAnswer({ remark: 'Offset has been previously reset' });
    }
    if (outcome !== 'committed') {
      const remark = 'the broker keeps as many consumer offsets as it may';
      throw new ResponseError(ResponseCode.SYSTEM_ERROR, remark);
    }
    return NOTHING_TO_SAY;
  }

  @Handles(QueryConsumerOffset)
  async query({
    header,
  }: RemotingRequest<typeof QueryConsumerOffset>): Promise<
    Sent<typeof QueryConsumerOffset.response>
  > {
    const { consumerGroup, topic, queueId, setZeroIfNotFound } = header;
    const offset = this.offsets.query(consumerGroup, topic, queueId);
    if (offset !== undefined) return { header: { offset }, body: null };
    if (setZeroIfNotFound === false) {
      const remark = 'Not found, do not set to zero, maybe this group boot first';
      throw new ResponseError(ResponseCode.QUERY_NOT_FOUND, remark);
    }
    if (await this.firstOffsets.startsAtZero(topic, queueId)) {
      return { header: { offset: 0 }, body: null };
    }
    const remark = 'Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first';
    throw new ResponseError(ResponseCode.QUERY_NOT_FOUND, remark);
  }
}

const invalid = (remark: string): ResponseError =>
  new ResponseError(ResponseCode.INVALID_PARAMETER, remark);
