import type { Clock } from '@rocketmq-ts/kernel';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { StoreQueue } from '@rocketmq-ts/storage';
import { HeldPull, HeldPulls } from '../pull/held-pulls.js';
import type { HeldPullLimits, WakeReason } from '../pull/held-pulls.js';
import { popRetryTopicV1, popRetryTopicV2 } from './pop-topic-name.js';

/** What pops wait for: messages of one queue of a topic, or of all (−1), for one group. */
export class PollPlace {
  /** How many wait here. */
  waitingCount = 0;

  constructor(
    readonly topic: string,
    readonly group: string,
    readonly queueId: number,
  ) {}
}

/** A pop or notification that may wait. */
export abstract class HeldPop extends HeldPull<PollPlace, ServerConnection> {
  /** Set when it was answered; it is not woken any more. */
  answered = false;
}

/** Which waiting request a message wakes: the one that came first, or the one that came last. */
export type WakeOrder = 'first' | 'last';

export interface HeldPopLimits extends HeldPullLimits {
  /** Most requests that wait at one place. */
  readonly heldCountPerPlaceMax: number;
}

/**
 * Pops that wait for messages. A message wakes one request per group for the queue it came into and one for all queues,
 * not all of them: only one would get it. Messages of a pop retry topic wake those who wait for the topic behind it.
 *
 * Invariants:
 *  I1  a place is in the table exactly as long as somebody waits there; a place may stand in it more than once, since
 *      requests keep theirs while they look for messages.
 *
 * Source: rocketmq 5.5.0 `PopLongPollingService`.
 */
export class HeldPops<P extends HeldPop> {
  private readonly held: HeldPulls<PollPlace, ServerConnection, P>;
  private readonly places = new Map<string, PollPlace[]>();
  /** By the topics whose messages wake them. */
  private readonly byTopic = new Map<string, Set<PollPlace>>();

  constructor(
    clock: Clock,
    private readonly limits: HeldPopLimits,
    private readonly order: WakeOrder,
    private readonly onWake: (pop: P, reason: WakeReason) => void,
  ) {
    this.held = new HeldPulls(clock, limits, (pop, reason) => {
      this.left(pop.queue);
      onWake(pop, reason);
    });
  }

  /** How many wait. */
  get size(): number {
    return this.held.size;
  }

  /** The place of a request. */
  place(topic: string, group: string, queueId: number): PollPlace {
    const id = Math.max(queueId, -1);
    return this.places.get(keyOf(topic, group, id))?.[0] ?? new PollPlace(topic, group, id);
  }

  /** @returns false where too many wait already. */
  hold(pop: P, waitMs: number): boolean {
    const place = pop.queue;
    if (place.waitingCount >= this.limits.heldCountPerPlaceMax) return false;
    if (!this.held.hold(pop, waitMs)) return false;
    place.waitingCount++;
    const key = keyOf(place.topic, place.group, place.queueId);
    const same = this.places.get(key);
    if (same?.includes(place)) return true;
    if (same) same.push(place);
    else this.places.set(key, [place]);
    for (const topic of wakersOf(place)) {
      const places = this.byTopic.get(topic);
      if (places) places.add(place);
      else this.byTopic.set(topic, new Set([place]));
    }
    return true;
  }

  /** How many wait at a place. */
  waitingCount(topic: string, group: string, queueId: number): number {
    const places = this.places.get(keyOf(topic, group, Math.max(queueId, -1))) ?? [];
    return places.reduce((sum, place) => sum + place.waitingCount, 0);
  }

  /** A queue has messages. */
  onArrival(queue: StoreQueue): void {
    // Nobody waits: not even the name is worth a look, it lies far away with thousands of topics.
    if (this.byTopic.size === 0) return;
    const places = this.byTopic.get(queue.topic);
    if (!places) return;
    for (const place of [...places]) {
      const anyQueue = place.queueId < 0 || place.topic !== queue.topic;
      if (anyQueue || place.queueId === queue.queueId) this.wakeAt(place);
    }
  }

  /** There is something for a group in a queue. */
  wake(topic: string, group: string, queueId: number): void {
    for (const id of new Set([-1, Math.max(queueId, -1)])) {
      for (const place of [...(this.places.get(keyOf(topic, group, id)) ?? [])]) this.wakeAt(place);
    }
  }

  /** Forgets what a closed connection waited for. */
  drop(connection: ServerConnection): void {
    this.held.drop(connection);
    for (const place of [...this.places.values()].flat()) {
      place.waitingCount = this.held.of(place).length;
      this.tidy(place);
    }
  }

  wakeAll(reason: WakeReason): void {
    this.held.wakeAll(reason);
  }

  private wakeAt(place: PollPlace): void {
    const pop = this.order === 'first' ? this.held.firstOf(place) : this.held.of(place).at(-1);
    if (!pop) return;
    this.held.release(pop);
    this.left(place);
    this.onWake(pop, 'arrival');
  }

  private left(place: PollPlace): void {
    place.waitingCount--;
    this.tidy(place);
  }

  /** Forgets a place where nobody waits. */
  private tidy(place: PollPlace): void {
    if (place.waitingCount > 0) return;
    const key = keyOf(place.topic, place.group, place.queueId);
    const same = this.places.get(key);
    if (!same?.includes(place)) return;
    if (same.length > 1) same.splice(same.indexOf(place), 1);
    else this.places.delete(key);
    for (const topic of wakersOf(place)) {
      const places = this.byTopic.get(topic);
      places?.delete(place);
      if (places?.size === 0) this.byTopic.delete(topic);
    }
  }
}

const keyOf = (topic: string, group: string, queueId: number): string =>
  `${topic}@${group}@${queueId}`;

const wakersOf = ({ topic, group }: PollPlace): string[] => [
  topic,
  popRetryTopicV1(topic, group),
  popRetryTopicV2(topic, group),
];
