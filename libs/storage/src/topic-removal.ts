import type { ConsumeQueues } from './consume-queue/consume-queues.js';
import type { QueueFiles } from './consume-queue/queue-files.js';
import type { QueueFlusher } from './consume-queue/queue-flusher.js';
import type { QueueWriter } from './consume-queue/queue-writer.js';
import type { UnitSource } from './read/unit-source.js';
import type { StoreProgress } from './store-progress.js';

/**
 * Removes topics. The next offset of each queue is remembered, so that an offset never stands for two messages: a topic that
 * comes again goes on where it ended (Apache's broker begins at 0 again).
 */
export class TopicRemoval {
  constructor(
    private readonly parts: {
      readonly queues: ConsumeQueues;
      readonly files: QueueFiles;
      readonly flusher: QueueFlusher;
      readonly queueWriter: QueueWriter;
      readonly units: UnitSource;
      readonly progress: StoreProgress;
    },
  ) {}

  /** @throws system error */
  async deleteTopic(topic: string): Promise<void> {
    const { queues, queueWriter } = this.parts;
    const removed = queues.queuesOf(topic);
    if (removed.length === 0) return;
    await queueWriter.exclusively(async () => {
      for (const queue of removed) {
        const { nextOffset } = queue;
        this.parts.flusher.forget(queue);
        queue.clear(nextOffset);
        queue.floorOffset = nextOffset;
        queue.retired = true;
        await this.parts.files.removeQueue(queue);
      }
      queues.membershipVersion++;
      this.parts.units.clear();
      await this.parts.files.removeTopicDirectory(topic);
      await this.parts.progress.writeManifest(true);
    });
  }
}
