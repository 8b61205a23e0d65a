import type { Clock } from '@rocketmq-ts/kernel';
import { DeadlineWheel } from './deadline-wheel.js';
import { RingLink } from './linked-ring.js';

/** A pull that found nothing and waits. Subclasses carry what is needed to answer it. */
export abstract class HeldPull<Q extends object, C extends object> {
  readonly queueLink = new RingLink<this>(this);
  readonly connectionLink = new RingLink<this>(this);
  readonly deadlineLink = new RingLink<this>(this);
  /** Whether it is in the table. */
  held = false;

  constructor(
    readonly queue: Q,
    readonly connection: C,
  ) {}
}

/** Why a pull leaves the table. */
export type WakeReason = 'arrival' | 'deadline' | 'shutdown';

export interface HeldPullLimits {
  /** Most pulls that wait at a time. */
  readonly heldCountMax: number;
  /** Most pulls of one connection that wait at a time. */
  readonly heldCountPerConnectionMax: number;
}

/**
 * Pulls that wait for a message of their queue.
 *
 * Invariants:
 *  I1  a held pull is in exactly one queue ring, one connection ring and one wheel slot, all at once or none;
 *  I2  a queue or connection without held pulls has no entry, so that idle ones cost nothing;
 *  I3  an arrival touches the pulls of that queue alone.
 */
export class HeldPulls<Q extends object, C extends object, P extends HeldPull<Q, C>> {
  private readonly byQueue = new Map<Q, RingLink<P>>();
  private readonly byConnection = new Map<C, { ring: RingLink<P>; count: number }>();
  private readonly wheel: DeadlineWheel<P>;

  constructor(
    clock: Clock,
    private readonly limits: HeldPullLimits,
    private readonly onWake: (pull: P, reason: WakeReason) => void,
  ) {
    this.wheel = new DeadlineWheel<P>(clock, (pull) => {
      this.unlink(pull);
      this.onWake(pull, 'deadline');
    });
  }

  /** How many pulls wait. */
  get size(): number {
    return this.wheel.size;
  }

  /** @returns false where a limit is reached: the pull is to be answered now. */
  hold(pull: P, waitMs: number): boolean {
    const peers = this.byConnection.get(pull.connection);
    if (
      this.size >= this.limits.heldCountMax ||
      (peers?.count ?? 0) >= this.limits.heldCountPerConnectionMax
    ) {
      return false;
    }
    let ring = this.byQueue.get(pull.queue);
    if (!ring) this.byQueue.set(pull.queue, (ring = new RingLink<P>(undefined)));
    pull.queueLink.joinLast(ring);

    const mine = peers ?? { ring: new RingLink<P>(undefined), count: 0 };
    if (!peers) this.byConnection.set(pull.connection, mine);
    pull.connectionLink.joinLast(mine.ring);
    mine.count++;

    pull.held = true;
    this.wheel.add(pull, waitMs);
    return true;
  }

  /** Whether a message of this queue would wake anybody. */
  isAwaited(queue: Q): boolean {
    return this.byQueue.size > 0 && this.byQueue.has(queue);
  }

  /** The pulls that wait for this queue, first come first. */
  of(queue: Q): P[] {
    return this.byQueue.get(queue)?.members() ?? [];
  }

  /** The one of them that came first. */
  firstOf(queue: Q): P | undefined {
    return this.byQueue.get(queue)?.first;
  }

  /** Takes a pull out, to be answered by the caller. */
  release(pull: P): void {
    if (!pull.held) return;
    this.wheel.remove(pull);
    this.unlink(pull);
  }

  /** Forgets what a closed connection waited for. */
  drop(connection: C): void {
    for (const pull of this.byConnection.get(connection)?.ring.members() ?? []) this.release(pull);
  }

  /** Wakes everything: the broker stops. */
  wakeAll(reason: WakeReason): void {
    for (const { ring } of [...this.byConnection.values()]) {
      for (const pull of ring.members()) {
        this.release(pull);
        this.onWake(pull, reason);
      }
    }
  }

  private unlink(pull: P): void {
    pull.held = false;
    const ring = this.byQueue.get(pull.queue);
    pull.queueLink.leave();
    if (ring?.alone) this.byQueue.delete(pull.queue);

    const mine = this.byConnection.get(pull.connection);
    pull.connectionLink.leave();
    if (mine && --mine.count === 0) this.byConnection.delete(pull.connection);
  }
}
