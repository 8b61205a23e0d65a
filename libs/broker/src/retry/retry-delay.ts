import type { GroupRetryPolicy } from '@rocketmq-ts/protocol';

/** Power from which on an exponential delay does not grow. */
const EXPONENT_MAX = 32;
/** A list of delays is read from its third on: the delay levels that it stands for begin at level 3. */
const FIRST_LISTED = 2;

/**
 * How long a failed message waits when its group has a policy and its consumer leaves the choice to the broker.
 *
 * @param reconsumeTimes how often it failed before this time
 * @returns ms, at least 0; undefined where the group has no policy of its own: the delay levels decide
 * Source: rocketmq 5.5.0 `ExponentialRetryPolicy#nextDelayDuration`, `CustomizedRetryPolicy#nextDelayDuration`. There the
 * proxy alone asks them; a consumer of the classic protocol gets the delay levels whatever the group says.
 */
export function retryDelayMs(policy: GroupRetryPolicy, reconsumeTimes: number): number | undefined {
  const times = Math.max(reconsumeTimes, 0);
  if (policy.type === 'EXPONENTIAL') {
    const exponential = policy.exponentialRetryPolicy;
    if (!exponential) return undefined;
    const { initial, max, multiplier } = exponential;
    return Math.max(Math.min(max, initial * multiplier ** Math.min(times, EXPONENT_MAX)), 0);
  }
  const delays = policy.customizedRetryPolicy?.next ?? [];
  const delayMs = delays[Math.min(times + FIRST_LISTED, delays.length - 1)];
  return delayMs === undefined ? undefined : Math.max(delayMs, 0);
}
