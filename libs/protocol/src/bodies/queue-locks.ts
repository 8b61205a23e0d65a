import { bool, defaulted, list, object, text } from '../json/json-type.js';
import type { JsonOf } from '../json/json-type.js';
import { MessageQueue } from './message-queue.js';

/**
 * Queues that an orderly consumer wants to lock or give back.
 * Source: rocketmq 5.5.0 `LockBatchRequestBody`, `UnlockBatchRequestBody`.
 */
export const LockBatchRequest = object({
  clientId: text,
  consumerGroup: text,
  mqSet: defaulted(list(MessageQueue), () => []),
  onlyThisBroker: defaulted(bool, () => false),
});
export type LockBatchRequest = JsonOf<typeof LockBatchRequest>;

/** The queues that are locked now. Source: rocketmq 5.5.0 `LockBatchResponseBody`. */
export const LockBatchResponse = object({
  lockOKMQSet: defaulted(list(MessageQueue), () => []),
});
export type LockBatchResponse = JsonOf<typeof LockBatchResponse>;

/** What each client of each group holds: a file of this broker's own, which Apache's does not have. */
export const QueueLockFile = object({
  locks: defaulted(list(LockBatchRequest), () => []),
});
export type QueueLockFile = JsonOf<typeof QueueLockFile>;
