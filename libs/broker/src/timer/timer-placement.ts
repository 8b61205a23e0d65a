import { ResponseCode } from '@rocketmq-ts/protocol';
import type { TimerStore } from '@rocketmq-ts/storage';
import type { Refusal } from '../send/send-decision.js';
import { isCongested, judgeTimer } from './timer-rules.js';
import type { TimerWish } from './timer-rules.js';

/** What decides about times of delivery; settings are functions, since they can change. */
export interface TimerPlacementParts {
  /** Undefined where timed messages are turned off. */
  readonly timers: Pick<TimerStore, 'wheel' | 'precisionMs'> | undefined;
  readonly nowMs: () => number;
  readonly chance: () => number;
  readonly delayMaxMs: () => number;
  readonly slotMessageMax: () => number;
}

/**
 * Decides what becomes of a message that names its time of delivery.
 * Source: rocketmq 5.5.0 `HookUtils#handleScheduleMessage`, `SendMessageProcessor#handlePutMessageResult`.
 */
export class TimerPlacement {
  constructor(private readonly parts: TimerPlacementParts) {}

  /**
   * @param recalls whether the message calls another one back
   * @returns the slot that it waits in (`TIMER_OUT_MS`), 0 where it is delivered at once, or why it is refused
   */
  place(wish: TimerWish, recalls: boolean): number | Refusal {
    const { timers, nowMs, chance, delayMaxMs, slotMessageMax } = this.parts;
    if (timers === undefined) return TIMER_IS_OFF;
    const limits = { precisionMs: timers.precisionMs, delayMaxMs: delayMaxMs() };
    const verdict = judgeTimer(wish, limits, nowMs());
    if (verdict === 'ILLEGAL' || (verdict === 'NOW' && recalls))
      return illegalTimer(limits.delayMaxMs);
    if (verdict === 'NOW') return 0;
    const max = slotMessageMax();
    const count = timers.wheel.get(verdict)?.count ?? 0;
    return isCongested(count, max, chance()) ? congestedSlot(max) : verdict;
  }
}

const TIMER_IS_OFF: Refusal = {
  code: ResponseCode.SYSTEM_ERROR,
  remark: 'accurate timer message is not enabled, timerWheelEnable is false',
};

const illegalTimer = (delayMaxMs: number): Refusal => ({
  code: ResponseCode.MESSAGE_ILLEGAL,
  remark:
    'timer message illegal, the delay time should not be bigger than the max delay ' +
    `${delayMaxMs}ms; or if set del msg, the delay time should be bigger than the current time`,
});

const congestedSlot = (max: number): Refusal => ({
  code: ResponseCode.SYSTEM_ERROR,
  remark:
    `timer message is under flow control, max num limit is ${2 * max} or the current value is ` +
    `greater than ${max} and less than ${2 * max}, trigger random flow control`,
});
