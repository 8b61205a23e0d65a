import { rememberPlace } from '../send/real-place.js';
import { fixedProperty } from '../send/stored-properties.js';
import type { StoredProperties } from '../send/stored-properties.js';
import { PendingSend } from '../send/pending-send.js';
import type { SendAnswers } from '../send/send-answers.js';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { StoreOutcome } from '@rocketmq-ts/storage';
import type { TopicTraffic } from '../stats/broker-stats.js';
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

/** A half message on its way through the store. */
export class PendingHalf extends PendingSend {
  constructor(
    answers: SendAnswers,
    connection: ServerConnection,
    traffic: TopicTraffic,
    private readonly topic: string,
    private readonly counts: TransactionCounts,
  ) {
    super(answers, connection, traffic);
  }

  override onStored(outcome: StoreOutcome): void {
    if (outcome.kind !== 'REFUSED') this.counts.addHalf(this.topic, 1);
    super.onStored(outcome);
  }
}
