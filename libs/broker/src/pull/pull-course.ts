import { ResponseCode } from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { ReadResult, ReadStatus, StoreQueue } from '@rocketmq-ts/storage';
import type { ConsumeRefusal } from '../consume-refusals.js';
import { HeldPulls } from './held-pulls.js';
import type { WakeReason } from './held-pulls.js';
import type { PendingPull } from './pending-pull.js';
import type { PullAccess } from './pull-access.js';
import type { EmptyAnswer, PullAnswers, QueueRange } from './pull-answers.js';
import type { PullOffsets } from './pull-offsets.js';
import { pullCode } from './pull-outcome.js';
import type { PullOutputs } from './pull-output.js';
import type { PullParts } from './pull-parts.js';

/** What the course of a pull needs. */
export interface PullCourseParts extends Pick<
  PullParts,
  'clock' | 'store' | 'stats' | 'flow' | 'settings' | 'corrections'
> {
  readonly access: PullAccess;
  readonly offsets: PullOffsets;
  readonly answers: PullAnswers;
  readonly outputs: PullOutputs;
}

/**
 * The course of pulls from being granted to being answered. A pull that finds nothing is held until a message of its
 * queue passes its filter, or until its time is up; one whose client is being given too much waits for its turn.
 *
 * Invariants:
 *  I1  each pull is answered exactly once, unless its connection goes first;
 *  I2  a held pull is not "in work": it neither slows its connection down nor holds up a drain;
 *  I3  the store is asked for one pull at most once at a time.
 *
 * Source: rocketmq 5.5.0 `PullMessageProcessor`, `PullRequestHoldService`.
 */
export class PullCourse {
  private readonly holds: HeldPulls<StoreQueue, ServerConnection, PendingPull>;
  private stopping = false;

  constructor(private readonly parts: PullCourseParts) {
    const { clock, settings } = parts;
    this.holds = new HeldPulls(clock, settings, (pull, reason) => this.onHoldOver(pull, reason));
  }

  /** How many pulls wait for messages. */
  get heldCount(): number {
    return this.holds.size;
  }

  /** A pull was granted. */
  begin(pull: PendingPull): void {
    pull.beginWork();
    this.goOn(pull);
  }

  /** A queue has messages. */
  onArrival(queue: StoreQueue): void {
    if (!this.holds.isAwaited(queue)) return;
    for (const pull of this.holds.of(queue)) {
      if (pull.held && !pull.putOff && pull.queueOffset < queue.maxOffset) this.wake(pull);
    }
  }

  /** A group was moved: its members hear of it at once, not when their hold is over. */
  onReset(group: string, queue: StoreQueue): void {
    for (const pull of this.holds.of(queue)) {
      if (pull.held && pull.request.consumerGroup === group && this.redirect(pull)) return;
    }
  }

  /** Answers have left: a pull that waited for that goes on. */
  onRoom(pull: PendingPull): void {
    pull.waitsForRoom = false;
    this.read(pull);
  }

  /** The connection is gone. */
  drop(connection: ServerConnection): void {
    this.holds.drop(connection);
    for (const pull of this.parts.outputs.drop(connection)) abandon(pull);
  }

  /** Answers everything that is held, and holds nothing from now on. */
  stopHolding(): void {
    this.stopping = true;
    this.holds.wakeAll('shutdown');
  }

  private goOn(pull: PendingPull): void {
    if (!this.redirect(pull)) this.start(pull);
  }

  /** Sends the pull where an operator has moved its group. */
  private redirect(pull: PendingPull): boolean {
    const movedTo = this.parts.offsets.takeReset(pull.request, pull.queueOffset);
    if (movedTo === undefined) return false;
    const code = ResponseCode.PULL_OFFSET_MOVED;
    this.answer(pull, { code, remark: 'OFFSET_RESET', nextBeginOffset: movedTo }, pull.queue);
    return true;
  }

  /** Reads now, or later where the client or its group is being given too much. */
  private start(pull: PendingPull): void {
    const { flow, clock } = this.parts;
    const { consumerGroup, topic, queueId } = pull.request;
    const putOff = flow.putOffPull(pull.connection, consumerGroup, topic, queueId);
    if (!putOff) {
      this.read(pull);
      return;
    }
    // It may wait for a message already: from now on it waits for its turn.
    this.holds.release(pull);
    const waitMs = Math.min(putOff.waitMs, pull.holdUntilMs - clock.monotonicMs());
    pull.putOff = waitMs > 0 && !this.stopping && this.holds.hold(pull, waitMs);
    if (pull.putOff) {
      pull.wasHeld = true;
      pull.endWork();
      return;
    }
    flow.countRefusedPull(putOff);
    this.refuse(pull, { code: ResponseCode.FLOW_CONTROL, remark: putOff.remark });
  }

  private read(pull: PendingPull): void {
    if (pull.reading) {
      pull.missedArrival = true;
      return;
    }
    if (pull.answered || pull.waitsForRoom || pull.putOff) return;
    pull.waitsForRoom = !this.parts.outputs.admit(pull);
    if (pull.waitsForRoom) return;
    pull.reading = true;
    pull.missedArrival = false;
    pull.readAtMs = this.parts.clock.nowMs();
    pull.filterWorkBytes = 0;
    this.parts.store.read(pull, (result) => this.onRead(pull, result));
  }

  private onRead(pull: PendingPull, result: ReadResult): void {
    pull.reading = false;
    if (pull.answered || pull.connection.closed) {
      result.release();
      abandon(pull);
      return;
    }
    if (result.status === 'FOUND') {
      this.parts.answers.found(pull, result);
      this.settle(pull, ResponseCode.SUCCESS);
      return;
    }
    result.release();
    this.onNothing(pull, result, result.status);
  }

  private onNothing(pull: PendingPull, result: ReadResult, status: ReadStatus): void {
    const { nextQueueOffset } = result;
    const waits = status === 'NO_MATCHED_MESSAGE' && !pull.isTired() && this.mayWait(pull);
    if (waits && pull.held) {
      // The filter passed over what woke it: it waits on, from behind those messages.
      pull.queueOffset = nextQueueOffset;
      if (pull.missedArrival || pull.queueOffset < pull.queue.maxOffset) this.read(pull);
      return;
    }
    const code = pullCode(status, pull.queueOffset);
    if (code === ResponseCode.PULL_OFFSET_MOVED && !this.parts.corrections.made) {
      this.leaveOffset(pull, result, status);
      return;
    }
    // Where a file of the queue is gone the client is told at once where to go on.
    const mayCome = code === ResponseCode.PULL_NOT_FOUND && status !== 'OFFSET_FOUND_NULL';
    if (mayCome && this.hold(pull)) return;
    // What was passed over while the pull was held counts as looked at.
    const passed = pull.advanced && code === ResponseCode.PULL_NOT_FOUND;
    const answer: EmptyAnswer = passed
      ? {
          code: ResponseCode.PULL_RETRY_IMMEDIATELY,
          remark: 'NO_MATCHED_MESSAGE',
          nextBeginOffset: pull.queueOffset,
        }
      : { code, remark: status, nextBeginOffset: nextQueueOffset };
    const { minQueueOffset: minOffset, maxQueueOffset: maxOffset } = result;
    this.answer(pull, answer, { minOffset, maxOffset });
  }

  /**
   * A slave does not say where to go on: what it lacks its master may have. Behind its end a pull waits as one at the end
   * does; Apache's slaves send it straight back, and the client comes again at once.
   * Source: rocketmq 5.5.0 `DefaultPullMessageResultHandler`, `DefaultMessageStore#nextOffsetCorrection`.
   */
  private leaveOffset(pull: PendingPull, result: ReadResult, status: ReadStatus): void {
    const { minQueueOffset: minOffset, maxQueueOffset: maxOffset } = result;
    if (pull.queueOffset >= maxOffset) {
      if (this.hold(pull)) return;
    } else if (!this.parts.corrections.masterIsThere) {
      const remark = `this slave has the queue from ${minOffset} on, not ${pull.queueOffset}, and its master is away`;
      this.refuse(pull, { code: ResponseCode.SYSTEM_ERROR, remark });
      return;
    }
    const code = ResponseCode.PULL_RETRY_IMMEDIATELY;
    const answer = { code, remark: status, nextBeginOffset: pull.queueOffset };
    this.answer(pull, answer, { minOffset, maxOffset });
  }

  private mayWait(pull: PendingPull): boolean {
    return !this.stopping && this.parts.clock.monotonicMs() < pull.holdUntilMs;
  }

  /** @returns false where the pull does not wait or there is no room for it. */
  private hold(pull: PendingPull): boolean {
    if (pull.held) return true;
    if (!this.mayWait(pull)) return false;
    if (!this.holds.hold(pull, pull.holdUntilMs - this.parts.clock.monotonicMs())) return false;
    pull.wasHeld = true;
    pull.endWork();
    // Messages may have come while the store was asked.
    if (pull.missedArrival || pull.queueOffset < pull.queue.maxOffset) this.read(pull);
    return true;
  }

  /** Looks again for a held pull. Rights may have changed since it came. */
  private wake(pull: PendingPull): void {
    const decision = this.parts.access.decide(pull.request);
    if (decision.granted) {
      pull.grantAnew(decision.grant);
      this.goOn(pull);
    } else {
      this.refuse(pull, decision.refusal);
    }
  }

  private onHoldOver(pull: PendingPull, reason: WakeReason): void {
    const wasPutOff = pull.putOff && reason !== 'shutdown';
    pull.putOff = false;
    if (!wasPutOff) pull.holdUntilMs = 0;
    if (pull.connection.closed) return;
    if (reason !== 'shutdown') {
      this.wake(pull);
      return;
    }
    const code = ResponseCode.PULL_NOT_FOUND;
    const nextBeginOffset = pull.queueOffset;
    this.answer(pull, { code, remark: 'OFFSET_OVERFLOW_ONE', nextBeginOffset }, pull.queue);
  }

  private answer(pull: PendingPull, answer: EmptyAnswer, range: QueueRange): void {
    this.parts.answers.empty(pull, answer, range);
    this.settle(pull, answer.code);
  }

  private refuse(pull: PendingPull, refusal: ConsumeRefusal): void {
    this.settle(pull, refusal.code);
    this.parts.answers.refused(pull, pull.connection, refusal);
  }

  /** The pull is answered. */
  private settle(pull: PendingPull, code: number): void {
    const { arrivedAtMs, wasHeld, terms } = pull;
    this.parts.stats.countAnswer(terms.requestCode, code, arrivedAtMs, wasHeld);
    pull.answered = true;
    this.holds.release(pull);
    pull.endWork();
  }
}

/** Nobody is there to be answered. */
function abandon(pull: PendingPull): void {
  pull.answered = true;
  pull.endWork();
}
