import { describeError } from '@rocketmq-ts/kernel';
import type { Random } from '@rocketmq-ts/kernel';
import { PeekMessage, ResponseCode, codec } from '@rocketmq-ts/protocol';
import type { ExtFields, Received, RemotingFrame } from '@rocketmq-ts/protocol';
import { RequestCodeNotSupportedError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { ReadResult } from '@rocketmq-ts/storage';
import { FAST_LISTENER } from '../listener-name.js';
import type { MessageSource } from '../store-access.js';
import type { TopicTable } from '../topic/topic-table.js';
import { CHECKPOINT_COUNT_MAX } from './checkpoint.js';
import type { PopAccess } from './pop-access.js';
import type { PopOffsets } from './pop-offsets.js';
import { planPop } from './pop-plan.js';
import { PopQueue } from './pop-queue.js';
import type { PopTable } from './pop-table.js';
import { popRetryTopic } from './pop-topic-name.js';

/** What peeking works with. */
export interface PeekParts {
  readonly random: Random;
  readonly store: MessageSource;
  readonly topics: TopicTable;
  readonly table: PopTable;
  readonly offsets: PopOffsets;
  readonly access: PopAccess;
  readonly settings: { readonly maxBytes: number; readonly retryTopicV2: boolean };
}

/** Share of peeks that look into the pop retry topic first. Source: rocketmq 5.5.0 `PeekMessageProcessor`. */
const RETRY_PERCENT = 20;
const NO_BYTES = Buffer.alloc(0);

type PeekHeader = Received<typeof PeekMessage.request>['header'];

/**
 * Shows what pops would give: PEEK_MESSAGE. Nothing is taken, nothing is filtered, nothing is waited for.
 * Source: rocketmq 5.5.0 `PeekMessageProcessor`.
 */
export class PeekFrameHandler {
  private readonly codec = codec(PeekMessage);

  constructor(private readonly parts: PeekParts) {}

  readonly handle = (frame: RemotingFrame, connection: ServerConnection): void => {
    if (connection.listenerName === FAST_LISTENER) {
      throw new RequestCodeNotSupportedError(frame.code);
    }
    const { header } = this.codec.decodeRequest(frame.ext(), NO_BYTES);
    if (frame.isOneWay) return;
    const decision = this.parts.access.decide(header, connection, 'peeking');
    if (!decision.granted) {
      const { code, remark } = decision.refusal;
      connection.answer(frame, code, remark, fields(0));
      return;
    }
    const { opaque, serializeType, sizeBytes } = frame;
    connection.begin(sizeBytes);
    const to = { opaque, serializeType };
    void this.look(header, decision.grant.topic.config.readQueueNums)
      .then(({ pieces, restCount }) => {
        const found = pieces.length > 0;
        const code = found ? ResponseCode.SUCCESS : ResponseCode.PULL_NOT_FOUND;
        const remark = found ? 'FOUND' : 'NO_MESSAGE_IN_QUEUE';
        connection.answer(to, code, remark, fields(restCount), Buffer.concat(pieces));
      })
      .catch((error: unknown) => {
        connection.answer(to, ResponseCode.SYSTEM_ERROR, describeError(error), fields(0));
      })
      .finally(() => connection.end(sizeBytes));
  };

  private async look(
    header: PeekHeader,
    readQueueCount: number,
  ): Promise<{ readonly pieces: Buffer[]; readonly restCount: number }> {
    const { topics, random, settings, store } = this.parts;
    const { topic, consumerGroup } = header;
    const retry = topics.find(popRetryTopic(topic, consumerGroup, settings.retryTopicV2));
    const steps = planPop({
      topic,
      queueId: header.queueId,
      readQueueCount,
      ordered: false,
      retryTopics: retry ? [{ topic: retry.name, readQueueCount: retry.config.readQueueNums }] : [],
      dice: random.uint32() % 100,
      retryPercent: RETRY_PERCENT,
    });
    const wanted = Math.min(Math.max(header.maxMsgNums, 1), CHECKPOINT_COUNT_MAX);
    const pieces: Buffer[] = [];
    let count = 0;
    let restCount = 0;
    for (const step of steps) {
      const stored = store.findQueue(step.topic, step.queueId);
      if (!stored) continue;
      const queueOffset = this.nextOf(step.topic, consumerGroup, step.queueId) ?? stored.minOffset;
      restCount += Math.max(stored.maxOffset - queueOffset, 0);
      if (count >= wanted || queueOffset >= stored.maxOffset) continue;
      const result = await new Promise<ReadResult>((resolve) => {
        const maxCount = wanted - count;
        const from = Math.max(queueOffset, stored.minOffset);
        const { maxBytes } = settings;
        store.read({ queue: stored, queueOffset: from, maxCount, maxBytes }, resolve);
      });
      if (result.messageCount > 0) {
        const records = Buffer.allocUnsafe(result.totalBytes);
        result.copyTo(records, 0);
        pieces.push(records);
        count += result.messageCount;
      }
      result.release();
    }
    return { pieces, restCount };
  }

  private nextOf(topic: string, group: string, queueId: number): number | undefined {
    const known = this.parts.table.find(topic, group)?.find(queueId);
    return this.parts.offsets.next(known ?? new PopQueue(topic, group, queueId));
  }
}

const fields = (restCount: number): ExtFields =>
  new Map([
    ['popTime', '0'],
    ['invisibleTime', '0'],
    ['reviveQid', '0'],
    ['restNum', String(restCount)],
  ]);
