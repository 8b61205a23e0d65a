import type { ConsumeQueue } from './consume-queue.js';

/**
 * Lost messages keep their places, so that the offsets of all others stay what they were. Their units point to the next
 * record of the queue: a reader of ours sees that it is another one and steps over, Apache's gives it twice.
 */
export function fillLost(
  queue: ConsumeQueue,
  toQueueOffset: number,
  next: { readonly commitLogOffset: number; readonly sizeBytes: number },
): void {
  for (let lost = queue.maxOffset; lost < toQueueOffset; lost++) {
    queue.addLost(lost, next.commitLogOffset, next.sizeBytes);
  }
}
