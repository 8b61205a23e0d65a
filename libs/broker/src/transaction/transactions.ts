import type { Clock, ClockTask, Logger } from '@rocketmq-ts/kernel';
import { decodeRecord, ResponseCode } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { StoredRecord, StoreQueue } from '@rocketmq-ts/storage';
import type { BrokerIdentity } from '../broker-identity.js';
import type { DelayLevels } from '../delay/delay-levels.js';
import type { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import { BrokerMessage } from '../send/broker-message.js';
import { unavailable } from '../send/send-decision.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import type { TimerPlacement } from '../timer/timer-placement.js';
import type {
  MessageLookup,
  MessageSink,
  MessageSource,
  NewestRecords,
  StoreGauges,
} from '../store-access.js';
import {
  TRANSACTION_CHECK_MAX_TOPIC,
  TRANSACTION_HALF_TOPIC,
  TRANSACTION_OP_TOPIC,
} from '../topic/topic-name.js';
import type { CheckBacks } from './check-back.js';
import type { CheckRules } from './check-policy.js';
import { EndTransactionHandler } from './end-transaction.handler.js';
import { HalfChecker } from './half-checker.js';
import {
  HALF_QUEUE_ID,
  realPlaceOf,
  resumedProperties,
  TRANSACTION_GROUP,
} from './half-message.js';
import { loadTransactions } from './load-transactions.js';
import { OpWriter } from './op-writer.js';
import type { OpProgress } from './op-progress.js';
import type { RecentHalves } from './recent-halves.js';
import type { TransactionCounts } from './transaction-counts.js';
import { TransactionDecisions } from './transaction-decisions.js';
import type { TransactionTable } from './transaction-table.js';

/** How often the progress is noted for the next save of the consumer offsets. */
const PROGRESS_INTERVAL_MS = 1_000;

/** Settings, read anew where they can change while the broker runs. */
export interface TransactionSettings extends CheckRules {
  readonly opBatchBytesMax: number;
  readonly opBatchIntervalMs: number;
}

/** What `Transactions` works with. */
export interface TransactionParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: MessageSink & MessageSource & MessageLookup & NewestRecords & StoreGauges;
  readonly recent: RecentHalves;
  readonly identity: BrokerIdentity;
  readonly offsets: ConsumerOffsetTable;
  readonly counts: TransactionCounts;
  readonly stats: BrokerStats;
  readonly levels: DelayLevels;
  readonly timer: Pick<TimerPlacement, 'place'>;
  readonly checkBacks: CheckBacks;
  readonly prepareParking: () => Promise<void>;
  readonly settings: TransactionSettings;
}

/** Everything that is made from what the store holds. */
interface Loaded {
  readonly table: TransactionTable;
  readonly progress: OpProgress;
  readonly ops: OpWriter;
  readonly checker: HalfChecker;
  readonly handler: EndTransactionHandler;
}

/** How far both queues are done with. */
interface Progress {
  readonly half: number;
  readonly op: number;
  /** End of the log at that moment. */
  readonly logOffset: number;
}

/**
 * The transactions of a broker: half messages that wait for the decision of their producer.
 *
 * State lies in the store, in Apache's form: half messages in one queue, notes about those that are done with in another
 * (`OpWriter`), and the progress in both as that of a consumer group. What memory holds is rebuilt from there at the start.
 *
 * Source: rocketmq 5.5.0 `TransactionalMessageServiceImpl`, `TransactionalMessageBridge`.
 */
export class Transactions {
  private readonly halfQueue: StoreQueue;
  private readonly opQueue: StoreQueue;
  private loaded: Loaded | undefined;
  private nextProgress: Progress | undefined;
  private task: ClockTask | undefined;

  constructor(private readonly parts: TransactionParts) {
    this.halfQueue = parts.store.queue(TRANSACTION_HALF_TOPIC, HALF_QUEUE_ID);
    this.opQueue = parts.store.queue(TRANSACTION_OP_TOPIC, HALF_QUEUE_ID);
  }

  /** Reads what is open; before the ports are opened. */
  async start(): Promise<void> {
    const { clock, logger, store, offsets, identity, settings } = this.parts;
    const { halfQueue, opQueue } = this;
    const startLogOffset = store.commitLogMaxOffset;
    const saved = {
      half: offsets.query(TRANSACTION_GROUP, TRANSACTION_HALF_TOPIC, HALF_QUEUE_ID),
      op: offsets.query(TRANSACTION_GROUP, TRANSACTION_OP_TOPIC, HALF_QUEUE_ID),
    };
    const { table, progress, decidedBefore } = await loadTransactions(
      store,
      { half: halfQueue, op: opQueue },
      saved,
    );
    const ops = new OpWriter({
      clock,
      logger,
      store,
      queue: opQueue,
      storeHostBytes: identity.storeHostBytes,
      progress,
      settings: {
        get batchBytesMax() {
          return settings.opBatchBytesMax;
        },
        get batchIntervalMs() {
          return settings.opBatchIntervalMs;
        },
      },
    });
    const decisions = new TransactionDecisions({ ...this.parts, table, ops });
    const common = { ...this.parts, table, decisions, halfQueue };
    const checker = new HalfChecker({ ...common, ops, decidedBefore, rules: settings });
    const handler = new EndTransactionHandler({
      ...common,
      timeoutMs: () => settings.timeoutMs,
      startLogOffset,
    });
    this.loaded = { table, progress, ops, checker, handler };
    checker.start();
    this.task = clock.setPeriodic(PROGRESS_INTERVAL_MS, () => this.noteProgress());
  }

  /** After the ports were closed: what was decided is written, the progress is noted. */
  async stop(): Promise<void> {
    this.task?.cancel();
    this.task = undefined;
    const { loaded } = this;
    if (!loaded) return;
    await loaded.checker.stop();
    await loaded.ops.flush();
    this.nextProgress = this.progressNow(loaded);
    this.commitProgress(this.nextProgress);
  }

  /** Takes END_TRANSACTION. */
  get handle(): EndTransactionHandler['handle'] {
    return (frame, connection) => {
      if (!this.loaded) {
        const remark = 'the transactions are not read yet';
        throw new ResponseError(ResponseCode.SERVICE_NOT_AVAILABLE, remark);
      }
      this.loaded.handler.handle(frame, connection);
    };
  }

  /** Open half messages that are known to need a check some time. */
  get waitingCount(): number {
    return this.loaded?.checker.waitingCount ?? 0;
  }

  /**
   * Puts a parked half message back, to be checked from the beginning.
   * @throws {ResponseError} there is no parked message at this place, or the store takes nothing.
   * Source: rocketmq 5.5.0 `AdminBrokerProcessor#resumeCheckHalfMessage`.
   */
  async resume(commitLogOffset: number): Promise<void> {
    const { store, counts } = this.parts;
    const parked = parkedHalf(await store.recordAt(commitLogOffset));
    const copy = new BrokerMessage(this.halfQueue, parked, resumedProperties(parked));
    store.append(copy);
    const outcome = await copy.stored;
    if (outcome.kind === 'REFUSED') {
      const { code, remark } = unavailable(outcome.refusal);
      throw new ResponseError(code, remark);
    }
    const topic = realPlaceOf(parked)?.topic;
    if (topic !== undefined) counts.addHalf(topic, 1);
  }

  /**
   * Notes how far the queues are done with, once all that was written until then is on stable storage: a message whose
   * commit was lost with the power must be asked about again.
   */
  private noteProgress(): void {
    const { loaded, nextProgress } = this;
    const { store } = this.parts;
    if (!loaded) return;
    if (nextProgress) {
      if (store.commitLogMaxOffset - store.stats.unflushedBytes < nextProgress.logOffset) return;
      this.commitProgress(nextProgress);
    }
    this.nextProgress = this.progressNow(loaded);
  }

  private progressNow({ table, progress }: Loaded): Progress {
    const half = table.resolved.advance(this.halfQueue.maxOffset);
    return { half, op: progress.advance(half), logOffset: this.parts.store.commitLogMaxOffset };
  }

  private commitProgress({ half, op }: Progress): void {
    const { offsets } = this.parts;
    // Without a transaction there is nothing to note.
    if (this.halfQueue.maxOffset === 0 && this.opQueue.maxOffset === 0) return;
    offsets.commit(TRANSACTION_GROUP, TRANSACTION_HALF_TOPIC, HALF_QUEUE_ID, half);
    offsets.commit(TRANSACTION_GROUP, TRANSACTION_OP_TOPIC, HALF_QUEUE_ID, op);
  }
}

function parkedHalf(stored: StoredRecord | undefined): ReturnType<typeof decodeRecord> {
  const record = stored && decodeRecord(stored.bytes, 0);
  if (record?.topic === TRANSACTION_CHECK_MAX_TOPIC && realPlaceOf(record)) return record;
  const remark = 'Put message back to RMQ_SYS_TRANS_HALF_TOPIC failed. There is no parked message';
  throw new ResponseError(ResponseCode.SYSTEM_ERROR, remark);
}
