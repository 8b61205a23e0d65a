import type { Clock } from '@rocketmq-ts/kernel';
import { Notification, ResponseCode, codec } from '@rocketmq-ts/protocol';
import type { ExtFields, Received, RemotingFrame, SerializeType } from '@rocketmq-ts/protocol';
import { RequestCodeNotSupportedError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { Arrivals } from '../arrivals.js';
import { FAST_LISTENER } from '../listener-name.js';
import type { WakeReason } from '../pull/held-pulls.js';
import type { MessageSource } from '../store-access.js';
import type { TopicTable } from '../topic/topic-table.js';
import { HeldPop, HeldPops } from './held-pops.js';
import type { HeldPopLimits, PollPlace } from './held-pops.js';
import type { OrderTable } from './order-table.js';
import type { PopAccess } from './pop-access.js';
import { pollWaitMs } from './pop-decision.js';
import type { PopOffsets } from './pop-offsets.js';
import type { PopQueue } from './pop-queue.js';
import type { PopTable } from './pop-table.js';
import { normalTopicOf, popRetryTopicV1, popRetryTopicV2 } from './pop-topic-name.js';

type NotificationHeader = Received<typeof Notification.request>['header'];

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
  readonly settings: HeldPopLimits & { readonly holdMaxMs: number };
}

class HeldNotification extends HeldPop {
  constructor(
    place: PollPlace,
    connection: ServerConnection,
    readonly header: NotificationHeader,
    readonly opaque: number,
    readonly serializeType: SerializeType,
  ) {
    super(place, connection);
  }
}

const NO_BYTES = Buffer.alloc(0);

/**
 * Tells when a pop would find something: NOTIFICATION. A message that the filter would pass over counts as well: who is
 * told pops, and then waits behind it.
 * Source: rocketmq 5.5.0 `NotificationProcessor`.
 */
export class NotificationHandler {
  private readonly codec = codec(Notification);
  private readonly holds: HeldPops<HeldNotification>;
  private stopping = false;

  constructor(private readonly parts: NotificationParts) {
    const { clock, settings } = parts;
    this.holds = new HeldPops(clock, settings, 'last', (held, reason) =>
      this.onHoldOver(held, reason),
    );
    parts.arrivals.on((queue) => this.holds.onArrival(queue));
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
    const { opaque, serializeType } = frame;
    const place = this.holds.place(header.topic, header.consumerGroup, header.queueId);
    const request = new HeldNotification(place, connection, header, opaque, serializeType);
    const waitMs = pollWaitMs(
      header.bornTimeMs,
      header.pollTimeMs,
      this.parts.clock.nowMs(),
      this.parts.settings.holdMaxMs,
    );
    if (this.hasMessages(header)) this.answer(request, true, false);
    else if (waitMs <= 0 || this.stopping) this.answer(request, false, false);
    else if (!this.holds.hold(request, waitMs)) this.answer(request, false, true);
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
    if (request.connection.closed) return;
    const found = reason !== 'shutdown' && this.hasMessages(request.header);
    this.answer(request, found, false);
  }

  private hasMessages(header: NotificationHeader): boolean {
    const { topics } = this.parts;
    const { topic, consumerGroup, queueId } = header;
    if (queueId >= 0 && this.hasMessagesIn(topic, queueId, header)) return true;
    if (queueId < 0 && this.anyIn(topic, header)) return true;
    const v1 = popRetryTopicV1(topic, consumerGroup);
    const v2 = popRetryTopicV2(topic, consumerGroup);
    return [v1, v2].some((retry) => topics.find(retry) && this.anyIn(retry, header));
  }

  private anyIn(topic: string, header: NotificationHeader): boolean {
    const count = this.parts.topics.find(topic)?.config.readQueueNums ?? 0;
    for (let queueId = 0; queueId < count; queueId++) {
      if (this.hasMessagesIn(topic, queueId, header)) return true;
    }
    return false;
  }

  private hasMessagesIn(topic: string, queueId: number, header: NotificationHeader): boolean {
    const { store, table, offsets, orders } = this.parts;
    const stored = store.findQueue(topic, queueId);
    if (!stored) return false;
    const { consumerGroup, order, attemptId } = header;
    const attempt = { attemptId, invisibleTimeMs: 0 };
    if (order && orders.blocks(topic, consumerGroup, queueId, attempt)) return false;
    const queue = table.topic(topic, consumerGroup).queue(queueId);
    queue.lastUsedMs = this.parts.clock.monotonicMs();
    return stored.maxOffset > (offsets.next(queue) ?? stored.minOffset);
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
