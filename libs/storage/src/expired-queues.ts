import type { Clock, Logger } from '@rocketmq-ts/kernel';
import type { ConsumeQueue } from './consume-queue/consume-queue.js';
import type { ConsumeQueues } from './consume-queue/consume-queues.js';
import type { QueueFiles } from './consume-queue/queue-files.js';
import type { QueueFlusher } from './consume-queue/queue-flusher.js';
import type { QueueWriter } from './consume-queue/queue-writer.js';
import type { UnitSource } from './read/unit-source.js';
import type { StoreProgress } from './store-progress.js';

/** Queues looked at, and queues removed, before other events get their turn. */
const LOOKED_PER_TURN = 5_000;
const REMOVED_AT_ONCE = 100;

/**
 * Removes the files of queues whose messages are all deleted from the log; retention leaves each queue its last file. The
 * next offset of each is remembered, durably and first, so that no offset ever stands for two messages.
 * Source: rocketmq 5.5.0 `ConsumeQueueStore#cleanExpired` (there such a queue begins at 0 again).
 */
export class ExpiredQueues {
  private running: Promise<number> | undefined;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly logger: Logger;
      readonly queues: ConsumeQueues;
      readonly files: QueueFiles;
      readonly flusher: QueueFlusher;
      readonly queueWriter: QueueWriter;
      readonly units: UnitSource;
      readonly progress: StoreProgress;
    },
  ) {}

  /**
   * Joins a run that is under way.
   * @param isKept whether the queues of a topic stay as they are
   * @returns how many queues were removed @throws system error
   */
  remove(isKept: (topic: string) => boolean): Promise<number> {
    this.running ??= this.run(isKept).finally(() => (this.running = undefined));
    return this.running;
  }

  private async run(isKept: (topic: string) => boolean): Promise<number> {
    const expired: ConsumeQueue[] = [];
    let looked = 0;
    for (const queue of [...this.parts.queues]) {
      if (isExpired(queue) && !isKept(queue.topic)) expired.push(queue);
      if (++looked % LOOKED_PER_TURN === 0) await this.pause();
    }
    let removed = 0;
    for (let from = 0; from < expired.length; from += REMOVED_AT_ONCE) {
      removed += await this.removeSome(expired.slice(from, from + REMOVED_AT_ONCE));
      await this.pause();
    }
    if (removed > 0) this.parts.logger.info('queues without messages removed', { queues: removed });
    return removed;
  }

  private async removeSome(expired: readonly ConsumeQueue[]): Promise<number> {
    const { queueWriter, files, flusher, units, progress, queues } = this.parts;
    let removed = 0;
    await queueWriter.exclusively(async () => {
      for (const queue of expired)
        queue.floorOffset = Math.max(queue.floorOffset, queue.nextOffset);
      await progress.writeManifest(true);
      for (const queue of expired) {
        // Messages may have come while it was written down.
        if (!isExpired(queue)) continue;
        flusher.forget(queue);
        queue.clear(queue.nextOffset);
        await files.removeQueue(queue);
        removed++;
      }
      units.clear();
      queues.membershipVersion++;
      await progress.writeManifest(true);
    });
    return removed;
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => this.parts.clock.afterTick(resolve));
  }
}

/** It has files, all their units point below the log's first byte, and nothing is on its way into it. */
const isExpired = (queue: ConsumeQueue): boolean =>
  queue.firstFileOffset >= 0 &&
  queue.minOffset >= queue.maxOffset &&
  queue.nextOffset === queue.maxOffset &&
  queue.unwrittenCount === 0 &&
  !queue.retired &&
  !queue.rebuilding;
