import { RocketMQError } from '@rocketmq-ts/kernel';

/** Apache's levels 1 to 18. */
export const DEFAULT_DELAY_LEVELS = '1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h';

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** Delay of a level that does not exist. Source: rocketmq 5.x `ScheduleMessageService#computeDeliverTimestamp`. */
const UNKNOWN_LEVEL_MS = 1_000;

/** The list of delay levels cannot be read. */
export class DelayLevelsError extends RocketMQError {
  override readonly code = 'ROCKETMQ_DELAY_LEVELS';

  constructor(piece: string) {
    super(
      `messageDelayLevel: "${piece}" is no delay; write a number and one of s, m, h, d, for example 10s`,
    );
  }
}

/**
 * The delays that messages can ask for by number. Level N waits in queue N − 1 of the schedule topic.
 * Source: rocketmq 5.x `ScheduleMessageService#parseDelayLevel`.
 */
export class DelayLevels {
  private readonly delayMs: readonly number[];

  /** @throws {DelayLevelsError} a piece of the list is not a number with a unit. */
  constructor(text: string = DEFAULT_DELAY_LEVELS) {
    this.delayMs = text
      .trim()
      .split(/\s+/)
      .map((piece) => {
        const match = /^(\d{1,9})([smhd])$/.exec(piece);
        const unitMs = UNIT_MS.get(match?.[2] ?? '');
        if (!match || unitMs === undefined) throw new DelayLevelsError(piece);
        return Number(match[1]) * unitMs;
      });
  }

  /** The highest level. */
  get count(): number {
    return this.delayMs.length;
  }

  /** Delay of a level in ms; one second for a level that does not exist. */
  delayOf(level: number): number {
    return this.delayMs[level - 1] ?? UNKNOWN_LEVEL_MS;
  }

  /** The level with the shortest delay that is not shorter than this one; where all are, the one with the longest. */
  levelFor(delayMs: number): number {
    let best = 1;
    for (const [i, ownMs] of this.delayMs.entries()) {
      const bestMs = this.delayOf(best);
      const better = bestMs < delayMs ? ownMs > bestMs : ownMs >= delayMs && ownMs < bestMs;
      if (better) best = i + 1;
    }
    return best;
  }

  /** A level asked for, cut to the highest one. */
  clamp(level: number): number {
    return Math.min(level, this.count);
  }
}

export const queueIdOfLevel = (level: number): number => level - 1;
export const levelOfQueueId = (queueId: number): number => queueId + 1;
