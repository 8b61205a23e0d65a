import type { Clock } from '@rocketmq-ts/kernel';
import { ResponseCode, writePullAnswerHeader } from '@rocketmq-ts/protocol';
import type { ExtFields, SerializeType } from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { ReadResult } from '@rocketmq-ts/storage';
import type { ConsumeRefusal } from '../consume-refusals.js';
import type { PendingPull } from './pending-pull.js';
import type { PullOutputs } from './pull-output.js';
import type { PullParts } from './pull-parts.js';
import { suggestedBroker } from './suggested-broker.js';

/** Where the queue of an answer begins and ends now. */
export interface QueueRange {
  readonly minOffset: number;
  readonly maxOffset: number;
}

/** What an answer without messages says. */
export interface EmptyAnswer {
  readonly code: ResponseCode;
  readonly remark: string;
  /** Where the client is to go on. */
  readonly nextBeginOffset: number;
}

/** Pieces of this size on average are cheaper copied than listed for the system one by one. */
const COPIED_PIECE_BYTES = 8 * 1024;
/** What a copy may add to the memory of one answer. */
const COPIED_ANSWER_BYTES_MAX = 64 * 1024;

/**
 * Writes the answers to pulls, and tells those who count what consumers are given. When a pull is over is not decided here.
 * Source: rocketmq 5.5.0 `DefaultPullMessageResultHandler`.
 */
export class PullAnswers {
  constructor(
    private readonly parts: Pick<PullParts, 'stats' | 'flow' | 'offsets' | 'suggestion'> & {
      readonly clock: Clock;
      readonly outputs: PullOutputs;
    },
  ) {}

  /** Gives messages; what the store has lent is given back when they have left. */
  found(pull: PendingPull, result: ReadResult): void {
    this.countGiven(pull, result);
    const { connection, grant } = pull;
    const writer = connection.beginAnswer();
    writePullAnswerHeader(
      writer,
      {
        serializeType: pull.serializeType,
        opaque: pull.opaque,
        code: ResponseCode.SUCCESS,
        remark: 'FOUND',
        suggestWhichBrokerId: suggestedBroker(this.parts.suggestion, grant.group, result),
        nextBeginOffset: result.nextQueueOffset,
        minOffset: result.minQueueOffset,
        maxOffset: result.maxQueueOffset,
        topicSysFlag: grant.topic.config.topicSysFlag,
        groupSysFlag: grant.group.groupSysFlag,
      },
      result.totalBytes,
    );
    const { outputs } = this.parts;
    if (isBetterCopied(result)) {
      const at = writer.reserve(result.totalBytes);
      result.copyTo(writer.slab, at);
      result.release();
      connection.onSent(outputs.sending(connection, result.totalBytes));
    } else {
      const sent = outputs.sending(connection, result.totalBytes, () => result.release());
      connection.appendPieces(result.pieces, result.totalBytes, sent);
    }
  }

  /** Says that there are no messages, or that the consumer is to go on elsewhere. */
  empty(pull: PendingPull, answer: EmptyAnswer, range: QueueRange): void {
    const { code, remark, nextBeginOffset } = answer;
    const { stats, offsets } = this.parts;
    stats.pullsMissed++;
    if (code === ResponseCode.PULL_OFFSET_MOVED) {
      const { consumerGroup, topic, queueId } = pull.request;
      offsets.notePulled(consumerGroup, topic, queueId, nextBeginOffset);
    }
    const { topic, group } = pull.grant;
    const fields: ExtFields = new Map([
      ['suggestWhichBrokerId', String(suggestedBroker(this.parts.suggestion, group, undefined))],
      ['nextBeginOffset', String(nextBeginOffset)],
      ['minOffset', String(range.minOffset)],
      ['maxOffset', String(range.maxOffset)],
      ['topicSysFlag', String(topic.config.topicSysFlag)],
      ['groupSysFlag', String(group.groupSysFlag)],
    ]);
    pull.connection.answer(pull, code, remark, fields);
  }

  refused(
    to: { readonly opaque: number; readonly serializeType: SerializeType },
    connection: ServerConnection,
    { code, remark, forbiddenType }: ConsumeRefusal,
  ): void {
    const fields: ExtFields = new Map();
    if (forbiddenType !== undefined) fields.set('forbiddenType', String(forbiddenType));
    connection.answer(to, code, remark, fields);
  }

  private countGiven({ connection, request, readAtMs }: PendingPull, result: ReadResult): void {
    const { stats, flow, offsets, clock } = this.parts;
    const { consumerGroup: group, topic, queueId } = request;
    const { messageCount, totalBytes: bytes, fromDisk } = result;
    const latencyMs = Math.max(clock.nowMs() - readAtMs, 0);
    stats.countGet({ group, topic, queueId, messageCount, bytes, fromDisk, latencyMs });
    flow.notePull(connection, { group, topic, queueId }, { messageCount, bytes, fromDisk });
    offsets.notePulled(group, topic, queueId, result.nextQueueOffset);
  }
}

/**
 * Whether an answer is gathered into one stretch of memory. Records of one queue lie scattered among those of others: a
 * list of dozens of small pieces costs more than copying them, and keeps all the memory around them from being reused.
 */
const isBetterCopied = ({ totalBytes, pieceCount }: ReadResult): boolean =>
  totalBytes <= COPIED_ANSWER_BYTES_MAX && totalBytes <= pieceCount * COPIED_PIECE_BYTES;
