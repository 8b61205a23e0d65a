import { Controller } from '@nestjs/common';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import { ChangeMessageInvisibletime, PollingInfo } from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { AckFrameHandler } from './ack-frame.handler.js';
import { Acknowledgements } from './acknowledgements.js';
import { PopAccess } from './pop-access.js';
import { PopFrameHandler } from './pop-frame.handler.js';
import { ORDER_REVIVE_QUEUE } from './pop-topic-name.js';

/** Longest new invisible time. */
const INVISIBLE_MS_MAX = 366 * 86_400_000;

type Postponed = Sent<typeof ChangeMessageInvisibletime.response>;

/** The requests about popped messages that are not on the hot path. */
@Controller()
export class PopController {
  constructor(
    private readonly acks: AckFrameHandler,
    private readonly acknowledgements: Acknowledgements,
    private readonly access: PopAccess,
    private readonly pops: PopFrameHandler,
  ) {}

  @Handles(ChangeMessageInvisibletime)
  async postpone({
    header,
    connection,
  }: RemotingRequest<typeof ChangeMessageInvisibletime>): Promise<Postponed> {
    const named = this.acks.resolve(header, connection, 'postpone');
    if ('code' in named) throw new ResponseError(named.code, named.remark);
    const { queueOffset, suspend: suspended } = header;
    const invisibleTimeMs = Math.min(Math.max(header.invisibleTimeMs, 0), INVISIBLE_MS_MAX);
    const { reviveQueueId } = named;
    if (reviveQueueId === ORDER_REVIVE_QUEUE) {
      const times = this.acknowledgements.postponeInOrder(named, queueOffset, invisibleTimeMs);
      return { header: times ? { ...times, reviveQueueId } : {}, body: null };
    }
    const change = { invisibleTimeMs, suspended };
    return new Promise((resolve, reject) => {
      this.acknowledgements.postpone(named, queueOffset, change, (outcome) => {
        if ('code' in outcome) reject(new ResponseError(outcome.code, outcome.remark));
        else resolve({ header: { ...outcome, invisibleTimeMs, reviveQueueId }, body: null });
      });
    });
  }

  @Handles(PollingInfo)
  pollingInfo({
    header,
    connection,
  }: RemotingRequest<typeof PollingInfo>): Sent<typeof PollingInfo.response> {
    const decision = this.access.decide(header, connection, 'peeking');
    if (!decision.granted) {
      throw new ResponseError(decision.refusal.code, decision.refusal.remark);
    }
    const { topic, consumerGroup, queueId } = header;
    const pollingNum = this.pops.waitingCount(topic, consumerGroup, queueId);
    return { header: { pollingNum }, body: null };
  }
}
