import type { Clock, ClockTask, Logger } from '@rocketmq-ts/kernel';
import { DeadlineWheel } from '../pull/deadline-wheel.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import type { Checkpoint } from './checkpoint.js';
import type { PopQueue } from './pop-queue.js';
import type { PopTable } from './pop-table.js';
import { ackText, checkpointText } from './revive-record.js';
import type { ReviveLog } from './revive-log.js';
import type { Revival } from './revival.js';

/** Read anew at each use. */
export interface BufferSettings {
  /** Whether checkpoints stay in memory at all. Apache: `enablePopBufferMerge`. */
  readonly merge: boolean;
  /** Longest stay. Apache: `popCkStayBufferTime`. */
  readonly stayMs: number;
  /** Most checkpoints in memory. Apache: `popCkMaxBufferSize`. */
  readonly countMax: number;
}

/** What the buffer works with. */
export interface BufferParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly brokerName: string;
  readonly table: PopTable;
  readonly log: ReviveLog;
  readonly revival: Revival;
  readonly stats: BrokerStats;
  /** The store's log is durable up to here. */
  readonly flushedOffset: () => number;
  /** Moves the group's committed offset forward. */
  readonly commit: (queue: PopQueue, queueOffset: number) => void;
  readonly settings: BufferSettings;
}

/** A checkpoint that ends within this time after its stay waits in memory for its end. */
const STAY_SLACK_MS = 2_000;
/** Pause after the store took nothing. */
const REFUSED_PAUSE_MS = 1_000;
/** How often offsets move past what has become durable, and queues nobody uses are forgotten. */
const ADVANCE_MS = 200;
const SWEEP_TURNS = 150;
const UNUSED_MS = 60_000;
/** How long a stop waits for the log to be flushed. */
const STOP_FLUSH_MS = 1_000;

/**
 * Checkpoints that memory alone knows of: from the pop until all messages are acknowledged, until their time is up, or
 * until they have stayed long enough to be written to the revive log.
 *
 * Invariants:
 *  I1  a buffered checkpoint is in the wheel; one in another state is not;
 *  I2  memory is bounded: with `countMax` checkpoints new ones go into the log before the pop is answered;
 *  I3  the offset passes a checkpoint by `PopQueue.advance` alone.
 *
 * Source: rocketmq 5.5.0 `PopBufferMergeService`.
 */
export class CheckpointBuffer {
  /** Checkpoints in memory whose bits may be set. */
  openCount = 0;
  private readonly wheel: DeadlineWheel<Checkpoint>;
  private readonly behind = new Set<PopQueue>();
  private task: ClockTask | undefined;
  private turns = 0;
  private writing = 0;
  private stopping = false;

  constructor(private readonly parts: BufferParts) {
    this.wheel = new DeadlineWheel(parts.clock, (checkpoint) => this.onDeadline(checkpoint));
  }

  start(): void {
    this.task ??= this.parts.clock.setPeriodic(ADVANCE_MS, () => this.turn());
  }

  /**
   * Takes what was popped.
   * @param done told whether the messages may be given out; called at once, or when the log has taken the checkpoint
   */
  take(checkpoint: Checkpoint, done: (kept: boolean) => void): void {
    const { settings } = this.parts;
    const { queue } = checkpoint;
    const own = queue.add(checkpoint);
    this.parts.stats.countCheckpoint(queue.group, queue.topic, 1);
    if (own) this.openCount++;
    if (own && !this.stopping && settings.merge && this.openCount <= settings.countMax) {
      queue.inFlightCount += checkpoint.count;
      this.wheel.add(checkpoint, this.waitOf(checkpoint));
      done(true);
      return;
    }
    this.store(checkpoint, (stored) => {
      if (stored) queue.inFlightCount += checkpoint.count;
      else this.retract(checkpoint);
      done(stored);
    });
  }

  /**
   * Sets bits of an open checkpoint.
   * @param durableAt where the offset may pass these messages only when the log is flushed up to here
   */
  settle(checkpoint: Checkpoint, queueOffsets: readonly number[], durableAt = 0): void {
    const { queue } = checkpoint;
    for (const queueOffset of queueOffsets) {
      if (checkpoint.settle(queueOffset))
        queue.inFlightCount = Math.max(queue.inFlightCount - 1, 0);
    }
    if (durableAt > checkpoint.durableAt) checkpoint.durableAt = durableAt;
    if (checkpoint.state !== 'buffered' || !checkpoint.allSettled) return;
    this.wheel.remove(checkpoint);
    this.finish(checkpoint, 'done');
  }

  /** The messages up to `nextOffset` were looked at and nobody wants them. */
  skip(queue: PopQueue, nextOffset: number): void {
    queue.skipTo(nextOffset);
    this.advance(queue);
  }

  /** Somebody set the group's offset: what memory knows of the queue counts no more. */
  forget(queue: PopQueue): void {
    for (const checkpoint of queue.clear()) {
      if (checkpoint.state === 'buffered') this.wheel.remove(checkpoint);
      checkpoint.state = 'done';
      this.openCount--;
    }
    queue.inFlightCount = 0;
    this.behind.delete(queue);
  }

  /** Writes everything to the revive log and waits until it is durable, for a while. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.task?.cancel();
    this.task = undefined;
    for (const queue of this.parts.table.queues()) {
      for (const checkpoint of queue.open()) {
        if (checkpoint.state !== 'buffered') continue;
        this.wheel.remove(checkpoint);
        this.spill(checkpoint);
      }
    }
    const untilMs = this.parts.clock.monotonicMs() + STOP_FLUSH_MS;
    while (this.writing > 0 || this.behind.size > 0) {
      for (const queue of this.behind) this.advance(queue);
      if (this.parts.clock.monotonicMs() >= untilMs) break;
      await new Promise<void>((resolve) => this.parts.clock.setTimer(20, resolve));
    }
  }

  private turn(): void {
    for (const queue of this.behind) this.advance(queue);
    if (++this.turns % SWEEP_TURNS !== 0) return;
    this.parts.table.sweep(this.parts.clock.monotonicMs() - UNUSED_MS);
  }

  private waitOf(checkpoint: Checkpoint): number {
    const nowMs = this.parts.clock.nowMs();
    const leftMs = checkpoint.reviveAtMs - nowMs;
    const stayMs = checkpoint.popTimeMs + this.parts.settings.stayMs - nowMs;
    return leftMs <= stayMs + STAY_SLACK_MS ? leftMs : stayMs;
  }

  private onDeadline(checkpoint: Checkpoint): void {
    if (checkpoint.reviveAtMs <= this.parts.clock.nowMs()) this.revive(checkpoint);
    else if (this.waitOf(checkpoint) > 0) this.wheel.add(checkpoint, this.waitOf(checkpoint));
    else this.spill(checkpoint);
  }

  /** Its time is up: what is open is stored again. */
  private revive(checkpoint: Checkpoint): void {
    checkpoint.state = 'reviving';
    checkpoint.queue.close(checkpoint);
    this.openCount--;
    this.reviveOpen(checkpoint);
  }

  private reviveOpen(checkpoint: Checkpoint): void {
    if (checkpoint.state !== 'reviving') return;
    const { topic, group, queueId } = checkpoint.queue;
    const { popTimeMs } = checkpoint;
    const of = { topic, group, queueId, popTimeMs, suspended: false };
    this.writing++;
    const each = checkpoint.openOffsets.map((queueOffset) =>
      this.parts.revival.revive({ ...of, queueOffset }).then((endOffset) => {
        checkpoint.settle(queueOffset);
        checkpoint.durableAt = Math.max(checkpoint.durableAt, endOffset);
        checkpoint.queue.inFlightCount = Math.max(checkpoint.queue.inFlightCount - 1, 0);
      }),
    );
    void Promise.allSettled(each).then(() => {
      this.writing--;
      if (checkpoint.allSettled) {
        checkpoint.state = 'done';
        this.advance(checkpoint.queue);
      } else if (!this.stopping) {
        this.parts.clock.setTimer(REFUSED_PAUSE_MS, () => this.reviveOpen(checkpoint));
      }
    });
  }

  /** It has stayed long enough: the revive log takes over. */
  private spill(checkpoint: Checkpoint): void {
    this.store(checkpoint, (stored) => {
      if (stored || checkpoint.state !== 'storing') return;
      checkpoint.state = 'buffered';
      if (!this.stopping) this.wheel.add(checkpoint, REFUSED_PAUSE_MS);
    });
  }

  private store(checkpoint: Checkpoint, done: (stored: boolean) => void): void {
    const { log, brokerName } = this.parts;
    checkpoint.state = 'storing';
    const written = checkpoint.settledBits;
    this.writing++;
    log.append(
      checkpointText(checkpoint.record(brokerName)),
      checkpoint.reviveQueueId,
      (outcome) => {
        this.writing--;
        if (outcome.stored && checkpoint.state === 'storing') {
          checkpoint.durableAt = Math.max(checkpoint.durableAt, outcome.endOffset);
          this.finish(checkpoint, 'stored');
          const late = checkpoint.settledBits & ~written;
          if (late !== 0) this.storeAcks(checkpoint, checkpoint.offsetsOf(late));
        } else if (!outcome.stored) {
          const { reason, message } = outcome.refusal;
          this.parts.logger.warn('a checkpoint could not be written', { reason, message });
        }
        done(outcome.stored);
      },
    );
  }

  /** Acknowledgements that came while the checkpoint was on its way to the log. */
  private storeAcks(checkpoint: Checkpoint, queueOffsets: readonly number[]): void {
    const { t, c, q, so, pt, bn } = checkpoint.record(this.parts.brokerName);
    const text = ackText({ t, c, q, so, pt, bn }, queueOffsets, checkpoint.reviveAtMs);
    this.writing++;
    this.parts.log.append(text, checkpoint.reviveQueueId, (outcome) => {
      this.writing--;
      if (outcome.stored) return;
      const { reason, message } = outcome.refusal;
      this.parts.logger.warn('an acknowledgement could not be written', { reason, message });
    });
  }

  private finish(checkpoint: Checkpoint, state: 'done' | 'stored'): void {
    checkpoint.state = state;
    if (checkpoint.queue.close(checkpoint)) this.openCount--;
    this.advance(checkpoint.queue);
  }

  private retract(checkpoint: Checkpoint): void {
    checkpoint.state = 'done';
    if (checkpoint.queue.retract(checkpoint)) this.openCount--;
  }

  private advance(queue: PopQueue): void {
    const queueOffset = queue.advance(this.parts.flushedOffset());
    if (queueOffset !== undefined) this.parts.commit(queue, queueOffset);
    if (queue.entryCount === 0) this.behind.delete(queue);
    else this.behind.add(queue);
  }
}
