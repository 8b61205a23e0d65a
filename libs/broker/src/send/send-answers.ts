import { ResponseCode, SendAnswerTemplate, writeSendAnswer } from '@rocketmq-ts/protocol';
import type { StoredOutcome, WriteRefusal } from '@rocketmq-ts/storage';
import type { BrokerStats, StoredSend } from '../stats/broker-stats.js';
import type { PendingBatch, PendingSend, SendAnswerTarget } from './pending-send.js';
import { unavailable } from './send-decision.js';
import type { Refusal } from './send-decision.js';

/** What every answer to a send says of the broker; read anew for each answer where it can change. */
export interface SendAnswerFacts {
  readonly storeHostHex: string;
  readonly regionId: string;
  readonly traceOn: () => boolean;
}

/** Writes the answers to sends. */
export class SendAnswers {
  private template: SendAnswerTemplate;

  constructor(
    private readonly facts: SendAnswerFacts,
    private readonly stats: BrokerStats,
  ) {
    this.template = this.newTemplate();
  }

  /** The message, or all of a batch, is stored. Writes the answer without an object on the way. */
  stored(to: PendingSend | PendingBatch, outcome: StoredOutcome): void {
    const { connection } = to;
    if (!to.isOneWay && !connection.closed) {
      if (this.template.options.traceOn !== this.facts.traceOn())
        this.template = this.newTemplate();
      to.code = codeOf(outcome);
      this.stats.countAnswer(to.requestCode, to.code, to.storeTimestampMs);
      writeSendAnswer(connection.beginAnswer(), this.template, to);
    }
    connection.end(to.inFlightBytes);
  }

  private newTemplate(): SendAnswerTemplate {
    const { storeHostHex, regionId, traceOn } = this.facts;
    return new SendAnswerTemplate({ hostPart: storeHostHex, regionId, traceOn: traceOn() });
  }

  /** The store would not promise the message after all. */
  refuse(to: SendAnswerTarget, refusal: WriteRefusal): void {
    this.refuseWith(to, unavailable(refusal));
    to.connection.end(to.inFlightBytes);
  }

  /** Nothing was stored. Java's client reads two fields of every answer to a send, also of refusals. */
  refuseWith(
    to: Pick<SendAnswerTarget, 'connection' | 'opaque' | 'serializeType' | 'isOneWay'>,
    { code, remark }: Refusal,
  ): void {
    this.stats.sendFailures++;
    if (to.isOneWay) return;
    const ext = new Map([
      ['MSG_REGION', this.facts.regionId],
      ['TRACE_ON', String(this.facts.traceOn())],
    ]);
    to.connection.answer(to, code, remark, ext);
  }

  count(send: StoredSend): void {
    this.stats.countPut(send);
  }
}

/** Source: rocketmq 5.5.0 `SendMessageProcessor#handlePutMessageResult`: stored, and how well. */
const CODES = {
  OK: ResponseCode.SUCCESS,
  FLUSH_TIMEOUT: ResponseCode.FLUSH_DISK_TIMEOUT,
  SLAVE_TIMEOUT: ResponseCode.FLUSH_SLAVE_TIMEOUT,
  SLAVE_NOT_AVAILABLE: ResponseCode.SLAVE_NOT_AVAILABLE,
} as const;

const codeOf = (outcome: Exclude<StoredOutcome, { kind: 'REFUSED' }>): number =>
  CODES[outcome.kind];
