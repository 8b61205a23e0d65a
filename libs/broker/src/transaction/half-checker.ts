import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, ClockTask, Logger } from '@rocketmq-ts/kernel';
import { PropertyName } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import { StorageError } from '@rocketmq-ts/storage';
import type { StoreQueue } from '@rocketmq-ts/storage';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { readOne } from '../query/one-record.js';
import { BrokerMessage, propertiesOf } from '../send/broker-message.js';
import type { MessageLookup, MessageSink, MessageSource } from '../store-access.js';
import { TRANSACTION_CHECK_MAX_TOPIC } from '../topic/topic-name.js';
import type { CheckBacks } from './check-back.js';
import { dueMsOf, halfTimesOf, mustPark, mustRenew, waitAfterCheck } from './check-policy.js';
import type { CheckRules } from './check-policy.js';
import { CheckSchedule } from './check-schedule.js';
import { isCommitted } from './commit-evidence.js';
import {
  apacheOriginOf,
  HALF_QUEUE_ID,
  ORIGIN_PROPERTY,
  originOf,
  realPlaceOf,
  renewedProperties,
} from './half-message.js';
import { HalfScan } from './half-scan.js';
import type { OpWriter } from './op-writer.js';
import type { TransactionCounts } from './transaction-counts.js';
import type { TransactionDecisions } from './transaction-decisions.js';
import type { TransactionTable } from './transaction-table.js';

/** How often it is looked whether something is due. */
const TICK_MS = 500;
/** Checks that are under way at the same time. */
const CHECKS_AT_ONCE_MAX = 64;
/** Pause after the store refused what a check needs. */
const REFUSED_PAUSE_MS = 5_000;
/** Pause after the record of an open transaction could not be read. */
const UNREADABLE_PAUSE_MS = 60_000;
/** Half messages of groups without a producer are looked at so often: they may have become too old. */
const RECONSIDER_MS = 3_600_000;
/** A half message that holds the progress back by more than this is stored once more, so that a start reads less. */
const WINDOW_COUNT_MAX = 1_000_000;

/** What `HalfChecker` works with. */
export interface HalfCheckerParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: MessageSink & MessageSource & Pick<MessageLookup, 'query'>;
  readonly halfQueue: StoreQueue;
  readonly table: TransactionTable;
  readonly ops: OpWriter;
  readonly decisions: TransactionDecisions;
  readonly counts: TransactionCounts;
  readonly checkBacks: CheckBacks;
  /** Makes the topic of parked messages where there is none. */
  readonly prepareParking: () => Promise<void>;
  readonly rules: CheckRules;
  /** Half messages below the progress that the op queue says are decided, as of the start. */
  readonly decidedBefore: ReadonlySet<number>;
}

const isDecided = (
  queueOffset: number,
  { resolved }: TransactionTable,
  decidedBefore: ReadonlySet<number>,
): boolean =>
  queueOffset < resolved.base ? decidedBefore.has(queueOffset) : resolved.has(queueOffset);

/**
 * Asks producers about transactions that they left open, and parks those about which nobody can say anything.
 *
 * Each half message is read once when it has become old enough (`HalfScan`), and then again only when it is due. A check
 * counts when a producer was there to be asked: half messages of a group without one wait by themselves until it comes.
 *
 * Source: rocketmq 5.5.0 `TransactionalMessageServiceImpl#check`.
 */
export class HalfChecker {
  private readonly schedule: CheckSchedule;
  private readonly scan: HalfScan;
  /** Half messages that wait for a producer of their group. */
  private readonly orphans = new Map<string, number[]>();
  private orphansLookedAtMs: number;
  private task: ClockTask | undefined;
  private running = 0;
  private stopped = false;
  private onIdle: (() => void) | undefined;

  constructor(private readonly parts: HalfCheckerParts) {
    const { clock, table, store, halfQueue, logger, rules } = parts;
    this.schedule = new CheckSchedule(clock.monotonicMs());
    this.orphansLookedAtMs = clock.monotonicMs();
    this.scan = new HalfScan({
      clock,
      logger,
      store,
      queue: halfQueue,
      resolved: table.resolved,
      minAgeMs: () => rules.timeoutMs,
      waitingCount: () => this.waitingCount,
      found: (half) => this.examine(half),
      gone: (queueOffset) => this.unreadable(queueOffset),
    });
  }

  /** Open half messages that are known and wait for their time. */
  get waitingCount(): number {
    let count = this.schedule.size;
    for (const offsets of this.orphans.values()) count += offsets.length;
    return count;
  }

  start(): void {
    this.task ??= this.parts.clock.setPeriodic(TICK_MS, () => this.tick());
  }

  /** Ends when nothing is under way any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.task?.cancel();
    this.task = undefined;
    this.scan.stop();
    if (this.running === 0) return;
    await new Promise<void>((resolve) => {
      this.onIdle = resolve;
    });
  }

  private tick(): void {
    this.scan.advance();
    // What was stored before the start comes first: a copy behind may stand for what is due.
    if (!this.scan.caughtUp) return;
    this.wakeOrphans();
    this.renewOldest();
    this.runDue();
  }

  /** A half message that is open and old enough. */
  private examine(half: MessageRecord): void {
    const { table, ops, clock, rules, decidedBefore } = this.parts;
    const apacheOrigin = apacheOriginOf(half);
    if (apacheOrigin !== undefined && !half.properties.has(ORIGIN_PROPERTY)) {
      // Apache's broker decides such a copy by a note about the original.
      if (isDecided(apacheOrigin, table, decidedBefore)) {
        table.resolved.add(half.queueOffset);
        ops.note(half.queueOffset);
        return;
      }
    }
    const older = table.noteCopy(originOf(half), half.queueOffset);
    // A process died between storing the copy and noting that it stands for the older one.
    if (older !== undefined) ops.note(older);
    const waitMs = dueMsOf(halfTimesOf(half, rules), rules) - clock.nowMs();
    this.schedule.add(half.queueOffset, clock.monotonicMs() + waitMs);
  }

  private runDue(): void {
    const { clock, table } = this.parts;
    while (this.running < CHECKS_AT_ONCE_MAX && !this.stopped) {
      const queueOffset = this.schedule.takeDue(clock.monotonicMs());
      if (queueOffset === undefined) return;
      if (!table.resolved.has(queueOffset)) this.run(queueOffset);
    }
  }

  private run(queueOffset: number): void {
    const { logger } = this.parts;
    this.running++;
    this.check(queueOffset)
      .catch((error: unknown) => {
        logger.error('an open transaction could not be checked; it is tried again', {
          queueOffset,
          reason: describeError(error),
        });
        this.putOff(queueOffset, REFUSED_PAUSE_MS);
      })
      .finally(() => {
        this.running--;
        if (this.running === 0) this.onIdle?.();
        this.runDue();
      });
  }

  private async check(queueOffset: number): Promise<void> {
    const { store, halfQueue, table, clock, rules, decisions } = this.parts;
    const half = await readOne(store, halfQueue, queueOffset);
    if (half?.queueOffset !== queueOffset) {
      this.unreadable(queueOffset);
      return;
    }
    if (await isCommitted(store, half, clock.nowMs())) {
      decisions.settleCommitted(half);
      if (!table.resolved.has(queueOffset)) this.putOff(queueOffset, REFUSED_PAUSE_MS);
      return;
    }
    const times = halfTimesOf(half, rules);
    const parks = mustPark(times, rules, clock.nowMs()) || realPlaceOf(half) === undefined;
    const group = half.properties.get(PropertyName.PRODUCER_GROUP) ?? '';
    const producer = parks ? undefined : this.parts.checkBacks.producerOf(group);
    if (!parks && !producer && !mustRenew(times, rules, clock.nowMs())) {
      this.waitForProducer(group, queueOffset);
      return;
    }
    const state = table.begin(queueOffset);
    if (state === 'busy') this.putOff(queueOffset, REFUSED_PAUSE_MS);
    if (state !== 'open') return;
    if (parks) await this.park(half);
    else await this.renew(half, times.checkCount, producer);
  }

  /** Stores the half message once more with one check more, and asks; without a producer nothing is counted. */
  private async renew(
    half: MessageRecord,
    checkCount: number,
    producer: ServerConnection | undefined,
  ): Promise<void> {
    const { halfQueue, table, ops, counts, rules, checkBacks } = this.parts;
    const newCount = producer ? checkCount + 1 : checkCount;
    const properties = renewedProperties(half, newCount);
    const copy = new BrokerMessage(halfQueue, half, properties);
    if (!(await this.stored(copy, half))) return;
    const { queueOffset, commitLogOffset, storeTimestampMs } = copy;
    this.scan.skip(queueOffset);
    table.renew(half.queueOffset, originOf(half), queueOffset);
    ops.noteNow(half.queueOffset);
    if (!producer) {
      this.waitForProducer(half.properties.get(PropertyName.PRODUCER_GROUP) ?? '', queueOffset);
      return;
    }
    this.putOff(queueOffset, waitAfterCheck(newCount, rules));
    // The producer may have gone while the copy was stored; then the next turn finds another.
    if (producer.closed) return;
    counts.checksSent++;
    checkBacks.send(producer, {
      record: half,
      properties,
      queueOffset,
      commitLogOffset,
      storeTimestampMs,
    });
  }

  /** Puts the half message where operators find it (P10): it is not dropped, and can be resumed. */
  private async park(half: MessageRecord): Promise<void> {
    const { store, table, ops, counts, logger, prepareParking } = this.parts;
    try {
      await prepareParking();
    } catch (error) {
      table.abandon(half.queueOffset);
      throw error;
    }
    const queue = store.queue(TRANSACTION_CHECK_MAX_TOPIC, HALF_QUEUE_ID);
    if (!(await this.stored(new BrokerMessage(queue, half, propertiesOf(half)), half))) return;
    table.settle(half.queueOffset, originOf(half));
    ops.noteNow(half.queueOffset);
    counts.parked++;
    const topic = realPlaceOf(half)?.topic;
    if (topic !== undefined) counts.addHalf(topic, -1);
    logger.warn('an open transaction was parked: nobody could say what became of it', {
      topic,
      group: half.properties.get(PropertyName.PRODUCER_GROUP),
      uniqKey: half.properties.get(PropertyName.UNIQ_KEY),
      checkCount: half.properties.get(PropertyName.TRANSACTION_CHECK_TIMES),
      parkedIn: TRANSACTION_CHECK_MAX_TOPIC,
    });
  }

  /** Stores a copy of a half message that this check has claimed. @returns whether it is stored; if not it is tried again */
  private async stored(copy: BrokerMessage, half: MessageRecord): Promise<boolean> {
    const { store, table } = this.parts;
    try {
      store.append(copy);
    } catch (error) {
      table.abandon(half.queueOffset);
      // Its properties have no room for the count: then it cannot be asked about.
      if (error instanceof StorageError && copy.queue === this.parts.halfQueue) {
        if (table.begin(half.queueOffset) === 'open') await this.park(half);
        return false;
      }
      throw error;
    }
    const outcome = await copy.stored;
    if (outcome.kind !== 'REFUSED') return true;
    table.abandon(half.queueOffset);
    this.putOff(half.queueOffset, REFUSED_PAUSE_MS);
    return false;
  }

  private putOff(queueOffset: number, waitMs: number): void {
    this.schedule.add(queueOffset, this.parts.clock.monotonicMs() + waitMs);
  }

  private waitForProducer(group: string, queueOffset: number): void {
    const waiting = this.orphans.get(group);
    if (waiting) waiting.push(queueOffset);
    else this.orphans.set(group, [queueOffset]);
    this.parts.counts.checksWithoutProducer++;
  }

  private wakeOrphans(): void {
    const { clock, checkBacks } = this.parts;
    const nowMs = clock.monotonicMs();
    const all = nowMs - this.orphansLookedAtMs > RECONSIDER_MS;
    if (all) this.orphansLookedAtMs = nowMs;
    for (const [group, waiting] of this.orphans) {
      if (!all && !checkBacks.producerOf(group)) continue;
      this.orphans.delete(group);
      for (const queueOffset of waiting) this.schedule.add(queueOffset, nowMs);
    }
  }

  /** The oldest open half message moves to the end when too many decided ones lie behind it. */
  private renewOldest(): void {
    const { table, halfQueue, store } = this.parts;
    const oldest = table.resolved.base;
    if (halfQueue.maxOffset - oldest <= WINDOW_COUNT_MAX || this.running > 0) return;
    if (oldest >= this.scan.position || table.resolved.has(oldest)) return;
    this.running++;
    void readOne(store, halfQueue, oldest)
      .then(async (half) => {
        if (half?.queueOffset !== oldest) this.unreadable(oldest);
        else if (table.begin(oldest) === 'open') await this.moveToEnd(half);
      })
      .catch((error: unknown) =>
        this.parts.logger.warn('an old open transaction could not be moved', {
          queueOffset: oldest,
          reason: describeError(error),
        }),
      )
      .finally(() => {
        if (--this.running === 0) this.onIdle?.();
      });
  }

  private async moveToEnd(half: MessageRecord): Promise<void> {
    const { halfQueue, table, ops, rules, clock } = this.parts;
    const times = halfTimesOf(half, rules);
    const copy = new BrokerMessage(halfQueue, half, renewedProperties(half, times.checkCount));
    if (!(await this.stored(copy, half))) return;
    this.scan.skip(copy.queueOffset);
    table.renew(half.queueOffset, originOf(half), copy.queueOffset);
    ops.noteNow(half.queueOffset);
    this.putOff(copy.queueOffset, Math.max(dueMsOf(times, rules) - clock.nowMs(), 0));
  }

  /** The log was cut before the transaction was decided, or the record is damaged. */
  private unreadable(queueOffset: number): void {
    const { halfQueue, table, counts, ops, logger } = this.parts;
    if (queueOffset >= halfQueue.minOffset) {
      logger.error('an open transaction cannot be read; it is tried again', { queueOffset });
      this.putOff(queueOffset, UNREADABLE_PAUSE_MS);
      return;
    }
    logger.error('an open transaction was deleted with the oldest files before it was decided', {
      queueOffset,
    });
    if (table.begin(queueOffset) !== 'open') return;
    table.settle(queueOffset, queueOffset);
    ops.note(queueOffset);
    counts.lost++;
  }
}
