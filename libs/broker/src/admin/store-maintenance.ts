import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { FairTurns } from '../fair-turns.js';
import type { StoreAdministration } from '../store-access.js';
import { isSystemTopic } from '../topic/topic-name.js';
import type { TopicTable } from '../topic/topic-table.js';

/** Prefix of light queues, which are in the store without being topics. Source: rocketmq 5.5.0 `MixAll#LMQ_PREFIX`. */
const LIGHT_QUEUE_PREFIX = '%LMQ%';
/** Runs that one command starts at most. Source: rocketmq 5.5.0 `CleanCommitLogService#MAX_MANUAL_DELETE_FILE_TIMES`. */
const DELETE_RUN_COUNT_MAX = 20;

/** Clears away what the store no longer needs, when an operator wants it done now. */
export class StoreMaintenance {
  private deletion: Promise<number> | undefined;
  private cleaning: Promise<number> | undefined;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly logger: Logger;
      readonly store: StoreAdministration;
      readonly topics: TopicTable;
    },
  ) {}

  /**
   * Removes the queues of topics that no longer exist. One run at a time; who comes meanwhile waits for it.
   * @returns how many topics @throws system error
   * Source: rocketmq 5.5.0 `DefaultMessageStore#cleanUnusedTopic`.
   */
  cleanUnusedTopics(): Promise<number> {
    this.cleaning ??= this.clean().finally(() => (this.cleaning = undefined));
    return this.cleaning;
  }

  /** Removes queues whose messages are all deleted. @returns how many @throws system error */
  cleanExpiredQueues(): Promise<number> {
    return this.parts.store.removeExpiredQueues(isSystemTopic);
  }

  /**
   * Deletes files of the log that are older than they are kept. Resolves after the first run; the others go on.
   * @returns files of the first run
   */
  async deleteExpiredLog(): Promise<number> {
    const { logger, store } = this.parts;
    const first = await store.deleteExpired();
    if (first === 0) return 0;
    this.deletion ??= this.deleteMore().finally(() => (this.deletion = undefined));
    this.deletion.catch((error: unknown) => {
      logger.error('expired files could not be deleted', { reason: describeError(error) });
    });
    return first;
  }

  private async deleteMore(): Promise<number> {
    let total = 0;
    for (let run = 1; run < DELETE_RUN_COUNT_MAX; run++) {
      const deleted = await this.parts.store.deleteExpired();
      if (deleted === 0) break;
      total += deleted;
    }
    return total;
  }

  private async clean(): Promise<number> {
    const { clock, logger, store, topics } = this.parts;
    const turns = new FairTurns(clock);
    let removed = 0;
    for (const topic of store.topics()) {
      if (turns.due) await turns.pause();
      if (topics.find(topic) || isSystemTopic(topic) || topic.startsWith(LIGHT_QUEUE_PREFIX))
        continue;
      if (await topics.whileAbsent(topic, () => store.deleteTopic(topic))) removed++;
    }
    if (removed > 0)
      logger.info('queues of topics that are gone were removed', { topics: removed });
    return removed;
  }
}
