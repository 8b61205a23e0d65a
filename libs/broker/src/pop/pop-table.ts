import { popRetryTopicV1, popRetryTopicV2 } from './pop-topic-name.js';
import { PopQueue } from './pop-queue.js';

/** The queues of one topic, as one group pops them. */
export class PopTopic {
  readonly retryV1: string;
  readonly retryV2: string;
  private readonly queues = new Map<number, PopQueue>();

  constructor(
    readonly topic: string,
    readonly group: string,
  ) {
    this.retryV1 = popRetryTopicV1(topic, group);
    this.retryV2 = popRetryTopicV2(topic, group);
  }

  queue(queueId: number): PopQueue {
    let queue = this.queues.get(queueId);
    if (!queue) {
      this.queues.set(queueId, (queue = new PopQueue(this.topic, this.group, queueId)));
    }
    return queue;
  }

  find(queueId: number): PopQueue | undefined {
    return this.queues.get(queueId);
  }

  all(): Iterable<PopQueue> {
    return this.queues.values();
  }

  /** Forgets queues that nobody has used for a while. @returns whether none is left */
  sweep(unusedSinceMs: number): boolean {
    for (const queue of this.queues.values()) {
      if (!queue.busy && queue.entryCount === 0 && queue.lastUsedMs < unusedSinceMs) {
        this.queues.delete(queue.queueId);
      }
    }
    return this.queues.size === 0;
  }
}

/** What groups pop of which topics; entries come with the first pop and go some time after the last. */
export class PopTable {
  private readonly byKey = new Map<string, PopTopic>();

  topic(topic: string, group: string): PopTopic {
    const key = `${topic}@${group}`;
    let known = this.byKey.get(key);
    if (!known) this.byKey.set(key, (known = new PopTopic(topic, group)));
    return known;
  }

  find(topic: string, group: string): PopTopic | undefined {
    return this.byKey.get(`${topic}@${group}`);
  }

  *queues(): Iterable<PopQueue> {
    for (const topic of this.byKey.values()) yield* topic.all();
  }

  topics(): Iterable<PopTopic> {
    return this.byKey.values();
  }

  get size(): number {
    return this.byKey.size;
  }

  sweep(unusedSinceMs: number): void {
    for (const [key, topic] of this.byKey) {
      if (topic.sweep(unusedSinceMs)) this.byKey.delete(key);
    }
  }
}
