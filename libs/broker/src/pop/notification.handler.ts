import type { Clock } from '@rocketmq-ts/kernel';
import { Notification, ResponseCode, codec } from '@rocketmq-ts/protocol';
import type { ExtFields, Received, RemotingFrame, SerializeType } from '@rocketmq-ts/protocol';
import { RequestCodeNotSupportedError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { StoreQueue } from '@rocketmq-ts/storage';
import type { Arrivals } from '../arrivals.js';
import type { MessageFilter } from '../filter/subscription-filters.js';
import { FAST_LISTENER } from '../listener-name.js';
import type { WakeReason } from '../pull/held-pulls.js';
import type { MessageSource } from '../store-access.js';
import type { TopicTable } from '../topic/topic-table.js';
import { HeldPop, HeldPops } from './held-pops.js';
import type { HeldPopLimits, PollPlace } from './held-pops.js';
import type { OrderTable } from './order-table.js';
import { readFilter } from './pending-pop.js';
import type { PopAccess } from './pop-access.js';
import { pollWaitMs } from './pop-decision.js';
import type { PopOffsets } from './pop-offsets.js';
import type { PopQueue } from './pop-queue.js';
import type { PopTable } from './pop-table.js';
import { normalTopicOf, popRetryTopicV1, popRetryTopicV2 } from './pop-topic-name.js';

type NotificationHeader = Received<typeof Notification.request>['header'];

/** Read anew for each notification. */
export interface NotificationSettings extends HeldPopLimits {
  readonly holdMaxMs: number;
  /** Whether messages that the filter passes over do not count. */
  readonly filters: boolean;
  /** With so many messages left in a queue a pop is due, whatever they are. */
  readonly filteredCountMax: number;
}

/** What notifications work with. */
export interface NotificationParts {
  readonly clock: Clock;
  readonly arrivals: Arrivals;
  readonly topics: TopicTable;
  readonly store: MessageSource;
  readonly table: PopTable;
  readonly offsets: PopOffsets;
  readonly orders: OrderTable;
  readonly access: PopAccess;
  readonly settings: NotificationSettings;
}

class HeldNotification extends HeldPop {
  /** Monotonic ms from which it may not be held any longer. */
  holdUntilMs = 0;

  constructor(
    place: PollPlace,
    connection: ServerConnection,
    readonly header: NotificationHeader,
    /** Of messages of the topic itself; those that come again have passed it before. */
    readonly filter: MessageFilter,
    readonly opaque: number,
    readonly serializeType: SerializeType,
  ) {
    super(place, connection);
  }
}

/** A queue to look into for one notification. */
interface Look {
  readonly topic: string;
  readonly queueId: number;
  readonly wanted: MessageFilter;
}

const NO_BYTES = Buffer.alloc(0);
const EVERYTHING: MessageFilter = {};

/**
 * Tells when a pop would find something: NOTIFICATION. Messages that the filter passes over do not count, unless there are
 * so many that a pop should move past them.
 *
 * Apache looks at 32 messages of a backlog at most, and lets SQL92 pass without a look; there a client waits although what it
 * wants lies behind those, or is woken for nothing.
 * Source: rocketmq 5.5.0 `NotificationProcessor`.
 */
export class NotificationHandler {
  private readonly codec = codec(Notification);
  private readonly holds: HeldPops<HeldNotification>;
  private arrivalCount = 0;
  private stopping = false;

  constructor(private readonly parts: NotificationParts) {
    const { clock, settings } = parts;
    this.holds = new HeldPops(clock, settings, 'last', (held, reason) =>
      this.onHoldOver(held, reason),
    );
    parts.arrivals.on((queue) => {
      this.arrivalCount++;
      this.holds.onArrival(queue);
    });
  }

  get heldCount(): number {
    return this.holds.size;
  }

  readonly handle = (frame: RemotingFrame, connection: ServerConnection): void => {
    if (connection.listenerName === FAST_LISTENER) {
      throw new RequestCodeNotSupportedError(frame.code);
    }
    if (frame.isOneWay) return;
    const { header } = this.codec.decodeRequest(frame.ext(), NO_BYTES);
    const decision = this.parts.access.decidePop(header, connection);
    if (!decision.granted) {
      const { code, remark } = decision.refusal;
      connection.answer(frame, code, remark, fields(false, false));
      return;
    }
    const { clock, settings } = this.parts;
    const { opaque, serializeType } = frame;
    const place = this.holds.place(header.topic, header.consumerGroup, header.queueId);
    // Without a type there is no filter to Apache, whatever the expression.
    const filter = settings.filters && header.expressionType ? decision.filter : EVERYTHING;
    const request = new HeldNotification(place, connection, header, filter, opaque, serializeType);
    const { bornTimeMs, pollTimeMs } = header;
    const waitMs = pollWaitMs(bornTimeMs, pollTimeMs, clock.nowMs(), settings.holdMaxMs);
    request.holdUntilMs = clock.monotonicMs() + waitMs;
    this.search(request);
  };

  onConnectionClosed(connection: ServerConnection): void {
    this.holds.drop(connection);
  }

  /** There may be messages for a group in a queue. */
  wake({ topic, group, queueId }: Pick<PopQueue, 'topic' | 'group' | 'queueId'>): void {
    const normal = normalTopicOf(topic, group);
    this.holds.wake(normal, group, normal === topic ? queueId : -1);
  }

  stopHolding(): void {
    this.stopping = true;
    this.holds.wakeAll('shutdown');
  }

  private onHoldOver(request: HeldNotification, reason: WakeReason): void {
    if (reason === 'deadline') request.holdUntilMs = 0;
    if (reason === 'shutdown') this.finish(request, false);
    else this.search(request);
  }

  private search(request: HeldNotification): void {
    const arrivalsBefore = this.arrivalCount;
    const over = (found: boolean): void => {
      if (found) this.finish(request, true);
      else if (arrivalsBefore === this.arrivalCount) this.holdOrAnswer(request);
      // Something came while the store was asked: it may have been for this one.
      else this.parts.clock.afterTick(() => this.search(request));
    };
    const { header, filter } = request;
    const found = this.findsAny(this.looksOf(header, filter), header);
    if (typeof found === 'boolean') over(found);
    else found.then(over, () => this.finish(request, false));
  }

  private holdOrAnswer(request: HeldNotification): void {
    const waitMs = request.holdUntilMs - this.parts.clock.monotonicMs();
    if (request.connection.closed) return;
    if (waitMs <= 0 || this.stopping) this.answer(request, false, false);
    else if (!this.holds.hold(request, waitMs)) this.answer(request, false, true);
  }

  private finish(request: HeldNotification, hasMsg: boolean): void {
    if (!request.connection.closed) this.answer(request, hasMsg, false);
  }

  /** A promise only where a filter has to look at messages. */
  private findsAny(looks: readonly Look[], header: NotificationHeader): boolean | Promise<boolean> {
    for (const [at, look] of looks.entries()) {
      const found = this.findsIn(look, header);
      if (found === true) return true;
      if (found === false) continue;
      return found.then((is) => is || this.findsAny(looks.slice(at + 1), header));
    }
    return false;
  }

  private looksOf({ topic, consumerGroup, queueId }: NotificationHeader, filter: MessageFilter) {
    const all = (name: string, wanted: MessageFilter): Look[] => {
      const count = this.parts.topics.find(name)?.config.readQueueNums ?? 0;
      return Array.from({ length: count }, (_, id) => ({ topic: name, queueId: id, wanted }));
    };
    return [
      ...(queueId < 0 ? all(topic, filter) : [{ topic, queueId, wanted: filter }]),
      ...all(popRetryTopicV1(topic, consumerGroup), EVERYTHING),
      ...all(popRetryTopicV2(topic, consumerGroup), EVERYTHING),
    ];
  }

  private findsIn(
    { topic, queueId, wanted }: Look,
    header: NotificationHeader,
  ): boolean | Promise<boolean> {
    const { store, table, offsets, orders, settings, clock } = this.parts;
    const stored = store.findQueue(topic, queueId);
    if (!stored) return false;
    const { consumerGroup, order, attemptId } = header;
    const attempt = { attemptId, invisibleTimeMs: 0 };
    if (order && orders.blocks(topic, consumerGroup, queueId, attempt)) return false;
    const queue = table.topic(topic, consumerGroup).queue(queueId);
    queue.lastUsedMs = clock.monotonicMs();
    const queueOffset = offsets.next(queue) ?? stored.minOffset;
    const restCount = stored.maxOffset - queueOffset;
    const isFiltered = (wanted.tags ?? wanted.records) !== undefined;
    if (restCount <= 0 || !isFiltered || restCount >= settings.filteredCountMax) {
      return restCount > 0;
    }
    return this.anyMatches(stored, queueOffset, wanted);
  }

  private anyMatches(queue: StoreQueue, from: number, wanted: MessageFilter): Promise<boolean> {
    const queueOffset = Math.max(from, queue.minOffset);
    const request = { queue, queueOffset, maxCount: 1, maxBytes: 1, ...readFilter(wanted) };
    return new Promise((resolve) => {
      this.parts.store.read(request, (result) => {
        result.release();
        // Where the filter was not tried on everything, the pop finds out.
        const isDone = result.nextQueueOffset >= queue.maxOffset;
        resolve(result.status === 'FOUND' || (result.status === 'NO_MATCHED_MESSAGE' && !isDone));
      });
    });
  }

  private answer(request: HeldNotification, hasMsg: boolean, pollingFull: boolean): void {
    request.answered = true;
    request.connection.answer(
      request,
      ResponseCode.SUCCESS,
      undefined,
      fields(hasMsg, pollingFull),
    );
  }
}

const fields = (hasMsg: boolean, pollingFull: boolean): ExtFields =>
  new Map([
    ['hasMsg', String(hasMsg)],
    ['pollingFull', String(pollingFull)],
  ]);
