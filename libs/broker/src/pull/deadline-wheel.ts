import type { Clock, ClockTask } from '@rocketmq-ts/kernel';
import { RingLink } from './linked-ring.js';

const SLOT_COUNT = 8192;
const SLOT_MS = 100;

/** Longest wait the wheel can express; longer ones are cut to it. */
export const WHEEL_WAIT_MS_MAX = (SLOT_COUNT - 1) * SLOT_MS;

/** Something with a deadline. */
export interface Timed {
  /** Its place in the wheel. */
  readonly deadlineLink: RingLink<this>;
}

/**
 * Deadlines of very many things that seldom reach them. Adding and removing cost the same at any size, one timer serves
 * all, and it runs only while something waits. A deadline is met up to `SLOT_MS` late, never early.
 */
export class DeadlineWheel<T extends Timed> {
  private readonly slots: (RingLink<T> | undefined)[] = new Array<RingLink<T> | undefined>(
    SLOT_COUNT,
  );
  private timer: ClockTask | undefined;
  /** Slots since the beginning of the monotonic clock that have been handled. */
  private handledSlot: number;
  private waitingCount = 0;

  constructor(
    private readonly clock: Clock,
    private readonly onDeadline: (item: T) => void,
  ) {
    this.handledSlot = this.slotNow();
  }

  get size(): number {
    return this.waitingCount;
  }

  /** Calls `onDeadline(item)` once, `waitMs` from now or a little later, unless it is removed before. */
  add(item: T, waitMs: number): void {
    if (this.waitingCount === 0) this.handledSlot = this.slotNow();
    const bounded = Math.min(Math.max(waitMs, 0), WHEEL_WAIT_MS_MAX);
    const dueSlot = Math.max(
      Math.ceil((this.clock.monotonicMs() + bounded) / SLOT_MS),
      this.handledSlot + 1,
    );
    const slot = (this.slots[dueSlot % SLOT_COUNT] ??= new RingLink<T>(undefined));
    item.deadlineLink.joinLast(slot);
    this.waitingCount++;
    this.timer ??= this.clock.setPeriodic(SLOT_MS, () => this.turn());
  }

  /** The item must be in the wheel. */
  remove(item: T): void {
    item.deadlineLink.leave();
    this.waitingCount--;
    if (this.waitingCount === 0) this.rest();
  }

  private turn(): void {
    const slotNow = this.slotNow();
    // After a long pause of the process every slot is looked at once, not once per missed turn.
    const first = Math.max(this.handledSlot + 1, slotNow - SLOT_COUNT + 1);
    for (let slot = first; slot <= slotNow && this.waitingCount > 0; slot++) {
      this.handledSlot = slot;
      for (const item of this.slots[slot % SLOT_COUNT]?.members() ?? []) {
        // An earlier one of this slot may have removed it.
        if (item.deadlineLink.alone) continue;
        this.remove(item);
        this.onDeadline(item);
      }
    }
    this.handledSlot = Math.max(this.handledSlot, slotNow);
  }

  private rest(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private slotNow(): number {
    return Math.floor(this.clock.monotonicMs() / SLOT_MS);
  }
}
