import { Controller, Inject } from '@nestjs/common';
import { PopConfig } from '@rocketmq-ts/config';
import type { Logger } from '@rocketmq-ts/kernel';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  GetAllMessageRequestMode,
  QueryAssignment,
  ResponseCode,
  SetMessageRequestMode,
} from '@rocketmq-ts/protocol';
import type {
  MessageQueue,
  QueryAssignmentBody,
  Sent,
  SetMessageRequestModeBody,
} from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { AdminGate } from '../../admin/admin-gate.js';
import { NOTHING_TO_SAY } from '../../answers.js';
import { LOGGER } from '../../broker-context.js';
import { ConsumerGroups } from '../../client-session/consumer-groups.js';
import { SubscriptionGroupTable } from '../../subscription-group/subscription-group-table.js';
import { isRetryTopic } from '../../topic/topic-name.js';
import { TopicTable } from '../../topic/topic-table.js';
import { allocateForPop, allocateQueues, isAllocateStrategy } from './allocate-queues.js';
import { RequestModeTable } from './request-mode-table.js';
import { TopicQueues } from './topic-queues.js';

/** Rebalancing on the broker's side. Source: rocketmq 5.5.0 `QueryAssignmentProcessor`. */
@Controller()
export class AssignmentController {
  constructor(
    private readonly modes: RequestModeTable,
    private readonly queues: TopicQueues,
    private readonly consumers: ConsumerGroups<ServerConnection>,
    private readonly topics: TopicTable,
    private readonly groups: SubscriptionGroupTable,
    private readonly config: PopConfig,
    private readonly gate: AdminGate,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Without a list in the answer the client keeps what it has. */
  @Handles(QueryAssignment)
  async query({
    body,
  }: RemotingRequest<typeof QueryAssignment>): Promise<Sent<typeof QueryAssignment.response>> {
    const mode = this.modeOf(body);
    const queues = await this.queuesFor(body, mode);
    const messageQueueAssignments = queues?.map((messageQueue) => ({
      messageQueue,
      mode: mode.mode,
    }));
    return { header: {}, body: messageQueueAssignments ? { messageQueueAssignments } : {} };
  }

  @Handles(SetMessageRequestMode)
  async set({
    body,
    connection,
  }: RemotingRequest<typeof SetMessageRequestMode>): Promise<
    Sent<typeof SetMessageRequestMode.response>
  > {
    this.gate.check(connection);
    const { topic, consumerGroup, mode } = body;
    if (isRetryTopic(topic)) {
      const remark = 'retry topic is not allowed to set mode';
      throw new ResponseError(ResponseCode.NO_PERMISSION, remark);
    }
    if (!this.topics.find(topic)) {
      throw new ResponseError(ResponseCode.TOPIC_NOT_EXIST, `topic[${topic}] not exist`);
    }
    if (!this.groups.findOrCreate(consumerGroup)) {
      const remark = 'subscription group does not exist';
      throw new ResponseError(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark);
    }
    if (!(await this.modes.set(body))) {
      const remark = 'the broker remembers as many request modes as it may';
      throw new ResponseError(ResponseCode.SYSTEM_ERROR, remark);
    }
    this.logger.info('request mode set', { topic, group: consumerGroup, mode });
    return NOTHING_TO_SAY;
  }

  @Handles(GetAllMessageRequestMode)
  all(): Sent<typeof GetAllMessageRequestMode.response> {
    return { header: {}, body: this.modes.content() };
  }

  private modeOf({ topic, consumerGroup }: QueryAssignmentBody): SetMessageRequestModeBody {
    const set = this.modes.find(topic, consumerGroup);
    if (set) return set;
    const mode = isRetryTopic(topic) ? 'PULL' : this.config.defaultRequestMode;
    const popShareQueueNum = mode === 'POP' ? this.config.defaultPopShareQueueCount : 0;
    return { topic, consumerGroup, mode, popShareQueueNum };
  }

  private async queuesFor(
    request: QueryAssignmentBody,
    { mode, popShareQueueNum }: SetMessageRequestModeBody,
  ): Promise<readonly MessageQueue[] | undefined> {
    const { topic, consumerGroup, clientId, strategyName } = request;
    const queues = await this.queues.of(topic);
    const shared = request.messageModel === 'CLUSTERING' && this.config.serverLoadBalancing;
    if (!queues || !shared) return queues;
    const clientIds = [...new Set(this.consumers.clientIds(consumerGroup))].sort();
    if (clientIds.length === 0 || !isAllocateStrategy(strategyName)) {
      this.logger.warn('queues cannot be shared out', { topic, consumerGroup, strategyName });
      return undefined;
    }
    const sharing = { clientId, clientIds, queues };
    return mode === 'POP'
      ? allocateForPop(strategyName, sharing, popShareQueueNum)
      : allocateQueues(strategyName, sharing);
  }
}
