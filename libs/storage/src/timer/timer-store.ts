import { describeError, type Clock, type Disk, type Logger } from '@rocketmq-ts/kernel';
import {
  encodeCheckpointFile,
  TimerCheckpointFile,
  type TimerCheckpoint,
} from './timer-checkpoint.js';
import { TimerLog } from './timer-log.js';
import {
  recoverTimer,
  startRebuild,
  timerPaths,
  type RecoveredTimer,
  type TimerPaths,
  type TimerRebuild,
} from './timer-opening.js';
import type { TimerRecoveryPlan } from './timer-recovery.js';
import { encodeTimerSnapshot, replaceFile } from './timer-snapshot.js';
import {
  decodeTimerUnit,
  NO_POSITION,
  TIMER_UNIT_BYTES,
  TimerMagic,
  type NewTimerUnit,
  type TimerUnit,
} from './timer-unit.js';
import { WheelFile } from './wheel-file.js';
import { TIMER_WHEEL_SLOTS, type TimerWheel } from './timer-wheel.js';

/** Growth of the timer log after which the wheel is saved, so that a start never has more to walk over. */
const SNAPSHOT_LOG_BYTES = 4 * 1024 * 1024;
const SNAPSHOT_INTERVAL_MS = 60_000;
/** Slots between the oldest one the wheel may still hold and those to come. Source: `TIMER_BLANK_SLOTS`. */
const BLANK_SLOTS = 60;
/** Marks that wait for the commit log at most; of more than these some in the middle are dropped. */
const MARKS_MAX = 64;
const CLOSE_POLL_MS = 20;
/** Log above which waiting messages are not counted by walking over it. */
const COUNT_BYTES_MAX = 1024 * 1024 * 1024;

/** Progress of the commit log that the timer's files must not run ahead of. */
export interface CommitLogProgress {
  readonly flushedOffset: number;
  readonly commitLogMaxOffset: number;
}

export interface TimerStoreOptions {
  readonly rootPath: string;
  readonly precisionMs: number;
  /** Length of a file of the timer log. */
  readonly logFileBytes: number;
  /** How far ahead of its writing a unit's slot may lie. */
  readonly rollWindowMs: number;
  /** Slots of the wheel, Apache's unless a test says otherwise. */
  readonly slotCount?: number;
  readonly commitLog: CommitLogProgress;
}

/** The units of a slot. */
export interface SlotReading {
  /** In the order in which they came. */
  readonly units: readonly TimerUnit[];
  /** False: the chain is broken, units are missing. */
  readonly whole: boolean;
}

/** A moment that a checkpoint can stand for once log and commit log are on stable storage. */
interface Mark {
  readonly logPosition: number;
  readonly queueOffset: number;
  readonly readTimeMs: number;
  readonly commitLogOffset: number;
}

interface PendingSnapshot {
  readonly logPosition: number;
  readonly bytes: Buffer;
}

/**
 * The files of the timer: which messages wait, until when, and how far delivery is. In Apache's formats, see FORMAT.md.
 *
 * Invariants:
 *  I1  a checkpoint is written only when the timer log up to its position, and all that was in the commit log at its moment,
 *      are on stable storage: neither a noted message nor a delivery can be lost behind it;
 *  I2  a snapshot of the wheel is written only when the checkpoint has reached its position;
 *  I3  one flush at a time.
 */
export class TimerStore {
  /** Slots before it are delivered. Set by who delivers. */
  readTimeMs: number;
  /** Next message of the timer topic to be noted. Set by who notes. */
  queueOffset: number;
  /** Set while everything is read again from the timer topic. */
  rebuild: TimerRebuild | undefined;
  private readonly wheelFile: WheelFile;
  private marks: Mark[] = [];
  private saved: TimerCheckpoint | undefined;
  private snapshotPosition = -1;
  private snapshotAtMs: number;
  private pendingSnapshot: PendingSnapshot | undefined;
  /** Kept: one of megabytes for every few seconds of sends would be collected much later. In use while a snapshot is pending. */
  private snapshotBuffer: Buffer = Buffer.alloc(0);
  private flushing: Promise<void> | undefined;
  private secondFileWriteMs: { readonly position: number; readonly timeMs: number } | undefined;
  flushFailures = 0;

  private constructor(
    private readonly seams: { readonly disk: Disk; readonly clock: Clock; readonly logger: Logger },
    private readonly options: TimerStoreOptions,
    private readonly paths: TimerPaths,
    readonly log: TimerLog,
    private readonly checkpointFile: TimerCheckpointFile,
    readonly recovered: RecoveredTimer,
  ) {
    this.rebuild = recovered.rebuild;
    this.readTimeMs = recovered.readTimeMs;
    this.queueOffset = recovered.queueOffset ?? 0;
    this.saved = recovered.checkpoint;
    this.wheelFile = new WheelFile(seams.disk, paths.wheel, recovered.wheel.slotCount);
    this.snapshotAtMs = seams.clock.monotonicMs();
  }

  /** Opens the timer of a store whose commit log is open. @throws system error */
  static async open(
    seams: { readonly disk: Disk; readonly clock: Clock; readonly logger: Logger },
    options: TimerStoreOptions,
  ): Promise<TimerStore> {
    const { disk, clock, logger } = seams;
    const paths = timerPaths(options.rootPath);
    await disk.makeDirectory(`${options.rootPath}/config`);
    const log = await TimerLog.open(disk, paths.log, options.logFileBytes);
    const slotCount = options.slotCount ?? TIMER_WHEEL_SLOTS;
    const { precisionMs, rollWindowMs } = options;
    const reachMs = slotCount * precisionMs - rollWindowMs - BLANK_SLOTS * precisionMs;
    const checkpointFile = new TimerCheckpointFile(disk, paths.checkpoint);
    const recovered = await recoverTimer({
      disk,
      checkpointFile,
      paths,
      log,
      precisionMs,
      slotCount,
      oldestTimeMs: cut(clock.nowMs() - reachMs, precisionMs),
      pause: () => new Promise((resolve) => clock.afterTick(resolve)),
    });
    const { plan, checkpoint, wheel, readTimeMs } = recovered;
    logger.info('timer recovered', {
      row: plan.row,
      wheelFrom: plan.wheelFrom,
      pendingCount: wheel.pendingCount,
      readTimeMs,
      queueOffset: recovered.queueOffset,
    });
    if (plan.wheelFrom === 'QUEUE' && (checkpoint || log.endPosition > 0)) {
      logger.warn('the timer log is not whole; all timed messages are read again', {
        row: plan.row,
      });
    }
    return new TimerStore(seams, options, paths, log, checkpointFile, recovered);
  }

  get wheel(): TimerWheel {
    return this.recovered.wheel;
  }

  get plan(): TimerRecoveryPlan {
    return this.recovered.plan;
  }

  get precisionMs(): number {
    return this.options.precisionMs;
  }

  /** Notes a message. It is in memory; `flush` makes it last. */
  add(unit: NewTimerUnit): void {
    const position = this.log.append(unit, this.wheel.lastPositionOf(unit.slotTimeMs));
    this.wheel.add(unit.slotTimeMs, position, (unit.magic & TimerMagic.DELETE) === 0 ? 1 : -1);
  }

  /** Everything in the slot of a time. @throws system error */
  async readSlot(timeMs: number): Promise<SlotReading> {
    const units: TimerUnit[] = [];
    let position = this.wheel.lastPositionOf(timeMs);
    let blockBytes = MIN_BLOCK_BYTES;
    let block = Buffer.alloc(0);
    let blockStart = 0;
    while (position !== NO_POSITION) {
      if (position < blockStart || position >= blockStart + block.length) {
        const near = block.length > 0 && position >= blockStart - 4 * blockBytes;
        blockBytes = near
          ? Math.min(blockBytes * 2, MAX_BLOCK_BYTES)
          : Math.max(blockBytes / 2, MIN_BLOCK_BYTES);
        blockStart = this.log.blockStart(position, blockBytes);
        block = Buffer.allocUnsafe(position + TIMER_UNIT_BYTES - blockStart);
        if (!(await this.log.read(blockStart, block))) break;
      }
      const unit = decodeTimerUnit(block, position - blockStart, position);
      if (unit === undefined || cut(unit.slotTimeMs, this.precisionMs) !== timeMs) break;
      units.push(unit);
      position = unit.previousPosition;
    }
    units.reverse();
    return { units, whole: position === NO_POSITION };
  }

  /**
   * Waiting messages by the hash of their topic, counted unit by unit. Undefined where the log is so long that this would
   * take too much. @throws system error
   */
  async countByTopic(): Promise<ReadonlyMap<number, number> | undefined> {
    const { log, readTimeMs, seams } = this;
    if (log.endPosition - log.startPosition > COUNT_BYTES_MAX) return undefined;
    log.writeOut();
    const counts = new Map<number, number>();
    const visit = ({ slotTimeMs, topicHash, magic }: TimerUnit): void => {
      if (slotTimeMs < readTimeMs) return;
      const by = (magic & TimerMagic.DELETE) === 0 ? 1 : -1;
      counts.set(topicHash, (counts.get(topicHash) ?? 0) + by);
    };
    const pause = (): Promise<void> => new Promise((resolve) => seams.clock.afterTick(resolve));
    await log.scan(log.startPosition, log.endPosition, visit, pause);
    return counts;
  }

  /**
   * Commit-log offset of the oldest message that waits; Infinity where none does. What was delivered or rolled counts as
   * waiting until that is on stable storage. Walks over the log: for rare occasions. @throws system error
   */
  async oldestWaitingOffset(): Promise<number> {
    const { log, seams } = this;
    const fromMs = Math.min(this.readTimeMs, this.saved?.lastReadTimeMs ?? 0);
    try {
      log.writeOut();
    } catch (error) {
      seams.logger.warn('units of the timer are in memory only', { reason: describeError(error) });
    }
    let oldest = Infinity;
    let newest = 0;
    const visit = ({ slotTimeMs, commitLogOffset }: TimerUnit): void => {
      newest = commitLogOffset;
      if (slotTimeMs >= fromMs) oldest = Math.min(oldest, commitLogOffset);
    };
    const pause = (): Promise<void> => new Promise((resolve) => seams.clock.afterTick(resolve));
    const until = log.endPosition - log.unwrittenBytes;
    const whole = until === log.endPosition;
    // A log that is damaged on the way says nothing about what lies behind.
    if ((await log.scan(log.startPosition, until, visit, pause)) < until) return 0;
    // What a full disk did not take is newer than the last unit that it took.
    return whole ? oldest : Math.min(oldest, newest);
  }

  /** A slot is delivered. */
  finishSlot(timeMs: number): void {
    this.wheel.clear(timeMs);
  }

  /** What the checkpoint file says, or will say next. */
  get checkpoint(): TimerCheckpoint {
    return (
      this.saved ?? {
        lastReadTimeMs: this.readTimeMs,
        lastTimerLogFlushPosition: 0,
        lastTimerQueueOffset: 0,
        masterTimerQueueOffset: 0,
        stateVersion: 0,
        versionTimestampMs: this.seams.clock.nowMs(),
        versionCounter: 0,
      }
    );
  }

  /** Makes progress last, as far as the commit log lets it. Failures are logged and tried again with the next call. */
  flush(): Promise<void> {
    this.flushing ??= this.flushOnce()
      .catch((error: unknown) => {
        // Once until it works again: a full disk would fill the log as well.
        if (this.flushFailures++ === 0)
          this.seams.logger.error('timer files could not be saved; it is tried again', {
            reason: describeError(error),
          });
      })
      .finally(() => (this.flushing = undefined));
    return this.flushing;
  }

  private async flushOnce(): Promise<void> {
    // Until all is noted again the checkpoint keeps saying that the log is lost, and what was delivered.
    if (this.rebuild === undefined) this.addMark();
    else this.log.writeOut();
    if (this.marks.length > 0) {
      this.takeSnapshot(false);
      await this.log.sync();
      await this.saveCheckpoint();
    }
    await this.saveSnapshot(false);
    await this.removeOldFiles();
    if (this.flushFailures > 0) this.seams.logger.info('timer files are saved again', {});
    this.flushFailures = 0;
  }

  private addMark(): void {
    const { log, queueOffset, readTimeMs, marks, saved } = this;
    const last = marks.at(-1);
    const known = last
      ? last.queueOffset === queueOffset &&
        last.readTimeMs === readTimeMs &&
        last.logPosition === log.endPosition
      : saved?.lastTimerQueueOffset === queueOffset &&
        saved.lastReadTimeMs === readTimeMs &&
        saved.lastTimerLogFlushPosition === log.endPosition;
    if (known) return;
    if (marks.length >= MARKS_MAX) marks.splice(marks.length >> 1, 1);
    const commitLogOffset = this.options.commitLog.commitLogMaxOffset;
    marks.push({ logPosition: log.endPosition, queueOffset, readTimeMs, commitLogOffset });
  }

  /** Writes the newest mark that log and commit log have reached (I1). */
  private async saveCheckpoint(): Promise<void> {
    const { flushedOffset } = this.options.commitLog;
    const reached = this.marks.findLastIndex(
      (mark) =>
        mark.commitLogOffset <= flushedOffset && mark.logPosition <= this.log.syncedPosition,
    );
    if (reached < 0) return;
    const mark = this.marks[reached]!;
    const checkpoint: TimerCheckpoint = {
      lastReadTimeMs: mark.readTimeMs,
      lastTimerLogFlushPosition: mark.logPosition,
      lastTimerQueueOffset: mark.queueOffset,
      // Apache's broker goes on at the smaller of the two.
      masterTimerQueueOffset: mark.queueOffset,
      stateVersion: this.saved?.stateVersion ?? 0,
      versionTimestampMs: this.seams.clock.nowMs(),
      versionCounter: (this.saved?.versionCounter ?? 0) + 1,
    };
    await this.checkpointFile.write(checkpoint);
    this.marks.splice(0, reached + 1);
    this.saved = checkpoint;
  }

  private takeSnapshot(now: boolean): void {
    const { log, wheel, seams } = this;
    if (this.pendingSnapshot !== undefined || log.endPosition === this.snapshotPosition) return;
    const grown = log.endPosition - Math.max(this.snapshotPosition, 0) >= SNAPSHOT_LOG_BYTES;
    const late = seams.clock.monotonicMs() - this.snapshotAtMs >= SNAPSHOT_INTERVAL_MS;
    if (!now && !grown && !late) return;
    const made = encodeTimerSnapshot(wheel, log.endPosition, log.lastUnit, this.snapshotBuffer);
    this.snapshotBuffer = made.buffer;
    const bytes = made.buffer.subarray(0, made.sizeBytes);
    this.pendingSnapshot = { logPosition: log.endPosition, bytes };
  }

  /** Saves wheel and snapshot once the checkpoint is there (I2). */
  private async saveSnapshot(closing: boolean): Promise<void> {
    const { pendingSnapshot: pending, saved, seams, paths } = this;
    if (pending === undefined || saved === undefined) return;
    if (saved.lastTimerLogFlushPosition < pending.logPosition) return;
    await this.wheelFile.save(this.wheel, closing);
    await replaceFile(seams.disk, paths.checkpointBackup, encodeCheckpointFile(saved));
    await replaceFile(seams.disk, paths.snapshot, pending.bytes);
    this.pendingSnapshot = undefined;
    this.snapshotPosition = pending.logPosition;
    this.snapshotAtMs = seams.clock.monotonicMs();
  }

  /** A file goes when all slots its units can lie in are delivered: none lies further ahead than the roll window. */
  private async removeOldFiles(): Promise<void> {
    const position = this.log.secondFilePosition;
    if (position === undefined || position > (this.saved?.lastTimerLogFlushPosition ?? 0)) return;
    if (this.secondFileWriteMs?.position !== position) {
      const bytes = Buffer.alloc(TIMER_UNIT_BYTES);
      if (!(await this.log.read(position, bytes))) return;
      const unit = decodeTimerUnit(bytes, 0, position);
      if (unit === undefined) return;
      this.secondFileWriteMs = { position, timeMs: unit.writeTimeMs };
    }
    const lastSlotMs = this.secondFileWriteMs.timeMs + this.options.rollWindowMs;
    if (lastSlotMs + this.precisionMs * BLANK_SLOTS < this.checkpoint.lastReadTimeMs)
      await this.log.removeBefore(position);
  }

  /**
   * Forgets what the timer log says, because it turned out to be damaged: everything is to be noted again from the start of
   * the timer topic. What that needs to know is in `rebuild`.
   */
  async reset(): Promise<void> {
    await this.flushing;
    const { wheel, log } = this;
    this.rebuild = await startRebuild(this.checkpointFile, {
      ...this.checkpoint,
      lastReadTimeMs: this.readTimeMs,
      lastTimerQueueOffset: this.queueOffset,
    });
    const times: number[] = [];
    wheel.forEach((timeMs) => times.push(timeMs));
    for (const timeMs of times) wheel.clear(timeMs);
    this.marks = [];
    this.pendingSnapshot = undefined;
    this.snapshotPosition = -1;
    this.queueOffset = 0;
    await this.seams.disk.remove(this.paths.snapshot);
    await log.truncate(0);
  }

  /** Everything that was known before is noted again: checkpoints may be written. */
  finishRebuild(): void {
    this.rebuild = undefined;
  }

  /**
   * Saves the end of all progress and closes the files.
   * @param waitMs how long the commit log may take to reach stable storage; after that the last checkpoint stands.
   */
  async close(waitMs: number): Promise<void> {
    const { clock, logger } = this.seams;
    const deadlineMs = clock.monotonicMs() + waitMs;
    await this.flush();
    this.takeSnapshot(true);
    await this.flush();
    while (this.marks.length > 0 && clock.monotonicMs() < deadlineMs) {
      await new Promise<void>((resolve) => clock.setTimer(CLOSE_POLL_MS, resolve));
      await this.flush();
    }
    if (this.marks.length > 0)
      logger.warn('the commit log was not synced in time; some timed messages may come twice', {});
    await this.saveSnapshot(true).catch((error: unknown) => {
      logger.warn('the timer wheel could not be saved; it is built anew', {
        reason: describeError(error),
      });
    });
    await this.wheelFile.close();
    await this.checkpointFile.close();
    await this.log.close();
  }
}

const MIN_BLOCK_BYTES = 78 * TIMER_UNIT_BYTES;
const MAX_BLOCK_BYTES = 64 * MIN_BLOCK_BYTES;

const cut = (timeMs: number, precisionMs: number): number => timeMs - (timeMs % precisionMs);
