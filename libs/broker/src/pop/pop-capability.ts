import type { BrokerConfig, PopConfig } from '@rocketmq-ts/config';
import type { Clock, Logger, Random } from '@rocketmq-ts/kernel';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { Arrivals } from '../arrivals.js';
import type { BrokerStore } from '../broker-context.js';
import type { BrokerIdentity } from '../broker-identity.js';
import type { SubscriptionFilters } from '../filter/subscription-filters.js';
import type { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import type { FlowControl } from '../flow-control/flow-control.js';
import { FirstOffsets } from '../offset/first-offsets.js';
import { recentBytesOf } from '../recent-bytes.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import type { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import type { TopicTable } from '../topic/topic-table.js';
import { AckFrameHandler } from './ack-frame.handler.js';
import { Acknowledgements } from './acknowledgements.js';
import { CheckpointBuffer } from './checkpoint-buffer.js';
import { NotificationHandler } from './notification.handler.js';
import { OrderTable } from './order-table.js';
import { PeekFrameHandler } from './peek-frame.handler.js';
import { PopAccess } from './pop-access.js';
import { PopFrameHandler } from './pop-frame.handler.js';
import { PopOffsets } from './pop-offsets.js';
import type { PopQueue } from './pop-queue.js';
import { bufferSettings, peekSettings, popperSettings, popSettings } from './pop-settings.js';
import { PopTable } from './pop-table.js';
import { reviveTopicOf } from './pop-topic-name.js';
import { QueuePopper } from './queue-popper.js';
import { ReviveLog } from './revive-log.js';
import { Reviver } from './reviver.js';
import { Revival } from './revival.js';

/** What pop consumption stands on. */
export interface PopGround {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  readonly store: BrokerStore;
  readonly arrivals: Arrivals;
  readonly identity: BrokerIdentity;
  readonly topics: TopicTable;
  readonly groups: SubscriptionGroupTable;
  readonly offsets: ConsumerOffsetTable;
  readonly stats: BrokerStats;
  readonly filters: SubscriptionFilters;
  readonly flow: FlowControl<ServerConnection>;
  readonly broker: BrokerConfig;
  readonly pop: PopConfig;
  /** The timer that keeps records of the revive log until they are due. */
  readonly timer: ReviveTimer;
}

/** What pop consumption wants to know of the timer. */
export interface ReviveTimer {
  /** Its grain; undefined where it is turned off: records stand in the revive log at once. */
  readonly precisionMs: number | undefined;
  /** How long after its due time a record may still be on its way out of it, ms. */
  readonly delayMs: () => number;
}

/** How long a stop of pop consumption takes at most. */
export const POP_STOP_MS = 2_500;

/** The parts of pop consumption, put together. */
export class PopCapability {
  readonly table = new PopTable();
  readonly log: ReviveLog;
  readonly revival: Revival;
  readonly reviver: Reviver;
  readonly buffer: CheckpointBuffer;
  readonly orders: OrderTable;
  readonly offsets: PopOffsets;
  readonly access: PopAccess;
  readonly acknowledgements: Acknowledgements;
  readonly pops: PopFrameHandler;
  readonly acks: AckFrameHandler;
  readonly notifications: NotificationHandler;
  readonly peeks: PeekFrameHandler;

  constructor(ground: PopGround) {
    const { clock, store, identity, broker, pop, timer } = ground;
    const { brokerName } = identity;
    const topic = reviveTopicOf(identity.clusterName);
    const { table } = this;
    const onFree = (queue: Pick<PopQueue, 'topic' | 'group' | 'queueId'>): void => {
      this.pops.wake(queue);
      this.notifications.wake(queue);
    };
    const flushedOffset = (): number => store.flushedOffset;
    const log = new ReviveLog({
      clock,
      identity,
      store,
      topic,
      timerPrecisionMs: timer.precisionMs,
    });
    const revival = new Revival({ ...ground, retryTopicV2: () => pop.popRetryTopicV2 });
    const orders = new OrderTable(clock, (...queue) =>
      onFree({ topic: queue[0], group: queue[1], queueId: queue[2] }),
    );
    const buffer = new CheckpointBuffer({
      ...ground,
      brokerName,
      table,
      log,
      revival,
      flushedOffset,
      commit: (queue, queueOffset) => this.commit(ground, queue, queueOffset, onFree),
      settings: bufferSettings(pop),
    });
    const offsets = new PopOffsets({
      offsets: ground.offsets,
      firsts: new FirstOffsets(store, recentBytesOf(broker)),
      table,
      buffer,
      orders,
      youngFromStart: () => pop.popYoungQueuesFromStart,
    });
    const access = new PopAccess({
      ...ground,
      advertisedHost: identity.advertisedHost,
      brokerPermission: () => broker.brokerPermission,
    });
    const popper = new QueuePopper({
      ...ground,
      table,
      buffer,
      orders,
      offsets,
      brokerName,
      onFree,
      settings: popperSettings(broker, pop),
    });
    const settings = popSettings(broker, pop);
    this.log = log;
    this.revival = revival;
    this.orders = orders;
    this.buffer = buffer;
    this.offsets = offsets;
    this.access = access;
    this.reviver = new Reviver({
      ...ground,
      revival,
      flushedOffset,
      topic,
      queueCount: pop.reviveQueueCount,
      brokerName,
      ackDelayMs: timer.delayMs,
    });
    this.acknowledgements = new Acknowledgements({
      ...ground,
      table,
      buffer,
      orders,
      log,
      brokerName,
      reviveQueueCount: pop.reviveQueueCount,
      onFree,
    });
    const { acknowledgements } = this;
    this.acks = new AckFrameHandler({ ...ground, acknowledgements, brokerName });
    this.pops = new PopFrameHandler({ ...ground, access, popper, settings });
    this.notifications = new NotificationHandler({
      ...ground,
      table,
      offsets,
      orders,
      access,
      settings,
    });
    this.peeks = new PeekFrameHandler({
      ...ground,
      table,
      offsets,
      access,
      settings: peekSettings(broker, pop),
    });
  }

  start(): void {
    this.buffer.start();
    this.reviver.start();
  }

  /** Answers everything that is held. */
  stopHolding(): void {
    this.pops.stopHolding();
    this.notifications.stopHolding();
  }

  /** Nobody pops or acknowledges any more: what memory knows goes to the revive log. */
  async stop(): Promise<void> {
    this.reviver.stop();
    await this.buffer.stop();
  }

  /** The committed offset moves on, never back: that is for operators. */
  private commit(
    { offsets }: PopGround,
    queue: PopQueue,
    queueOffset: number,
    onFree: (queue: PopQueue) => void,
  ): void {
    const { topic, group, queueId } = queue;
    if (queueOffset > (offsets.query(group, topic, queueId) ?? -1)) {
      offsets.commit(group, topic, queueId, queueOffset);
    }
    // A pop that left the queue out since too much was under way may find something now.
    if (!queue.contended || queue.busy) return;
    queue.contended = false;
    onFree(queue);
  }
}
