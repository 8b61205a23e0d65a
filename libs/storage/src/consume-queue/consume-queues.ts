import { ConsumeQueue } from './consume-queue.js';

/** All queues of the store, by topic and id, and which of them have something to write. */
export class ConsumeQueues {
  private readonly byTopic = new Map<string, Map<number, ConsumeQueue>>();
  private dirtyQueues: ConsumeQueue[] = [];
  private lastSerial = 0;
  /** Grows when a queue is made, removed, or gets its first units: whoever keeps a list of them knows when it is old. */
  membershipVersion = 0;

  find(topic: string, queueId: number): ConsumeQueue | undefined {
    const queue = this.byTopic.get(topic)?.get(queueId);
    return queue?.retired ? undefined : queue;
  }

  /** The queue, also one of a removed topic. */
  peek(topic: string, queueId: number): ConsumeQueue | undefined {
    return this.byTopic.get(topic)?.get(queueId);
  }

  /** The queue, made empty where there is none. Nothing is written before its first unit. */
  get(topic: string, queueId: number): ConsumeQueue {
    let queues = this.byTopic.get(topic);
    if (!queues) {
      queues = new Map();
      this.byTopic.set(topic, queues);
    }
    let queue = queues.get(queueId);
    if (!queue) {
      queue = new ConsumeQueue(topic, queueId, ++this.lastSerial);
      queues.set(queueId, queue);
      this.membershipVersion++;
    }
    queue.retired = false;
    return queue;
  }

  /** Topics that have a queue. */
  topics(): string[] {
    const topics: string[] = [];
    for (const [topic, queues] of this.byTopic) {
      for (const queue of queues.values()) {
        if (queue.retired) continue;
        topics.push(topic);
        break;
      }
    }
    return topics;
  }

  queuesOf(topic: string): ConsumeQueue[] {
    return [...(this.byTopic.get(topic)?.values() ?? [])].filter((queue) => !queue.retired);
  }

  /** All queues, those of removed topics too. */
  *[Symbol.iterator](): Iterator<ConsumeQueue> {
    for (const queues of this.byTopic.values()) yield* queues.values();
  }

  get count(): number {
    let count = 0;
    for (const queues of this.byTopic.values()) count += queues.size;
    return count;
  }

  /** How many queues have units to write. */
  get dirtyCount(): number {
    return this.dirtyQueues.length;
  }

  /** Notes that the queue has units to write. */
  markDirty(queue: ConsumeQueue): void {
    if (queue.dirty) return;
    queue.dirty = true;
    this.dirtyQueues.push(queue);
  }

  /** The queues with units to write; they are off the list and must be written or marked again. */
  takeDirty(): ConsumeQueue[] {
    const taken = this.dirtyQueues;
    this.dirtyQueues = [];
    for (const queue of taken) queue.dirty = false;
    return taken;
  }
}
