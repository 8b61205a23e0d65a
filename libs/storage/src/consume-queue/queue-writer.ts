import {
  asError,
  describeError,
  KIB,
  MIB,
  type Clock,
  type ClockTask,
  type Logger,
} from '@rocketmq-ts/kernel';
import type { DispatchMark } from '../dispatch-mark.js';
import { isOutOfSpace, type StoreHealth } from '../store-health.js';
import type { ConsumeQueue } from './consume-queue.js';
import type { QueueFlusher } from './queue-flusher.js';

const DUE_CHECK_MS = 250;
/** Time that background syncs leave for each queue that was written. */
const QUEUE_SYNC_MS = 20;
/**
 * Log that comes before the next cycle for each queue that takes a write then, so that a write carries some dozens of units;
 * and how many times the usual amount that may be: recovery reads all of it.
 */
const LOG_BYTES_PER_QUEUE = 64 * KIB;
const LOG_BYTES_FACTOR_MAX = 4;
/** Units of one queue after which a cycle begins early. */
const QUEUE_UNITS_MAX = 1 << 19;
/** Units of one queue in memory at which the store gives up: the queues' disk has taken nothing for very long. */
const UNWRITTEN_UNITS_MAX = 4 * MIB;

/** What happens around the cycles. */
export interface QueueWriterEvents {
  /** Runs after the units of a cycle are in the files: hands the index to the system and notes the progress. */
  onWritten(mark: DispatchMark): Promise<void>;
  /** Syncs the log up to this offset. */
  syncLog(commitLogOffset: number): Promise<void>;
  /** Runs after everything below the mark was synced, log included. */
  onSynced(mark: DispatchMark): Promise<void>;
}

/**
 * Writes queue units out in the background: all queues in turn, when enough log has come since, or after a time; and syncs
 * them more rarely. A failed write leaves the units in memory and is tried again (queues are derived from the log); a
 * failed sync ends the store, because what the file holds then is unknown.
 */
export class QueueWriter {
  private writtenMark: DispatchMark;
  private syncedMark: DispatchMark;
  private lastWriteMs: number;
  private lastSyncMs: number;
  private running: Promise<void> | undefined;
  private readonly timer: ClockTask;
  private failure: Error | undefined;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly logger: Logger;
      readonly flusher: QueueFlusher;
      readonly health: StoreHealth;
      readonly dispatched: () => DispatchMark;
      readonly events: QueueWriterEvents;
      readonly writeLogBytes: number;
      readonly writeIntervalMs: number;
      readonly syncIntervalMs: number;
    },
    recovered: { readonly writtenMark: DispatchMark; readonly syncedMark: DispatchMark },
  ) {
    this.writtenMark = recovered.writtenMark;
    this.syncedMark = recovered.syncedMark;
    this.lastWriteMs = parts.clock.monotonicMs();
    this.lastSyncMs = this.lastWriteMs;
    this.timer = parts.clock.setPeriodic(DUE_CHECK_MS, () => this.startIfDue());
  }

  /** A queue got so many units that it should not wait for the usual time. Call it now and then, not per unit. */
  noteUnits(queue: ConsumeQueue): void {
    const { unwrittenCount } = queue;
    if (unwrittenCount < QUEUE_UNITS_MAX) return;
    if (unwrittenCount >= UNWRITTEN_UNITS_MAX) {
      this.parts.health.fail(
        'writing consume queues',
        new Error(`${unwrittenCount} units of ${queue.topic} could not be written`),
      );
    }
    if (!this.running) void this.cycle(false);
  }

  /** Writes (and with `durable` syncs) everything dispatched before the call. Errors are logged, see `close`. */
  async cycle(durable: boolean): Promise<void> {
    while (this.running) await this.running;
    this.running = this.runCycle(durable).finally(() => {
      this.running = undefined;
    });
    await this.running;
  }

  /** Runs `work` while no cycle runs. @throws what `work` throws */
  async exclusively(work: () => Promise<void>): Promise<void> {
    while (this.running) await this.running;
    const working = work();
    const done = (): void => {
      this.running = undefined;
    };
    this.running = working.then(done, done);
    await working;
  }

  /** Writes and syncs all units. @throws the error of the last cycle */
  async close(): Promise<void> {
    this.timer.cancel();
    await this.cycle(true);
    if (this.failure !== undefined) throw this.failure;
  }

  /** Stops without writing: the store failed. */
  async stop(): Promise<void> {
    this.timer.cancel();
    await this.running;
  }

  private startIfDue(): void {
    if (this.running || this.parts.health.fatal) return;
    const { clock, dispatched, flusher, writeIntervalMs, syncIntervalMs } = this.parts;
    const now = clock.monotonicMs();
    const dispatchedOffset = dispatched().commitLogOffset;
    const newBytes = dispatchedOffset - this.writtenMark.commitLogOffset;
    // Thousands of queues take thousands of syncs: never more often than the disk bears beside the log's own.
    const syncPeriodMs = Math.max(syncIntervalMs, flusher.unsyncedCount * QUEUE_SYNC_MS);
    const syncDue =
      now - this.lastSyncMs >= syncPeriodMs && dispatchedOffset > this.syncedMark.commitLogOffset;
    const writeDue =
      newBytes >= this.logBytesBetweenWrites() ||
      (newBytes > 0 && now - this.lastWriteMs >= writeIntervalMs);
    if (writeDue || syncDue) void this.cycle(syncDue);
  }

  private logBytesBetweenWrites(): number {
    const { flusher, writeLogBytes } = this.parts;
    const forQueues = flusher.dirtyCount * LOG_BYTES_PER_QUEUE;
    return Math.min(Math.max(writeLogBytes, forQueues), writeLogBytes * LOG_BYTES_FACTOR_MAX);
  }

  private async runCycle(durable: boolean): Promise<void> {
    const { clock, dispatched, events, flusher, logger } = this.parts;
    const mark = dispatched();
    this.failure = undefined;
    try {
      await flusher.writeDirty();
      await events.onWritten(mark);
      this.writtenMark = mark;
    } catch (error) {
      this.failure = asError(error);
      logger.error('writing consume queues failed, trying again', { error: describeError(error) });
    }
    this.lastWriteMs = clock.monotonicMs();
    if (!durable || this.failure !== undefined) return;
    try {
      await events.syncLog(mark.commitLogOffset);
      await flusher.syncWritten();
    } catch (error) {
      this.failure = asError(error);
      this.parts.health.fail('syncing consume queues', error);
      return;
    }
    await this.noteSynced(mark);
    this.lastSyncMs = clock.monotonicMs();
  }

  /** Everything is synced; the note of it needs room for a new list of queues, which may come back (P16). */
  private async noteSynced(mark: DispatchMark): Promise<void> {
    try {
      await this.parts.events.onSynced(mark);
      this.syncedMark = mark;
    } catch (error) {
      this.failure = asError(error);
      if (!isOutOfSpace(error)) {
        this.parts.health.fail('noting what is synced', error);
        return;
      }
      this.parts.logger.error('no room to note what is synced, trying again', {
        error: describeError(error),
      });
    }
  }
}
