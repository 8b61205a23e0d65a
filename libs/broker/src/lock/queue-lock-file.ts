import { describeError } from '@rocketmq-ts/kernel';
import type { Logger } from '@rocketmq-ts/kernel';
import type { QueueLockFile } from '@rocketmq-ts/protocol';
import type { MetadataFile } from '../metadata/metadata-file.js';
import { PeriodicSaver } from '../metadata/periodic-saver.js';

/** How long the file may name a lock that was given back; one that was granted is in it before its client is told. */
export const LOCK_SAVE_INTERVAL_MS = 2_000;

/** Keeps the file current. */
export class QueueLockSaver extends PeriodicSaver {}

/** What a broker that ran before has granted. A file that cannot be read holds nothing that is worth a failed start. */
export async function loadLocks(
  file: MetadataFile<QueueLockFile>,
  logger: Logger,
): Promise<QueueLockFile> {
  try {
    return (await file.load()) ?? { locks: [] };
  } catch (error) {
    logger.warn('queue locks could not be read; orderly consumers may meet until they rebalance', {
      file: file.path,
      reason: describeError(error),
    });
    return { locks: [] };
  }
}
