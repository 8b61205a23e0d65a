import { describeError } from '@rocketmq-ts/kernel';
import type { Clock } from '@rocketmq-ts/kernel';
import { PropertyName, ResponseCode } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import type { AppendEntry, StoreOutcome, StoreQueue } from '@rocketmq-ts/storage';
import type { DelayLevels } from '../delay/delay-levels.js';
import { wholeRange } from '../message-copy.js';
import { delayMessage, propertiesOf, storedPropertiesText } from '../send/broker-message.js';
import { unavailable } from '../send/send-decision.js';
import type { Refusal } from '../send/send-decision.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import { MessageType } from '../stats/traffic.js';
import type { MessageSink } from '../store-access.js';
import { timeMessage, timerWishOf } from '../timer/timed-message.js';
import type { TimerPlacement } from '../timer/timer-placement.js';
import { SCHEDULE_TOPIC, TIMER_TOPIC } from '../topic/topic-name.js';
import { CommittedMessage, sourceOf } from './committed-message.js';
import type { HalfView } from './half-view.js';
import { originOf, realPlaceOf } from './half-message.js';
import type { RealPlace } from './half-message.js';
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
  readonly timer: Pick<TimerPlacement, 'place'>;
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
      const refusal = this.appendCommitted(half, place, (entry, outcome) =>
        this.committed(entry, outcome, of, done),
      );
      if (refusal === undefined) return;
      table.abandon(current);
      done(refusal);
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

  /**
   * Stores the message where it belongs, or where it waits: a delay begins with the commit. (Apache's broker loses half
   * messages that ask for one.)
   * @returns why it cannot be committed now
   */
  private appendCommitted(
    half: MessageRecord,
    place: RealPlace,
    settled: (entry: AppendEntry, outcome: StoreOutcome) => void,
  ): Refusal | undefined {
    const { store, levels, timer, clock } = this.parts;
    const level = Number(half.properties.get(PropertyName.DELAY) ?? '0');
    const wish = level > 0 ? undefined : timerWishOf(half.properties);
    if (level > 0) {
      const properties = propertiesOf(half);
      const delayed = delayMessage(properties, { ...place, level }, levels, clock.nowMs());
      const message = this.waiting(SCHEDULE_TOPIC, delayed.queueId, half, properties, settled);
      message.tagsCode = delayed.deliverAtMs;
      store.append(message);
      return undefined;
    }
    const slot = wish && timer.place(wish, half.properties.has('TIMER_DEL_UNIQKEY'));
    if (typeof slot === 'object') return slot;
    if (slot !== undefined && slot > 0) {
      const properties = propertiesOf(half);
      timeMessage(properties, slot, place);
      store.append(this.waiting(TIMER_TOPIC, 0, half, properties, settled));
      return undefined;
    }
    const { bytes, queue } = this.target(place.topic, place.queueId);
    store.append(new CommittedMessage(queue, bytes, sourceOf(half), settled));
    return undefined;
  }

  /** A committed message that goes the long way round. */
  private waiting(
    topic: string,
    queueId: number,
    half: MessageRecord,
    properties: ReadonlyMap<string, string>,
    settled: (entry: AppendEntry, outcome: StoreOutcome) => void,
  ): AppendEntry {
    const { store } = this.parts;
    const propertiesBytes = Buffer.from(storedPropertiesText(properties));
    const source = Object.assign(sourceOf(half), wholeRange(propertiesBytes));
    return new CommittedMessage(store.queue(topic, queueId), Buffer.from(topic), source, settled);
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
