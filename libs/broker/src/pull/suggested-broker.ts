import { readSafeInt64 } from '@rocketmq-ts/kernel';
import type { SubscriptionGroupConfig } from '@rocketmq-ts/protocol';
import type { ReadResult } from '@rocketmq-ts/storage';

const MASTER_ID = 0;
/** Where a record says at which offset of the log it lies. */
const COMMIT_LOG_OFFSET_AT = 28;

/** What the suggestion depends on. */
export interface SuggestionFacts {
  /** Whether consumers are sent to slaves at all. */
  readonly slaveRead: boolean;
  readonly isSlave: boolean;
  /** How far behind the end of the log a consumer is slow. */
  readonly recentBytes: number;
  readonly logEnd: number;
}

/**
 * Which broker of this name the client is to ask next. A consumer that reads what is not in memory any more is sent where
 * its group wants it; one that keeps up, or has caught up on a slave, goes to the master.
 * Source: rocketmq 5.5.0 `PullMessageProcessor#composeResponseHeader`, `DefaultMessageStore#getMessage`.
 */
export function suggestedBroker(
  facts: SuggestionFacts,
  group: SubscriptionGroupConfig,
  result: Pick<ReadResult, 'fromDisk' | 'pieces'> | undefined,
): number {
  if (!facts.slaveRead) return MASTER_ID;
  if (isFarBehind(facts, result)) return group.whichBrokerWhenConsumeSlowly;
  return facts.isSlave ? MASTER_ID : group.brokerId;
}

function isFarBehind(
  { logEnd, recentBytes }: SuggestionFacts,
  result: Pick<ReadResult, 'fromDisk' | 'pieces'> | undefined,
): boolean {
  if (!result?.fromDisk) return false;
  const first = result.pieces[0];
  if (!first || first.length < COMMIT_LOG_OFFSET_AT + 8) return false;
  return logEnd - readSafeInt64(first, COMMIT_LOG_OFFSET_AT) > recentBytes;
}
