import type { Clock } from '@rocketmq-ts/kernel';
import type { LockBatchRequest, MessageQueue, QueueLockFile } from '@rocketmq-ts/protocol';
import type { SavedTable } from '../metadata/periodic-saver.js';

/** How long a lock lives after it was last taken or renewed. Source: rocketmq 5.x `RebalanceLockManager`. */
export const QUEUE_LOCK_LIVE_MS = 60_000;

/**
 * How long a lock lives after that when its client's connection was lost: Java's client takes a lock for its own for 30 s
 * after the broker granted it, and the answer may have been under way for a while.
 * Source: rocketmq 5.x `ProcessQueue#REBALANCE_LOCK_MAX_LIVE_TIME`.
 */
export const LOST_LOCK_LIVE_MS = 35_000;

/** A queue as clients name it. */
export interface LockedQueue {
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
}

interface QueueLock {
  clientId: string;
  renewedAtMs: number;
  /** Its client's connection is lost; a renewal takes that back. */
  lost: boolean;
}

/** Most queues that may be locked at a time, over all groups: a bound on memory, far above real use. */
const LOCK_COUNT_MAX = 200_000;

/**
 * Which client may consume which queue of which group in order. A lock belongs to a client, may be taken again by it, and
 * falls to anybody once it was not renewed for `QUEUE_LOCK_LIVE_MS`, at once when its client says goodbye, and after
 * `LOST_LOCK_LIVE_MS` when its client's connection was lost: Apache lets queues stand still for the whole time then.
 *
 * Invariants:
 *  I1  a queue has one holder, and a lock that a client may take for valid is not granted to another one;
 *  I2  I1 holds over a restart of the broker: what was granted is saved before the client hears of it, and lives on as the
 *      lock of a client that was lost. Apache forgets all locks: a member that joins then gets queues that another one
 *      still consumes.
 *
 * Source: rocketmq 5.x `RebalanceLockManager`. Time is monotonic here: a clock set back must not keep a lock alive.
 */
export class QueueLockTable implements SavedTable {
  private readonly byGroup = new Map<string, Map<string, QueueLock>>();
  private lockCount = 0;
  /** Somebody holds a queue now who did not, or the other way round; renewals do not count. */
  private changed = false;

  constructor(
    private readonly clock: Clock,
    private readonly liveMs: number = QUEUE_LOCK_LIVE_MS,
  ) {}

  /** Locks each queue that is free, expired or already held by this client. @returns those now held by the client. */
  lock<Q extends LockedQueue>(group: string, clientId: string, queues: Iterable<Q>): Q[] {
    const nowMs = this.clock.monotonicMs();
    let locks = this.byGroup.get(group);
    const granted: Q[] = [];
    for (const queue of queues) {
      const key = keyOf(queue);
      const lock = locks?.get(key);
      if (lock) {
        if (lock.clientId !== clientId && !this.isExpired(lock, nowMs)) continue;
        if (lock.clientId !== clientId) this.changed = true;
        lock.clientId = clientId;
        lock.renewedAtMs = nowMs;
        lock.lost = false;
        granted.push(queue);
      } else if (this.lockCount < LOCK_COUNT_MAX) {
        if (!locks) this.byGroup.set(group, (locks = new Map<string, QueueLock>()));
        locks.set(key, { clientId, renewedAtMs: nowMs, lost: false });
        this.lockCount++;
        this.changed = true;
        granted.push(queue);
      }
    }
    return granted;
  }

  /** Gives back what this client holds; the locks of others are left alone. */
  unlock(group: string, clientId: string, queues: Iterable<LockedQueue>): void {
    const locks = this.byGroup.get(group);
    if (!locks) return;
    for (const queue of queues) {
      const key = keyOf(queue);
      if (locks.get(key)?.clientId === clientId) this.remove(locks, key);
    }
    if (locks.size === 0) this.byGroup.delete(group);
  }

  /** The client says goodbye to its group: it consumes no more, so its queues are free at once. */
  release(group: string, clientId: string): void {
    const locks = this.byGroup.get(group);
    if (!locks) return;
    for (const [key, lock] of locks) {
      if (lock.clientId === clientId) this.remove(locks, key);
    }
    if (locks.size === 0) this.byGroup.delete(group);
  }

  /**
   * The client's connection is lost. It may be dead, or consume on and come back: its queues are free when it cannot take
   * its locks for valid any more, which is earlier than those of a client that is there.
   */
  noteLost(group: string, clientId: string): void {
    for (const lock of this.byGroup.get(group)?.values() ?? []) {
      if (lock.clientId === clientId) lock.lost = true;
    }
  }

  /** Locks that are held, the expired ones among them that nobody has swept yet. */
  get size(): number {
    return this.lockCount;
  }

  /** Whether somebody of the group consumes in order at this moment. */
  isLocked(group: string): boolean {
    const locks = this.byGroup.get(group);
    if (!locks) return false;
    const nowMs = this.clock.monotonicMs();
    for (const lock of locks.values()) if (!this.isExpired(lock, nowMs)) return true;
    return false;
  }

  /** Forgets expired locks, so that the table does not grow with groups that are gone. */
  sweep(): void {
    const nowMs = this.clock.monotonicMs();
    for (const [group, locks] of this.byGroup) {
      for (const [key, lock] of locks) {
        if (this.isExpired(lock, nowMs)) this.remove(locks, key);
      }
      if (locks.size === 0) this.byGroup.delete(group);
    }
  }

  takeChanged(): boolean {
    const { changed } = this;
    this.changed = false;
    return changed;
  }

  markChanged(): void {
    this.changed = true;
  }

  /** What is held, for `restore`. */
  content(): QueueLockFile {
    const locks: LockBatchRequest[] = [];
    for (const [consumerGroup, held] of this.byGroup) {
      const byClient = new Map<string, MessageQueue[]>();
      for (const [key, { clientId }] of held) {
        const queues = byClient.get(clientId);
        if (queues) queues.push(queueOf(key));
        else byClient.set(clientId, [queueOf(key)]);
      }
      for (const [clientId, mqSet] of byClient) {
        locks.push({ clientId, consumerGroup, mqSet, onlyThisBroker: true });
      }
    }
    return { locks };
  }

  /**
   * Takes over what a broker granted that ran before. Its clients may consume on all the while; each has
   * `LOST_LOCK_LIVE_MS` from now on to renew.
   */
  restore({ locks }: QueueLockFile): void {
    for (const { consumerGroup, clientId, mqSet } of locks) {
      this.lock(consumerGroup, clientId, mqSet);
      this.noteLost(consumerGroup, clientId);
    }
    this.changed = false;
  }

  private remove(locks: Map<string, QueueLock>, key: string): void {
    if (!locks.delete(key)) return;
    this.lockCount--;
    this.changed = true;
  }

  private isExpired(lock: QueueLock, nowMs: number): boolean {
    const liveMs = lock.lost ? Math.min(LOST_LOCK_LIVE_MS, this.liveMs) : this.liveMs;
    return nowMs - lock.renewedAtMs > liveMs;
  }
}

/** Names cannot hold a line feed, so it separates safely. */
const keyOf = (queue: LockedQueue): string =>
  `${queue.topic}\n${queue.brokerName}\n${queue.queueId}`;

function queueOf(key: string): MessageQueue {
  const [topic = '', brokerName = '', queueId] = key.split('\n');
  return { topic, brokerName, queueId: Number(queueId) };
}
