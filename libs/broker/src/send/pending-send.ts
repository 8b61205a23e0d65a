import type { SendAnswer, SerializeType } from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { AppendEntry } from '@rocketmq-ts/storage';
import type { StoreOutcome } from '@rocketmq-ts/storage';
import type { StoredSend, TopicTraffic } from '../stats/broker-stats.js';
import { MessageType } from '../stats/traffic.js';
import type { SendAnswers } from './send-answers.js';

/** What a send needs for its answer, of one message or of a batch. */
export interface SendAnswerTarget {
  readonly connection: ServerConnection;
  readonly opaque: number;
  readonly serializeType: SerializeType;
  readonly isOneWay: boolean;
  /** Bytes counted as in work since `connection.begin`. */
  readonly inFlightBytes: number;
  /** Queue that the producer is told; a delayed message waits in another one. */
  readonly queueId: number;
  readonly transactionId: string | undefined;
  readonly requestCode: number;
  /** When the broker took it, wall clock. */
  readonly storeTimestampMs: number;
}

/**
 * One message of a producer on its way through the store: the only object that a send costs. It is answered when the
 * store says what became of it.
 */
export class PendingSend extends AppendEntry implements SendAnswerTarget, SendAnswer, StoredSend {
  /** Set when the store has decided. */
  code = 0;
  readonly remark = undefined;
  opaque = 0;
  serializeType: SerializeType = 0;
  isOneWay = false;
  inFlightBytes = 0;
  queueId = 0;
  transactionId: string | undefined = undefined;
  /** Set for a timed message: what its producer needs to call it back. */
  recallHandle: string | undefined = undefined;
  requestCode = 0;
  messageType: MessageType = MessageType.NORMAL;
  readonly messageCount = 1;

  constructor(
    private readonly answers: SendAnswers,
    readonly connection: ServerConnection,
    readonly traffic: TopicTraffic,
  ) {
    super();
  }

  get storedBytes(): number {
    return this.sizeBytes;
  }

  get batch(): undefined {
    return undefined;
  }

  override onStored(outcome: StoreOutcome): void {
    if (outcome.kind === 'REFUSED') {
      this.answers.refuse(this, outcome.refusal);
      return;
    }
    this.answers.count(this);
    this.answers.stored(this, outcome);
  }
}

/** The messages of one SEND_BATCH_MESSAGE; answered together when the last one is stored. */
export class PendingBatch implements SendAnswerTarget, SendAnswer, StoredSend {
  /** Set when the store has decided. */
  code = 0;
  readonly remark = undefined;
  readonly recallHandle = undefined;
  opaque = 0;
  serializeType: SerializeType = 0;
  isOneWay = false;
  inFlightBytes = 0;
  queueId = 0;
  transactionId: string | undefined = undefined;
  requestCode = 0;
  readonly messageType = MessageType.NORMAL;
  storedBytes = 0;
  private unfinished = 0;
  private readonly messages: BatchedMessage[] = [];
  private worst: StoreOutcome | undefined;

  constructor(
    private readonly answers: SendAnswers,
    readonly connection: ServerConnection,
    readonly traffic: TopicTraffic,
  ) {}

  get messageCount(): number {
    return this.messages.length;
  }

  get storeTimestampMs(): number {
    return this.messages[0]!.storeTimestampMs;
  }

  get queueOffset(): number {
    return this.messages[0]!.queueOffset;
  }

  get commitLogOffset(): number {
    return this.messages[0]!.commitLogOffset;
  }

  get batch(): readonly BatchedMessage[] {
    return this.messages;
  }

  /** Adds a message; its fields are the caller's to fill. */
  addMessage(): BatchedMessage {
    const message = new BatchedMessage(this);
    this.messages.push(message);
    this.unfinished++;
    return message;
  }

  settle(outcome: StoreOutcome): void {
    const { worst = outcome } = this;
    // The store gives all messages of a batch the same one, nearly always.
    this.worst = outcome !== worst && rank(outcome) > rank(worst) ? outcome : worst;
    if (--this.unfinished > 0) return;
    this.answer(this.worst);
  }

  private answer(outcome: StoreOutcome): void {
    if (outcome.kind === 'REFUSED') {
      this.answers.refuse(this, outcome.refusal);
      return;
    }
    for (const { sizeBytes } of this.messages) this.storedBytes += sizeBytes;
    this.answers.count(this);
    this.answers.stored(this, outcome);
  }
}

/** From best to worst; missing copies count before a late flush, as in Apache's broker. */
const RANKS = ['OK', 'FLUSH_TIMEOUT', 'SLAVE_TIMEOUT', 'SLAVE_NOT_AVAILABLE', 'REFUSED'] as const;

const rank = (outcome: StoreOutcome): number => RANKS.indexOf(outcome.kind);

/** One message of a batch. */
export class BatchedMessage extends AppendEntry {
  constructor(private readonly batch: PendingBatch) {
    super();
  }

  override onStored(outcome: StoreOutcome): void {
    this.batch.settle(outcome);
  }
}
