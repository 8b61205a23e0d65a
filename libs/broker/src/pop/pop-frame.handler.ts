import type { Clock, Random } from '@rocketmq-ts/kernel';
import { PopMessage, ResponseCode, codec } from '@rocketmq-ts/protocol';
import type { ExtFields, RemotingFrame } from '@rocketmq-ts/protocol';
import { RequestCodeNotSupportedError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { Arrivals } from '../arrivals.js';
import type { ConsumeRefusal } from '../consume-refusals.js';
import type { FlowControl, PutOff } from '../flow-control/flow-control.js';
import { FAST_LISTENER } from '../listener-name.js';
import { HeldPulls } from '../pull/held-pulls.js';
import type { WakeReason } from '../pull/held-pulls.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import type { TopicTable } from '../topic/topic-table.js';
import type { PopAccess } from './pop-access.js';
import { CHECKPOINT_COUNT_MAX } from './checkpoint.js';
import { HeldPops } from './held-pops.js';
import type { HeldPopLimits, PollPlace } from './held-pops.js';
import { PendingPop } from './pending-pop.js';
import type { PopHeader } from './pending-pop.js';
import { isTooOld, pollWaitMs } from './pop-decision.js';
import { planPop } from './pop-plan.js';
import type { PopQueue } from './pop-queue.js';
import {
  ORDER_REVIVE_QUEUE,
  normalTopicOf,
  popRetryTopicV1,
  popRetryTopicV2,
} from './pop-topic-name.js';
import type { QueuePopper } from './queue-popper.js';

/** Read anew for each pop. */
export interface PopSettings extends HeldPopLimits {
  readonly reviveQueueCount: number;
  readonly retryTopicV2: boolean;
  readonly readsRetryTopicV1: boolean;
  readonly retryPercent: number;
  readonly holdMaxMs: number;
}

/** What the pop path works with. */
export interface PopParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly arrivals: Arrivals;
  readonly topics: TopicTable;
  readonly access: PopAccess;
  readonly stats: BrokerStats;
  readonly flow: FlowControl<ServerConnection>;
  readonly popper: QueuePopper;
  readonly settings: PopSettings;
}

/** Longest invisible time; longer ones are cut to it. Keeps sums of times exact. */
const INVISIBLE_MS_MAX = 366 * 86_400_000;
/** Bytes of answers that a connection may not have taken when it pops more. */
const UNSENT_BYTES_MAX = 4 * 1024 * 1024;
/** Answers up to this size are gathered into one stretch of memory. */
const COPIED_ANSWER_BYTES_MAX = 64 * 1024;
const NO_BYTES = Buffer.alloc(0);

/**
 * Gives messages to whoever asks first: POP_MESSAGE, on the raw frame path.
 *
 * Invariants:
 *  I1  each pop is answered exactly once, unless its connection goes first;
 *  I2  a held pop is not "in work": it neither slows its connection down nor holds up a drain;
 *  I3  a pop looks into one queue at a time, and is held only when it has looked into all of its queues after the last
 *      message came.
 *
 * Source: rocketmq 5.5.0 `PopMessageProcessor`, `PopLongPollingService`.
 */
export class PopFrameHandler {
  private readonly codec = codec(PopMessage);
  private readonly holds: HeldPops<PendingPop>;
  /** Pops whose client or group is being given too much: time wakes them, not messages. */
  private readonly putOffs: HeldPulls<PollPlace, ServerConnection, PendingPop>;
  private arrivalCount = 0;
  private reviveTurn = 0;
  private stopping = false;

  constructor(private readonly parts: PopParts) {
    this.holds = new HeldPops(parts.clock, parts.settings, 'first', (pop, reason) =>
      this.onHoldOver(pop, reason),
    );
    this.putOffs = new HeldPulls(parts.clock, parts.settings, (pop, reason) =>
      this.onPutOffOver(pop, reason),
    );
    parts.arrivals.on((queue) => {
      this.arrivalCount++;
      this.holds.onArrival(queue);
    });
  }

  /** How many pops wait for messages. */
  get heldCount(): number {
    return this.holds.size + this.putOffs.size;
  }

  /** How many pops of a group wait for messages of a queue, −1: of all queues. */
  waitingCount(topic: string, group: string, queueId: number): number {
    return this.holds.waitingCount(topic, group, queueId);
  }

  readonly handle = (frame: RemotingFrame, connection: ServerConnection): void => {
    if (connection.listenerName === FAST_LISTENER) {
      throw new RequestCodeNotSupportedError(frame.code);
    }
    const { header } = this.codec.decodeRequest(frame.ext(), NO_BYTES);
    const { clock, access } = this.parts;
    const nowMs = clock.nowMs();
    if (frame.isOneWay) return;
    if (isTooOld(header.bornTimeMs, header.pollTimeMs, nowMs)) {
      this.refuse(frame, connection, access.tooOld());
      return;
    }
    const decision = access.decidePop(header, connection);
    if (!decision.granted) {
      this.refuse(frame, connection, decision.refusal);
      return;
    }
    const terms = {
      opaque: frame.opaque,
      serializeType: frame.serializeType,
      sizeBytes: frame.sizeBytes,
      filter: decision.filter,
      maxCount: Math.min(Math.max(header.maxMsgNums, 1), CHECKPOINT_COUNT_MAX),
      invisibleTimeMs: Math.min(Math.max(header.invisibleTimeMs, 0), INVISIBLE_MS_MAX),
    };
    const place = this.holds.place(header.topic, header.consumerGroup, header.queueId);
    const pop = new PendingPop(place, connection, header, terms, decision.grant);
    const { holdMaxMs } = this.parts.settings;
    const waitMs = pollWaitMs(header.bornTimeMs, header.pollTimeMs, nowMs, holdMaxMs);
    pop.holdUntilMs = clock.monotonicMs() + waitMs;
    this.begin(pop);
  };

  /** The connection is gone: nothing of it is answered any more. */
  onConnectionClosed(connection: ServerConnection): void {
    this.holds.drop(connection);
    this.putOffs.drop(connection);
  }

  /** There may be messages for a group in a queue. */
  wake(queue: Pick<PopQueue, 'topic' | 'group' | 'queueId'>): void {
    const topic = normalTopicOf(queue.topic, queue.group);
    this.holds.wake(topic, queue.group, topic === queue.topic ? queue.queueId : -1);
  }

  /** Answers everything that is held, and holds nothing from now on. */
  stopHolding(): void {
    this.stopping = true;
    this.holds.wakeAll('shutdown');
    this.putOffs.wakeAll('shutdown');
  }

  /** Looks for messages, or later where the client or its group is being given too much. */
  private begin(pop: PendingPop): void {
    const putOff = this.parts.flow.putOffByRate(pop.connection, pop.header.consumerGroup);
    if (putOff) this.waitOrRefuse(pop, putOff);
    else this.search(pop);
  }

  private waitOrRefuse(pop: PendingPop, putOff: PutOff): void {
    const waitMs = Math.min(putOff.waitMs, this.msLeft(pop));
    const waits = waitMs > 0 && !this.stopping && this.putOffs.hold(pop, waitMs);
    if (waits) pop.endWork();
    else this.refusePutOff(pop, putOff);
  }

  private refusePutOff(pop: PendingPop, putOff: PutOff): void {
    this.parts.flow.countRefusedPull(putOff);
    const { remark } = putOff;
    this.refuse(pop, pop.connection, { code: ResponseCode.FLOW_CONTROL, remark });
    this.settle(pop);
  }

  private onPutOffOver(pop: PendingPop, reason: WakeReason): void {
    if (pop.connection.closed) return;
    if (reason === 'shutdown') this.answerEmpty(pop, ResponseCode.POLLING_TIMEOUT);
    else this.lookAgain(pop);
  }

  private msLeft(pop: PendingPop): number {
    return pop.holdUntilMs - this.parts.clock.monotonicMs();
  }

  private search(pop: PendingPop): void {
    const { clock, settings } = this.parts;
    pop.beginWork();
    if (pop.connection.unsentBytes > UNSENT_BYTES_MAX) {
      this.answerEmpty(pop, ResponseCode.POLLING_FULL);
      return;
    }
    const reviveQueueId = pop.header.order
      ? ORDER_REVIVE_QUEUE
      : this.reviveTurn++ % settings.reviveQueueCount;
    pop.begin(this.stepsOf(pop), clock.nowMs(), reviveQueueId);
    pop.arrivalsBefore = this.arrivalCount;
    this.goOn(pop);
  }

  private stepsOf({ header, grant }: PendingPop): ReturnType<typeof planPop> {
    const { topics, settings, random } = this.parts;
    const { topic, consumerGroup } = header;
    const v1 = popRetryTopicV1(topic, consumerGroup);
    const v2 = popRetryTopicV2(topic, consumerGroup);
    const forms = settings.retryTopicV2 ? (settings.readsRetryTopicV1 ? [v2, v1] : [v2]) : [v1];
    const retryTopics = forms.flatMap((name) => {
      const found = topics.find(name);
      return found ? [{ topic: name, readQueueCount: found.config.readQueueNums }] : [];
    });
    return planPop({
      topic,
      queueId: header.queueId,
      readQueueCount: grant.topic.config.readQueueNums,
      ordered: header.order,
      retryTopics,
      dice: random.uint32() % 100,
      retryPercent: settings.retryPercent,
    });
  }

  private goOn(pop: PendingPop): void {
    if (pop.stepping) return;
    pop.stepping = true;
    while (pop.stepIndex < pop.steps.length) {
      const step = pop.steps[pop.stepIndex++]!;
      const over = this.parts.popper.take(pop, step, () => this.goOn(pop));
      if (!over) {
        pop.stepping = false;
        return;
      }
    }
    pop.stepping = false;
    this.finish(pop);
  }

  private finish(pop: PendingPop): void {
    if (pop.connection.closed) {
      this.settle(pop);
    } else if (pop.messageCount > 0) {
      this.answerFound(pop);
    } else {
      this.holdOrAnswer(pop);
    }
  }

  private holdOrAnswer(pop: PendingPop): void {
    const { putOff } = pop;
    const leftMs = this.msLeft(pop);
    if (this.stopping || leftMs <= 0) {
      if (putOff && !this.stopping) this.refusePutOff(pop, putOff);
      else this.answerEmpty(pop, ResponseCode.POLLING_TIMEOUT);
      return;
    }
    // Something came while the store was asked: it may have been for this one.
    if (pop.arrivalsBefore !== this.arrivalCount) {
      this.parts.clock.afterTick(() => this.search(pop));
      return;
    }
    // A message in a queue that was not left out still wakes it.
    if (this.holds.hold(pop, Math.min(leftMs, putOff?.waitMs ?? leftMs))) pop.endWork();
    else this.answerEmpty(pop, ResponseCode.POLLING_FULL);
  }

  private onHoldOver(pop: PendingPop, reason: WakeReason): void {
    if (pop.connection.closed) return;
    if (reason === 'shutdown') {
      this.answerEmpty(pop, ResponseCode.POLLING_TIMEOUT);
      return;
    }
    if (reason === 'deadline' && !pop.putOff) pop.holdUntilMs = 0;
    this.lookAgain(pop);
  }

  /** Rights may have changed since it came. */
  private lookAgain(pop: PendingPop): void {
    const decision = this.parts.access.decidePop(pop.header, pop.connection);
    if (decision.granted) {
      pop.grant = decision.grant;
      this.begin(pop);
    } else {
      this.refuse(pop, pop.connection, decision.refusal);
      this.settle(pop);
    }
  }

  private answerFound(pop: PendingPop): void {
    const { connection, pieces, totalBytes } = pop;
    const ext = this.fieldsOf(pop);
    if (totalBytes <= COPIED_ANSWER_BYTES_MAX) {
      const body = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, totalBytes);
      connection.answer(pop, ResponseCode.SUCCESS, 'FOUND', ext, body);
    } else {
      connection.answerPieces(pop, { code: ResponseCode.SUCCESS, remark: 'FOUND', ext }, pieces);
    }
    this.settle(pop);
    // One message wakes one pop; what it left behind is for the next.
    if (pop.restCount > 0) this.wakeNext(pop.header);
  }

  private wakeNext({ topic, consumerGroup, queueId }: PopHeader): void {
    this.holds.wake(topic, consumerGroup, queueId);
  }

  private answerEmpty(pop: PendingPop, code: ResponseCode): void {
    this.parts.stats.pullsMissed++;
    pop.connection.answer(pop, code, 'NO_MESSAGE_IN_QUEUE', this.fieldsOf(pop));
    this.settle(pop);
  }

  private fieldsOf(pop: PendingPop): ExtFields {
    const { info, header, terms } = pop;
    const ext: ExtFields = new Map([
      ['popTime', String(pop.popTimeMs)],
      ['invisibleTime', String(terms.invisibleTimeMs)],
      ['reviveQid', String(pop.reviveQueueId)],
      ['restNum', String(pop.restCount)],
      ['startOffsetInfo', info.startOffsets],
      ['msgOffsetInfo', info.msgOffsets],
    ]);
    if (header.order) ext.set('orderCountInfo', info.orderCounts);
    return ext;
  }

  private refuse(
    to: { readonly opaque: number; readonly serializeType: 0 | 1 },
    connection: ServerConnection,
    { code, remark }: ConsumeRefusal,
  ): void {
    // Clients read these fields whatever the code.
    const zeros: ExtFields = new Map([
      ['popTime', '0'],
      ['invisibleTime', '0'],
      ['reviveQid', '0'],
      ['restNum', '0'],
    ]);
    connection.answer(to, code, remark, zeros);
  }

  private settle(pop: PendingPop): void {
    pop.answered = true;
    pop.endWork();
  }
}
