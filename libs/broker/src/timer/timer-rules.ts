/** What a broker allows of times of delivery. */
export interface TimerLimits {
  readonly precisionMs: number;
  /** Furthest that a time of delivery may lie ahead. */
  readonly delayMaxMs: number;
}

/** What a message says of its delivery, as its properties say it. */
export interface TimerWish {
  readonly delaySec: string | undefined;
  readonly delayMs: string | undefined;
  readonly deliverMs: string | undefined;
}

/** When a message is to be delivered: `NOW`, `ILLEGAL`, or a slot of the wheel. */
export type TimerVerdict = 'NOW' | 'ILLEGAL' | number;

/** As Java's `Long.parseLong`; undefined where it would throw or the number is not a safe one. */
export function parseJavaLong(text: string): number | undefined {
  if (!/^[+-]?\d{1,19}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The time that a wish names; seconds win over milliseconds, a delay over a time. Undefined where it is no number. */
export function wishedTimeMs(wish: TimerWish, nowMs: number): number | undefined {
  if (wish.delaySec !== undefined) return sum(nowMs, parseJavaLong(wish.delaySec), 1_000);
  if (wish.delayMs !== undefined) return sum(nowMs, parseJavaLong(wish.delayMs), 1);
  return wish.deliverMs === undefined ? undefined : parseJavaLong(wish.deliverMs);
}

function sum(nowMs: number, delay: number | undefined, unitMs: number): number | undefined {
  if (delay === undefined) return undefined;
  const timeMs = nowMs + delay * unitMs;
  // Java's sum would wrap around and deliver at once what was to wait for ages.
  return Number.isSafeInteger(timeMs) ? timeMs : undefined;
}

/**
 * Decides about a wish.
 * Source: rocketmq 5.5.0 `HookUtils#transformTimerMessage`.
 */
export function judgeTimer(wish: TimerWish, limits: TimerLimits, nowMs: number): TimerVerdict {
  const deliverMs = wishedTimeMs(wish, nowMs);
  if (deliverMs === undefined) return 'ILLEGAL';
  if (deliverMs <= nowMs) return 'NOW';
  if (deliverMs - nowMs > limits.delayMaxMs) return 'ILLEGAL';
  return slotBefore(deliverMs, limits.precisionMs);
}

/** The slot of a time: it holds what is due after it, up to and with one precision later. */
export const slotBefore = (deliverMs: number, precisionMs: number): number =>
  Math.ceil(deliverMs / precisionMs) * precisionMs - precisionMs;

/**
 * When a stored message is due, to the millisecond: within its slot, since the slot was fixed when it was sent.
 * @param storeTimestampMs a delay is counted from here; the broker took the message not later.
 */
export function dueTimeMs(
  wish: TimerWish,
  slotTimeMs: number,
  storeTimestampMs: number,
  precisionMs: number,
): number {
  return dueWithin(wishedTimeMs(wish, storeTimestampMs), slotTimeMs, precisionMs);
}

/** The time within a slot that comes nearest to the one that was named; the last one where none was. */
export function dueWithin(
  wishedMs: number | undefined,
  slotTimeMs: number,
  precisionMs: number,
): number {
  const lastMs = slotTimeMs + precisionMs;
  return wishedMs === undefined ? lastMs : Math.min(Math.max(wishedMs, slotTimeMs + 1), lastMs);
}

/**
 * Where a message goes that must wait longer than the wheel may hold it: to a slot in between, from which it goes into the
 * timer topic once more. Undefined: it need not roll.
 * Source: rocketmq 5.5.0 `TimerMessageStore#doEnqueue`.
 */
export function rollSlotMs(
  slotTimeMs: number,
  writeTimeMs: number,
  // Two plain numbers: an object would be made for every message.
  slots: number,
  precisionMs: number,
): number | undefined {
  const windowMs = slots * precisionMs;
  const beyondMs = slotTimeMs - writeTimeMs - windowMs;
  if (beyondMs < 0) return undefined;
  // A little beyond the window: half of it now leaves enough for the next time.
  return beyondMs < Math.trunc(slots / 3) * precisionMs
    ? writeTimeMs + Math.trunc(slots / 2) * precisionMs
    : writeTimeMs + windowMs;
}

/** Apache knows four precisions; another number counts as the next lower one. Source: `MessageStoreConfig#setTimerPrecisionMs`. */
export function precisionOf(settingMs: number): number {
  return [1_000, 500, 200].find((candidateMs) => settingMs >= candidateMs) ?? 100;
}

/** As Apache bounds it: 7 days of seconds less a minute where the setting makes no sense. Source: `TimerMessageStore`. */
export function rollWindowSlotsOf(setting: number): number {
  const slotsMax = 7 * 86_400 - 60;
  return setting < 2 || setting > slotsMax ? slotsMax : setting;
}

/**
 * Messages roll before the log file that they lie in expires: within nine tenths of its time, so that files go when they
 * should and do not wait for a message (Apache's broker loses it). At least two slots, as the rule above asks for.
 */
export function rollSlotsWithin(
  windowSlots: number,
  precisionMs: number,
  fileReservedMs: number,
): number {
  return Math.max(2, Math.min(windowSlots, Math.trunc((fileReservedMs * 0.9) / precisionMs)));
}

/**
 * Whether a slot is so full that a message is turned away: none up to `limit`, all from twice that on, in between more and
 * more. (Apache's broker turns away fewer and fewer in between.)
 * @param chance 0…1
 */
export function isCongested(count: number, limit: number, chance: number): boolean {
  if (count <= limit) return false;
  return count >= 2 * limit || chance < (count - limit) / limit;
}
