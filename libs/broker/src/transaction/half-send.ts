import { rememberPlace } from '../send/real-place.js';
import { fixedProperty } from '../send/stored-properties.js';
import type { StoredProperties } from '../send/stored-properties.js';
import { PendingSend } from '../send/pending-send.js';
import type { SendAnswers } from '../send/send-answers.js';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { StoreOutcome } from '@rocketmq-ts/storage';
import type { TopicTraffic } from '../stats/broker-stats.js';
import type { PropertyWishes } from '../send/message-properties.js';
import type { RecentHalves } from './recent-halves.js';
import type { TransactionCounts } from './transaction-counts.js';

const TRANSACTION_ID = fixedProperty('__transactionId__', '');

/** Notes on a half message where its message belongs. Source: rocketmq 5.5.0 `TransactionalMessageBridge#parseHalfMessageInner`. */
export function rememberHalfTarget(
  properties: StoredProperties,
  uniqKey: string,
  topic: { readonly nameBytes: Buffer },
  queueId: number,
): void {
  properties.putText(TRANSACTION_ID, uniqKey);
  rememberPlace(properties, topic, queueId);
}

/** The producer group of a half message that asks for nothing but its commit; undefined for others. */
export function plainGroupOf(
  properties: StoredProperties,
  { delayLevel, timerOutMs }: PropertyWishes,
): string | undefined {
  const asks =
    delayLevel > 0 ||
    timerOutMs > 0 ||
    properties.has('INNER_MULTI_DISPATCH') ||
    properties.has('CHECK_IMMUNITY_TIME_IN_SECONDS') ||
    properties.has('TRAN_ORIGIN_QUEUE_OFFSET') ||
    properties.has('TRAN_PREPARED_QUEUE_OFFSET');
  return asks ? undefined : properties.text('PGROUP');
}

/** What hears of half messages that are stored. */
export interface HalfListeners {
  readonly counts: TransactionCounts;
  readonly recent: RecentHalves;
}

/** A half message on its way through the store. */
export class PendingHalf extends PendingSend {
  /** Set where its commit will be an ordinary one. */
  plainGroup: string | undefined = undefined;
  /** Value of the property TAGS. */
  tags: string | undefined = undefined;

  constructor(
    answers: SendAnswers,
    connection: ServerConnection,
    traffic: TopicTraffic,
    private readonly topic: string,
    private readonly halves: HalfListeners,
  ) {
    super(answers, connection, traffic);
  }

  override onStored(outcome: StoreOutcome): void {
    if (outcome.kind !== 'REFUSED') {
      const { topic, halves } = this;
      halves.counts.addHalf(topic, 1);
      if (this.plainGroup !== undefined) this.remember(this.plainGroup);
    }
    super.onStored(outcome);
  }

  private remember(group: string): void {
    this.halves.recent.note({
      queueOffset: this.queueOffset,
      commitLogOffset: this.commitLogOffset,
      sizeBytes: this.sizeBytes,
      topic: this.topic,
      queueId: this.queueId,
      group,
      uniqKey: this.transactionId,
      keys: this.keys,
      tags: this.tags,
    });
  }
}
