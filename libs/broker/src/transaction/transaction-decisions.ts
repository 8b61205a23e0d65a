import { describeError } from '@rocketmq-ts/kernel';
import type { Clock } from '@rocketmq-ts/kernel';
import { MessageSysFlag, PropertyName, ResponseCode } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import type { AppendEntry, StoreOutcome, StoreQueue } from '@rocketmq-ts/storage';
import type { DelayLevels } from '../delay/delay-levels.js';
import { BrokerMessage, delayMessage, propertiesOf } from '../send/broker-message.js';
import { unavailable } from '../send/send-decision.js';
import type { Refusal } from '../send/send-decision.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import { MessageType } from '../stats/traffic.js';
import type { MessageSink } from '../store-access.js';
import { SCHEDULE_TOPIC } from '../topic/topic-name.js';
import { CommittedMessage, sourceOf } from './committed-message.js';
import type { HalfView } from './half-view.js';
import { originOf, realPlaceOf, withTransactionBits } from './half-message.js';
import type { OpWriter } from './op-writer.js';
import type { TransactionCounts } from './transaction-counts.js';
import type { TransactionTable } from './transaction-table.js';

/** What became of an attempt to decide: undefined is success. */
export type DecisionOutcome = Refusal | undefined;

/** What `TransactionDecisions` works with. */
export interface DecisionParts {
  readonly clock: Clock;
  readonly store: MessageSink;
  readonly table: TransactionTable;
  readonly ops: OpWriter;
  readonly counts: TransactionCounts;
  readonly stats: BrokerStats;
  readonly levels: DelayLevels;
}

/** What is noted when a commit is stored. */
interface CommittedHalf {
  readonly current: number;
  readonly origin: number;
  readonly topic: string;
  readonly queueId: number;
  readonly storeTimestampMs: number;
}

const ALREADY_DECIDED: Refusal = {
  code: ResponseCode.ILLEGAL_OPERATION,
  remark: 'The transaction is decided already; the first decision counts',
};

/**
 * Brings decisions about. A commit counts when the message is stored in its topic, a rollback when it is noted in the op
 * queue; before that the transaction is open, after that no other decision is taken.
 * Source: rocketmq 5.5.0 `EndTransactionProcessor#processRequest`.
 */
export class TransactionDecisions {
  private readonly topics = new Map<string, { readonly bytes: Buffer; queues: StoreQueue[] }>();

  constructor(private readonly parts: DecisionParts) {}

  /**
   * @param half its bytes are needed during the call alone
   * @param done is called once: with undefined when the decision stands; not before it is durable as the flush mode
   * promises
   * @returns the queue offset of what is under way for this transaction: ask again when that has ended, `done` will not
   * be called; undefined otherwise
   */
  decide(
    half: MessageRecord,
    decision: 'commit' | 'rollback',
    done: (outcome: DecisionOutcome) => void,
  ): number | undefined {
    const { table, counts } = this.parts;
    const origin = originOf(half);
    const current = table.currentOf(origin, half.queueOffset);
    switch (table.begin(current)) {
      case 'busy':
        return current;
      case 'decided':
        counts.lateDecisions++;
        done(ALREADY_DECIDED);
        return undefined;
      case 'open':
        if (decision === 'commit') this.commit(half, current, origin, done);
        else this.rollBack(half, current, origin, done);
        return undefined;
    }
  }

  /**
   * As `decide` with a commit, of a half message without wishes and copies.
   * @param half is read during the call alone
   */
  commitPlain(half: HalfView, done: (outcome: DecisionOutcome) => void): number | undefined {
    const { table, counts, store } = this.parts;
    const { queueOffset, storeTimestampMs, topic, queueId } = half;
    const current = table.currentOf(queueOffset, queueOffset);
    const state = table.begin(current);
    if (state === 'busy') return current;
    if (state === 'decided') {
      counts.lateDecisions++;
      done(ALREADY_DECIDED);
      return undefined;
    }
    const { bytes, queue } = this.target(topic, queueId);
    try {
      store.append(
        new CommittedMessage(queue, bytes, half, (entry, outcome) =>
          this.committed(
            entry,
            outcome,
            { current, origin: queueOffset, topic, queueId, storeTimestampMs },
            done,
          ),
        ),
      );
    } catch (error) {
      table.abandon(current);
      done({ code: ResponseCode.MESSAGE_ILLEGAL, remark: describeError(error) });
    }
    return undefined;
  }

  /** The message was found to be committed already: what is left is to note so. */
  settleCommitted(half: MessageRecord): void {
    const { table, ops, counts } = this.parts;
    const origin = originOf(half);
    const current = table.currentOf(origin, half.queueOffset);
    if (table.begin(current) !== 'open') return;
    table.settle(current, origin);
    ops.note(current);
    counts.foundCommitted++;
    this.forgetHalf(half);
  }

  private commit(
    half: MessageRecord,
    current: number,
    origin: number,
    done: (outcome: DecisionOutcome) => void,
  ): void {
    const { table } = this.parts;
    const place = realPlaceOf(half);
    if (place === undefined) {
      table.abandon(current);
      done({ code: ResponseCode.SYSTEM_ERROR, remark: 'The half message has no topic' });
      return;
    }
    const of = { current, origin, ...place, storeTimestampMs: half.storeTimestampMs };
    try {
      this.appendCommitted(half, place, (entry, outcome) =>
        this.committed(entry, outcome, of, done),
      );
    } catch (error) {
      table.abandon(current);
      done({ code: ResponseCode.MESSAGE_ILLEGAL, remark: describeError(error) });
    }
  }

  /** The store has decided about the message of a commit. */
  private committed(
    entry: AppendEntry,
    outcome: StoreOutcome,
    of: CommittedHalf,
    done: (outcome: DecisionOutcome) => void,
  ): void {
    const { table, ops, counts, clock } = this.parts;
    if (outcome.kind === 'REFUSED') {
      table.abandon(of.current);
      done(unavailable(outcome.refusal));
      return;
    }
    table.settle(of.current, of.origin);
    ops.note(of.current);
    this.countStored(of, entry);
    counts.addHalf(of.topic, -1);
    counts.countCommit(of.topic, clock.nowMs() - of.storeTimestampMs);
    done(undefined);
  }

  private appendCommitted(
    half: MessageRecord,
    place: { readonly topic: string; readonly queueId: number },
    settled: (entry: AppendEntry, outcome: StoreOutcome) => void,
  ): void {
    const { store, levels, clock } = this.parts;
    const level = Number(half.properties.get(PropertyName.DELAY) ?? '0');
    if (!(level > 0)) {
      const { bytes, queue } = this.target(place.topic, place.queueId);
      store.append(new CommittedMessage(queue, bytes, sourceOf(half), settled));
      return;
    }
    // The delay begins with the commit. Apache's broker loses half messages that ask for one.
    const properties = propertiesOf(half);
    const delayed = delayMessage(properties, { ...place, level }, levels, clock.nowMs());
    const queue = store.queue(SCHEDULE_TOPIC, delayed.queueId);
    const message = new BrokerMessage(queue, half, properties);
    message.sysFlag = withTransactionBits(half.sysFlag, MessageSysFlag.TRANSACTION_COMMIT);
    message.preparedTransactionOffset = half.commitLogOffset;
    message.tagsCode = delayed.deliverAtMs;
    store.append(message);
    void message.stored.then((outcome) => settled(message, outcome));
  }

  private rollBack(
    half: MessageRecord,
    current: number,
    origin: number,
    done: (outcome: DecisionOutcome) => void,
  ): void {
    const { table, ops, counts } = this.parts;
    // The decision stands from now on; what the store refuses is noted again until it takes it.
    table.settle(current, origin);
    ops.noteNow(current, () => done(undefined));
    const place = realPlaceOf(half);
    if (place) counts.countRollback(place.topic);
    this.forgetHalf(half);
  }

  private forgetHalf(half: MessageRecord): void {
    const place = realPlaceOf(half);
    if (place) this.parts.counts.addHalf(place.topic, -1);
  }

  private countStored(place: { topic: string; queueId: number }, entry: AppendEntry): void {
    const { stats } = this.parts;
    stats.countPut({
      traffic: stats.topic(place.topic),
      queueId: place.queueId,
      messageType: MessageType.TRANSACTION,
      messageCount: 1,
      storedBytes: entry.sizeBytes,
      storeTimestampMs: entry.storeTimestampMs,
    });
  }

  /** Handles of the topics that are committed to, so that a commit makes neither a buffer nor a lookup of two keys. */
  private target(topic: string, queueId: number): { bytes: Buffer; queue: StoreQueue } {
    let known = this.topics.get(topic);
    if (!known) {
      if (this.topics.size >= TARGET_COUNT_MAX) this.topics.clear();
      this.topics.set(topic, (known = { bytes: Buffer.from(topic), queues: [] }));
    }
    const queue =
      queueId < QUEUE_COUNT_MAX
        ? (known.queues[queueId] ??= this.parts.store.queue(topic, queueId))
        : this.parts.store.queue(topic, queueId);
    return { bytes: known.bytes, queue };
  }
}

const TARGET_COUNT_MAX = 10_000;
const QUEUE_COUNT_MAX = 1_024;
