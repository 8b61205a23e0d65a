import type { StartDecision } from '../commit-log/commit-log.recovery.js';
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import { REBUILDING, writeManifest, type Manifest } from '../consume-queue/queue-manifest.js';
import { CorruptionError } from '../store-errors.js';
import { QueueBuild } from './queue-build.js';
import type { RecoveryParts } from './recovery-parts.js';
import type { RecoveryScan } from './recovery-scan.js';

/** Builds queues anew from the whole log. */
export class QueueRebuild {
  constructor(
    private readonly parts: RecoveryParts,
    private readonly scan: RecoveryScan,
    private readonly decision: StartDecision,
    /** Where queues went before anything was touched. */
    private readonly foundMaxOffsets: ReadonlyMap<ConsumeQueue, number>,
  ) {}

  /** @throws {CorruptionError} the log is damaged, or messages are missing in it. */
  async run(
    broken: ReadonlySet<ConsumeQueue>,
    logEndOffset: number,
    manifest: Manifest | undefined,
  ): Promise<void> {
    const { files, flusher, segments } = this.parts;
    if (broken.size === 0) return;
    const foundMax = new Map<ConsumeQueue, number>();
    for (const queue of broken) foundMax.set(queue, this.foundMaxOffsets.get(queue) ?? 0);
    for (const { topic, queueId, writtenOffset, syncedOffset } of manifest?.queues ?? []) {
      const trusted = this.decision.powerLossPossible && syncedOffset !== REBUILDING;
      const queue = this.parts.queues.peek(topic, queueId);
      if (queue) foundMax.set(queue, trusted ? syncedOffset : writtenOffset);
    }
    await this.announceRebuild(broken, foundMax);
    for (const queue of broken) {
      await files.removeQueue(queue);
      flusher.forget(queue);
      queue.clear(0);
    }
    const build = new QueueBuild(
      { ...this.parts, index: undefined },
      { indexFrom: Infinity, only: broken },
    );
    await this.scan.range(segments.minOffset, logEndOffset, build);
    build.finish();
    this.judgeGaps(build);
    for (const queue of broken) {
      const nextOffset = foundMax.get(queue) ?? 0;
      // A queue whose messages are all gone does not begin again at 0: an offset never stands for two messages (P4).
      if (!queue.hasUnits) queue.clear(nextOffset);
      else if (this.scan.repaired) build.extendTo(queue, nextOffset);
    }
  }

  /**
   * Notes durably that the files of these queues count for nothing, before they are touched: a crash half way must not leave
   * files behind that look whole.
   */
  private async announceRebuild(
    broken: ReadonlySet<ConsumeQueue>,
    foundMax: ReadonlyMap<ConsumeQueue, number>,
  ): Promise<void> {
    const { disk, settings, queues, segments } = this.parts;
    for (const queue of broken) {
      queue.clear(foundMax.get(queue) ?? 0);
      queue.minOffset = queue.floorOffset;
      queue.rebuilding = true;
    }
    await writeManifest(disk, settings.rootPath, queues, {
      durable: true,
      logMinOffset: segments.minOffset,
    });
  }

  /** Messages that are missing between others: the log lost them, or their records say something wrong. */
  private judgeGaps({ gaps }: QueueBuild): void {
    const { segments, settings, logger } = this.parts;
    for (const { queue, fromQueueOffset, toQueueOffset, commitLogOffset } of gaps) {
      const segment = segments.find(commitLogOffset)!;
      const finding =
        `messages ${fromQueueOffset}…${toQueueOffset - 1} of queue ${queue.queueId} of ` +
        `${queue.topic} are missing in front of this one`;
      // Apache's broker leaves such gaps behind in some cases; only of our own log we know that there were none.
      if (this.decision.manifestCounts && !settings.repair) {
        throw new CorruptionError(
          segment.file.path,
          commitLogOffset - segment.startOffset,
          finding,
        );
      }
      logger.error('messages are missing in the commit log', { finding, commitLogOffset });
    }
  }
}
