import { describeError } from '@rocketmq-ts/kernel';
import type { StoreParts } from './store-parts.js';

/** Messages that the disk does not take in this time (it is full, say) are given up. */
const DRAIN_MS_MAX = 5_000;

/**
 * Closes a store: takes nothing more, writes and answers what was taken, syncs everything and says so in the files. After a
 * failure only the files are closed; the next start then recovers.
 */
export async function closeStore(parts: StoreParts): Promise<void> {
  const { health, logger, disk, settings, progress } = parts;
  health.beginClose();
  await parts.retention.stop();
  parts.diskWatch.stop();
  let orderly = false;
  try {
    await bringToDisk(parts);
    orderly = health.fatal === undefined;
  } catch (error) {
    logger.error('store cannot be closed in order', { error: describeError(error) });
  }
  await parts.queueWriter.stop();
  parts.decided.stop();
  parts.periodicSync?.stop();
  await parts.index?.close();
  if (orderly) {
    await progress.noteClean();
    await disk.remove(parts.abortPath);
    await disk.syncDirectory(settings.rootPath);
  }
  await parts.queueCheck.stop();
  await parts.segments.close();
  await parts.files.close();
  await parts.sidecar.close();
  await parts.checkpoint.close();
  parts.tailCache.clear();
  await parts.unlock();
  logger.info('store closed', { orderly });
}

async function bringToDisk(parts: StoreParts): Promise<void> {
  const { writer, sync, decided, zeroAhead, queueWriter } = parts;
  await writer.drained(DRAIN_MS_MAX);
  zeroAhead.stop();
  await sync.reach(writer.writtenOffset);
  // Who still waits for a copy is told that there is none yet.
  decided.giveUpCopies();
  await queueWriter.close();
}
