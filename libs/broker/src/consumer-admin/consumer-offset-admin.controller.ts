import { Controller, Inject } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import { describeError } from '@rocketmq-ts/kernel';
import type { Logger } from '@rocketmq-ts/kernel';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  CloneGroupOffset,
  InvokeBrokerToResetOffset,
  QueryCorrectionOffset,
  ResponseCode,
} from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { AdminGate } from '../admin/admin-gate.js';
import { NOTHING_TO_SAY } from '../answers.js';
import { LOGGER, STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { ConsumerGroups } from '../client-session/consumer-groups.js';
import { ConsumerOffsetSaver } from '../offset/consumer-offset-saver.js';
import { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { TopicTable } from '../topic/topic-table.js';
import { correctionOffsets } from './correction-offsets.js';
import { OffsetReset } from './offset-reset.js';

/** Moves, copies and compares the offsets of groups. Source: rocketmq 5.5.0 `AdminBrokerProcessor`. */
@Controller()
export class ConsumerOffsetAdminController {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(STORE) private readonly store: BrokerStore,
    private readonly config: BrokerConfig,
    private readonly topics: TopicTable,
    private readonly offsets: ConsumerOffsetTable,
    private readonly saver: ConsumerOffsetSaver,
    private readonly consumers: ConsumerGroups<ServerConnection>,
    private readonly resets: OffsetReset,
    private readonly gate: AdminGate,
  ) {}

  @Handles(InvokeBrokerToResetOffset)
  async reset({
    header,
    connection,
  }: RemotingRequest<typeof InvokeBrokerToResetOffset>): Promise<
    Sent<typeof InvokeBrokerToResetOffset.response>
  > {
    this.gate.check(connection);
    const { topic, group, queueId, offset: queueOffset, timestampMs, isForce: force } = header;
    const wish = { topic, group, queueId, queueOffset, timestampMs, force };
    const offsetTable = this.config.serverSideOffsetReset
      ? await this.resets.onBroker(wish)
      : await this.resets.onClients(wish);
    return { header: {}, body: { offsetTable } };
  }

  /** Without a topic all topics of the group are cloned; Apache clones none then. */
  @Handles(CloneGroupOffset)
  async clone({
    header,
    connection,
  }: RemotingRequest<typeof CloneGroupOffset>): Promise<Sent<typeof CloneGroupOffset.response>> {
    this.gate.check(connection);
    const { srcGroup, destGroup, offline } = header;
    const subscriptions = this.consumers.find(srcGroup)?.subscriptions;
    const wanted =
      header.topic === undefined || header.topic.trim() === ''
        ? this.offsets.topicsOf(srcGroup)
        : [header.topic];
    for (const topic of wanted) {
      if (!this.topics.find(topic)) continue;
      if (!offline && subscriptions && subscriptions.size > 0 && !subscriptions.has(topic))
        continue;
      const queues = this.offsets.clone(srcGroup, destGroup, topic);
      this.logger.info('offsets of a group were cloned', { srcGroup, destGroup, topic, queues });
    }
    await this.saver.saveChanges().catch((error: unknown) => {
      const remark = `the offsets are cloned, but could not be saved yet: ${describeError(error)}`;
      throw new ResponseError(ResponseCode.SYSTEM_ERROR, remark);
    });
    return NOTHING_TO_SAY;
  }

  @Handles(QueryCorrectionOffset)
  correction({
    header: { topic, compareGroup, filterGroups },
  }: RemotingRequest<typeof QueryCorrectionOffset>): Sent<typeof QueryCorrectionOffset.response> {
    const offsets = correctionOffsets(
      this.offsets.entriesOf(topic),
      new Set((filterGroups ?? '').split(',')),
      this.offsets.queuesOf(compareGroup, topic),
      (queueId) => this.store.findQueue(topic, queueId)?.minOffset ?? 0,
    );
    return { header: {}, body: { correctionOffsets: offsets } };
  }
}
