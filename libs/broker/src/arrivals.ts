import { javaHashCode } from '@rocketmq-ts/kernel';
import type { StoreQueue } from '@rocketmq-ts/storage';

/** Tells who waits for messages of a queue that there are some: once per queue and batch. */
export class Arrivals {
  private readonly listeners: ((queue: StoreQueue) => void)[] = [];

  /** @param source the store, which knows one listener */
  constructor(source: { onArrival(listener: (queue: StoreQueue) => void): void }) {
    source.onArrival((queue) => {
      for (const listener of this.listeners) listener(queue);
    });
  }

  on(listener: (queue: StoreQueue) => void): void {
    this.listeners.push(listener);
  }

  /** As `on`, for the queues of one topic. Other queues cost a comparison of numbers, not of names. */
  onTopic(topic: string, listener: (queue: StoreQueue) => void): void {
    const topicHash = javaHashCode(topic);
    this.on((queue) => {
      if (queue.topicHash === topicHash && queue.topic === topic) listener(queue);
    });
  }
}
