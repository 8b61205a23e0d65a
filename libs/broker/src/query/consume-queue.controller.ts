import { Controller, Inject } from '@nestjs/common';
import { Handles, WrittenAnswer } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import { QueryConsumeQueue, ResponseCode } from '@rocketmq-ts/protocol';
import type { ConsumeQueueData, Sent, SubscriptionData } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { QueueUnit } from '@rocketmq-ts/storage';
import { STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { ConsumerGroups } from '../client-session/consumer-groups.js';

/** Most entries in one answer. Ours; Apache gives as many as are asked for. */
const ENTRY_COUNT_MAX = 2_000;

/** Shows the entries of a queue. Source: rocketmq 5.5.0 `AdminBrokerProcessor#queryConsumeQueue`. */
@Controller()
export class ConsumeQueueController {
  constructor(
    @Inject(STORE) private readonly store: BrokerStore,
    private readonly consumers: ConsumerGroups<ServerConnection>,
  ) {}

  @Handles(QueryConsumeQueue)
  async query({
    header,
  }: RemotingRequest<typeof QueryConsumeQueue>): Promise<
    Sent<typeof QueryConsumeQueue.response> | WrittenAnswer
  > {
    const { topic = '', queueId, index, count, consumerGroup } = header;
    const queue = this.store.findQueue(topic, queueId);
    if (!queue) {
      throw new ResponseError(ResponseCode.SYSTEM_ERROR, `${queueId}@${topic} is not exist!`);
    }
    if (index < queue.minOffset || index >= queue.maxOffset) {
      // Apache says so with success and without a body.
      return new WrittenAnswer({ remark: `Index ${index} of ${queueId}@${topic} is not exist!` });
    }
    const units = await this.store.listUnits(queue, index, Math.min(count, ENTRY_COUNT_MAX));
    return {
      header: {},
      body: {
        ...(consumerGroup !== undefined && this.filterOf(consumerGroup, topic)),
        maxQueueIndex: queue.maxOffset,
        minQueueIndex: queue.minOffset,
        queueData: units.map(entryOf),
      },
    };
  }

  /** Where the group subscribes by tags there is no filter data: Java writes `null` then. */
  private filterOf(
    group: string,
    topic: string,
  ): { filterData: string; subscriptionData?: SubscriptionData } {
    const subscriptionData = this.consumers.find(group)?.subscriptions.get(topic);
    return subscriptionData
      ? { filterData: 'null', subscriptionData }
      : { filterData: `${group}@${topic} is not online!` };
  }
}

function entryOf({ commitLogOffset, sizeBytes, tagsCode }: QueueUnit): ConsumeQueueData {
  const entry = { eval: false, physicOffset: commitLogOffset, physicSize: sizeBytes };
  // Apache's extension units, whose address stands here, are not kept by this store.
  return Number.isNaN(tagsCode)
    ? { ...entry, tagsCode: 0, msg: 'Cq extend not exist!' }
    : { ...entry, tagsCode };
}
