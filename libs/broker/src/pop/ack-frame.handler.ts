import { AckMessage, BatchAckMessage, ResponseCode, codec } from '@rocketmq-ts/protocol';
import type { RemotingFrame } from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { queueIllegal, topicUnknown } from '../consume-refusals.js';
import type { ConsumeRefusal } from '../consume-refusals.js';
import type { MessageSource } from '../store-access.js';
import type { TopicTable } from '../topic/topic-table.js';
import type { AckOf, AckOutcome, Acknowledgements } from './acknowledgements.js';
import { parseReceiptHandle } from './receipt-handle.js';

/** What acknowledgements over the wire work with. */
export interface AckFrameParts {
  readonly topics: TopicTable;
  readonly store: MessageSource;
  readonly acknowledgements: Acknowledgements;
  readonly brokerName: string;
}

/** A message that a client names by its handle. */
export interface NamedMessage {
  readonly consumerGroup: string;
  readonly topic: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly extraInfo: string;
}

const NO_BYTES = Buffer.alloc(0);

/**
 * Takes acknowledgements: ACK_MESSAGE and BATCH_ACK_MESSAGE, on the raw frame path, since there are as many as messages.
 * Source: rocketmq 5.5.0 `AckMessageProcessor`.
 */
export class AckFrameHandler {
  private readonly single = codec(AckMessage);
  private readonly batch = codec(BatchAckMessage);

  constructor(private readonly parts: AckFrameParts) {}

  readonly handle = (frame: RemotingFrame, connection: ServerConnection): void => {
    const { header } = this.single.decodeRequest(frame.ext(), NO_BYTES);
    const answer = answerer(frame, connection);
    const named = this.resolve(header, connection, 'ack');
    if ('code' in named) answer(named);
    else this.parts.acknowledgements.acknowledge(named, [header.queueOffset], answer);
  };

  readonly handleBatch = (frame: RemotingFrame, connection: ServerConnection): void => {
    const { brokerName, acknowledgements } = this.parts;
    const body =
      frame.body.length === 0
        ? { acks: [], brokerName }
        : this.batch.decodeRequest(frame.ext(), frame.body).body;
    const answer = answerer(frame, connection);
    if (body.acks.length === 0) {
      answer({ code: ResponseCode.NO_MESSAGE, remark: 'nothing to acknowledge' });
      return;
    }
    let open = body.acks.length;
    let failure: AckOutcome;
    for (const ack of body.acks) {
      acknowledgements.acknowledgeBatch(ack, body.brokerName ?? brokerName, (outcome) => {
        failure ??= outcome;
        if (--open === 0) answer(failure);
      });
    }
  };

  /**
   * Looks up what a client names.
   * @param deed the last message of a queue may be acknowledged where it is just behind the end, as Apache has it, not postponed
   */
  resolve(
    message: NamedMessage,
    { remoteHostPort }: ServerConnection,
    deed: 'ack' | 'postpone',
  ): AckOf | ConsumeRefusal {
    const { topic, queueId, queueOffset, consumerGroup } = message;
    const config = this.parts.topics.find(topic)?.config;
    if (!config) return topicUnknown(topic);
    if (queueId >= config.readQueueNums || queueId < 0) {
      const named = { ...message, remoteHostPort };
      return queueIllegal(named, config.readQueueNums, ResponseCode.MESSAGE_ILLEGAL);
    }
    const queue = this.parts.store.findQueue(topic, queueId);
    const min = queue?.minOffset ?? 0;
    const max = queue?.maxOffset ?? 0;
    if (queueOffset < min || queueOffset > max || (deed === 'postpone' && queueOffset === max)) {
      return {
        code: ResponseCode.NO_MESSAGE,
        remark: `offset is illegal, key:${topic}@${queueId}, commit:${queueOffset}, store:${min}~${max}`,
      };
    }
    const handle = parseReceiptHandle(message.extraInfo);
    if (!handle) {
      return { code: ResponseCode.MESSAGE_ILLEGAL, remark: 'the receipt handle makes no sense' };
    }
    const { startOffset, popTimeMs, invisibleTimeMs, reviveQueueId, brokerName } = handle;
    return {
      topic,
      group: consumerGroup,
      queueId,
      startOffset,
      popTimeMs,
      invisibleTimeMs,
      reviveQueueId,
      brokerName,
    };
  }
}

/** Answers a request once, now or later; keeps the connection's account of what is in work. */
function answerer(
  frame: RemotingFrame,
  connection: ServerConnection,
): (outcome: AckOutcome) => void {
  const { opaque, serializeType, sizeBytes, isOneWay } = frame;
  connection.begin(sizeBytes);
  return (outcome) => {
    if (!isOneWay) {
      const to = { opaque, serializeType };
      connection.answer(to, outcome?.code ?? ResponseCode.SUCCESS, outcome?.remark);
    }
    connection.end(sizeBytes);
  };
}
