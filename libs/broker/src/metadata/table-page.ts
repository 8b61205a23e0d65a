import { sameDataVersion } from '@rocketmq-ts/protocol';
import type { DataVersion } from '@rocketmq-ts/protocol';

/** Most entries in one page. Source: rocketmq 5.x `BrokerConfig#splitMetadataSize`. */
const PAGE_COUNT_MAX = 2_000;

/** Which part of a table somebody wants; with nothing given he wants all of it. */
export interface PageWish {
  /** Position of the first entry in the order of names. */
  readonly first: number | undefined;
  readonly countMax: number | undefined;
  /** Version that the earlier pages had: with another one it starts over. */
  readonly seenVersion: DataVersion | undefined;
}

/**
 * A page of a table that may be too large for one answer.
 * Source: rocketmq 5.x `TopicConfigManager#subTopicConfigTable`.
 */
export function pageOf<T>(
  entries: readonly [string, T][],
  wish: PageWish,
  version: DataVersion,
): Map<string, T> {
  const { first, countMax, seenVersion } = wish;
  if (first === undefined && countMax === undefined && seenVersion === undefined) {
    return new Map(entries);
  }
  const unchanged = seenVersion !== undefined && sameDataVersion(seenVersion, version);
  const start = unchanged ? Math.max(first ?? 0, 0) : 0;
  const count = Math.min(Math.max(countMax ?? PAGE_COUNT_MAX, 1), PAGE_COUNT_MAX);
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return new Map(sorted.slice(start, start + count));
}
