import type { MessageProperties } from '@rocketmq-ts/protocol';
import { PropertyName } from '@rocketmq-ts/protocol';

/** What decides when a half message is checked. */
export interface CheckRules {
  /** Age from which a half message without a wish of its own is checked. */
  readonly timeoutMs: number;
  /** Checks after which it is parked. */
  readonly checkCountMax: number;
  /** Wait after the first check. */
  readonly intervalMs: number;
  /** The wait doubles with each check, up to so many times `intervalMs`; 1 keeps it. */
  readonly backoffMax: number;
  /** Age at which messages may be deleted: a half message is parked before. */
  readonly keptMs: number;
}

/** What is known of a half message. */
export interface HalfTimes {
  readonly bornTimestampMs: number;
  readonly storeTimestampMs: number;
  /** Checks that a producer got so far. */
  readonly checkCount: number;
  /** How long it must not be checked; the rules' time-out where it does not say. */
  readonly immunityMs: number;
}

/** A count in a property; 0 where there is none or no number. */
const countOf = (text: string | undefined): number => {
  const count = Number(text ?? '0');
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
};

/**
 * The time for which a producer asked not to be checked, at least the time-out.
 * Source: rocketmq 5.5.0 `TransactionalMessageUtil#getImmunityTime`.
 */
export function immunityMsOf(properties: MessageProperties, timeoutMs: number): number {
  const seconds = countOf(properties.get(PropertyName.CHECK_IMMUNITY_TIME));
  return Math.max(seconds * 1_000, timeoutMs);
}

export function halfTimesOf(
  record: {
    readonly bornTimestampMs: number;
    readonly storeTimestampMs: number;
    readonly properties: MessageProperties;
  },
  rules: Pick<CheckRules, 'timeoutMs'>,
): HalfTimes {
  const { bornTimestampMs, storeTimestampMs, properties } = record;
  return {
    bornTimestampMs,
    storeTimestampMs,
    checkCount: countOf(properties.get(PropertyName.TRANSACTION_CHECK_TIMES)),
    immunityMs: immunityMsOf(properties, rules.timeoutMs),
  };
}

/** The wait after the `checkCount`th check. */
export const waitAfterCheck = (checkCount: number, rules: CheckRules): number =>
  rules.intervalMs * Math.min(2 ** Math.min(checkCount - 1, 30), rules.backoffMax);

/**
 * When a half message should be looked at, by the wall clock. Without a check so far its age counts, by the producer's
 * clock where that says more: a producer whose clock is ahead must not put the check off for ever.
 */
export function dueMsOf(half: HalfTimes, rules: CheckRules): number {
  if (half.checkCount > 0) return half.storeTimestampMs + waitAfterCheck(half.checkCount, rules);
  return Math.min(half.bornTimestampMs, half.storeTimestampMs) + half.immunityMs;
}

/**
 * Whether a half message that is due has been asked about often enough, or is so old that it would be deleted.
 * Source: rocketmq 5.5.0 `TransactionalMessageServiceImpl#needDiscard`, `#needSkip`.
 */
export const mustPark = (half: HalfTimes, rules: CheckRules, nowMs: number): boolean =>
  half.checkCount >= rules.checkCountMax || nowMs - half.bornTimestampMs > rules.keptMs;

/** Whether its record lies so far back that a newer copy must be made before the log is cut. */
export const mustRenew = (half: HalfTimes, rules: CheckRules, nowMs: number): boolean =>
  nowMs - half.storeTimestampMs > rules.keptMs / 2;

/**
 * Whether a decision comes too late: a producer that asked for immunity must be asked itself once that is over.
 * Source: rocketmq 5.5.0 `EndTransactionProcessor#rejectCommitOrRollback`; the age is taken from this broker's clock, so
 * that a producer whose clock is behind can decide at all.
 */
export function decisionTooLate(
  record: { readonly storeTimestampMs: number; readonly properties: MessageProperties },
  timeoutMs: number,
  nowMs: number,
): boolean {
  if (!record.properties.get(PropertyName.CHECK_IMMUNITY_TIME)) return false;
  return nowMs - record.storeTimestampMs > immunityMsOf(record.properties, timeoutMs);
}
