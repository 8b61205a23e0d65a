import { retryMarkOf } from './pop-topic-name.js';
import type { RetryMark } from './pop-topic-name.js';

/** What a receipt handle says, in its order. The gRPC proxy adds a ninth word, which is not looked at. */
export interface ReceiptHandle {
  /** First queue offset of the checkpoint. */
  readonly startOffset: number;
  /** Wall-clock ms of the pop. */
  readonly popTimeMs: number;
  readonly invisibleTimeMs: number;
  /** Queue of the revive log, 999 for ordered pops. */
  readonly reviveQueueId: number;
  readonly retry: string;
  readonly brokerName: string;
  readonly queueId: number;
  readonly queueOffset: number;
}

/**
 * The text that names one popped message (property POP_CK, `extraInfo`).
 * @param topic the topic it was popped from, which may be a pop retry topic
 * Source: rocketmq 5.5.0 `ExtraInfoUtil#buildExtraInfo`.
 */
export const formatReceiptHandle = (
  handle: Omit<ReceiptHandle, 'retry'> & { readonly topic: string },
): string =>
  `${handle.startOffset} ${handle.popTimeMs} ${handle.invisibleTimeMs} ${handle.reviveQueueId} ` +
  `${retryMarkOf(handle.topic)} ${handle.brokerName} ${handle.queueId} ${handle.queueOffset}`;

const WORD_COUNT_MIN = 6;
const DIGITS = /^\d{1,16}$/;

/**
 * Takes a handle apart. The first six words are needed; clients of old brokers send no more.
 * @returns undefined where it is none.
 * Source: rocketmq 5.5.0 `ExtraInfoUtil#split` and its getters.
 */
export function parseReceiptHandle(text: string): ReceiptHandle | undefined {
  const words = text.split(' ');
  if (words.length < WORD_COUNT_MIN) return undefined;
  const [start, popTime, invisible, revive, retry, brokerName, queueId = '0', offset = '0'] = words;
  for (const word of [start!, popTime!, invisible!, revive!, queueId, offset]) {
    if (!DIGITS.test(word) || !Number.isSafeInteger(Number(word))) return undefined;
  }
  return {
    startOffset: Number(start),
    popTimeMs: Number(popTime),
    invisibleTimeMs: Number(invisible),
    reviveQueueId: Number(revive),
    retry: retry!,
    brokerName: brokerName!,
    queueId: Number(queueId),
    queueOffset: Number(offset),
  };
}

/** Collects the three lists of an answer to a pop. Source: rocketmq 5.5.0 `ExtraInfoUtil`. */
export class PopAnswerInfo {
  startOffsets = '';
  msgOffsets = '';
  orderCounts = '';

  /** One queue gave messages. */
  add(topic: string, queueId: number, startOffset: number, queueOffsets: readonly number[]): void {
    const mark: RetryMark = retryMarkOf(topic);
    const separator = this.startOffsets === '' ? '' : ';';
    this.startOffsets += `${separator}${mark} ${queueId} ${startOffset}`;
    this.msgOffsets += `${separator}${mark} ${queueId} ${queueOffsets.join()}`;
  }

  /** How often messages of a queue were given out before. @param counts queue offset → times, of those above 0 */
  addOrderCounts(
    topic: string,
    queueId: number,
    counts: ReadonlyMap<number, number>,
    leastCount: number,
  ): void {
    const mark = retryMarkOf(topic);
    const parts = this.orderCounts === '' ? [] : [this.orderCounts];
    for (const [queueOffset, count] of counts) {
      parts.push(`${mark} qo${queueId}%${queueOffset} ${count}`);
    }
    // Old clients look for the queue alone.
    parts.push(`${mark} ${queueId} ${leastCount}`);
    this.orderCounts = parts.join(';');
  }
}
