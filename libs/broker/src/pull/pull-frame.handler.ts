import type { Clock } from '@rocketmq-ts/kernel';
import {
  PullHeaderScanner,
  PullSysFlag,
  ResponseCode,
  writePullAnswerHeader,
} from '@rocketmq-ts/protocol';
import type { ExtFields, PullHeader, RemotingFrame } from '@rocketmq-ts/protocol';
import { RequestCodeNotSupportedError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { ReadResult, StoreQueue } from '@rocketmq-ts/storage';
import type { Arrivals } from '../arrivals.js';
import type { ConsumerGroups } from '../client-session/consumer-groups.js';
import type { SubscriptionFilters } from '../filter/subscription-filters.js';
import type { FlowControl } from '../flow-control/flow-control.js';
import { FAST_LISTENER } from '../listener-name.js';
import type { BroadcastOffsets } from '../offset/broadcast-offsets.js';
import type { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import type { MessageSink, MessageSource } from '../store-access.js';
import type { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import type { TopicTable } from '../topic/topic-table.js';
import { HeldPulls } from './held-pulls.js';
import type { WakeReason } from './held-pulls.js';
import { PendingPull } from './pending-pull.js';
import { decidePull } from './pull-decision.js';
import type { PullDecision, PullRefusal, PullRequest } from './pull-decision.js';
import { pullCode } from './pull-outcome.js';
import { PullOutputs } from './pull-output.js';

/** The store's queue handles come from `queue`: a pull may wait for the first message of a queue. */
export type PullStore = MessageSource & Pick<MessageSink, 'queue'>;

/** Settings of the pull path; read anew for each pull. */
export interface PullSettings {
  readonly brokerPermission: number;
  readonly advertisedHost: string;
  readonly longPolling: boolean;
  readonly shortPollingMs: number;
  readonly holdMaxMs: number;
  readonly heldCountMax: number;
  readonly heldCountPerConnectionMax: number;
  readonly maxCount: number;
  readonly maxBytes: number;
  readonly retryFilter: boolean;
}

/** What the pull path works with. */
export interface PullParts {
  readonly clock: Clock;
  readonly store: PullStore;
  readonly arrivals: Arrivals;
  readonly topics: TopicTable;
  readonly groups: SubscriptionGroupTable;
  readonly consumers: ConsumerGroups<ServerConnection>;
  readonly filters: SubscriptionFilters;
  readonly offsets: ConsumerOffsetTable;
  readonly broadcasts: BroadcastOffsets;
  readonly stats: BrokerStats;
  readonly flow: FlowControl<ServerConnection>;
  readonly settings: PullSettings;
}

/**
 * Gives messages to consumers: PULL_MESSAGE and LITE_PULL_MESSAGE, on the raw frame path. A pull that finds nothing is
 * held until a message of its queue passes its filter, or until its time is up.
 *
 * Invariants:
 *  I1  each pull is answered exactly once, unless its connection goes first;
 *  I2  a held pull is not "in work": it neither slows its connection down nor holds up a drain;
 *  I3  the store is asked for one pull at most once at a time.
 *
 * Source: rocketmq 5.5.0 `PullMessageProcessor`, `DefaultPullMessageResultHandler`, `PullRequestHoldService`.
 */
export class PullFrameHandler {
  private readonly holds: HeldPulls<StoreQueue, ServerConnection, PendingPull>;
  private readonly outputs: PullOutputs;
  private readonly headers = new PullHeaderScanner();
  private stopping = false;

  constructor(private readonly parts: PullParts) {
    const { clock, settings } = parts;
    this.holds = new HeldPulls(clock, settings, (pull, reason) => this.onHoldOver(pull, reason));
    this.outputs = new PullOutputs((pull) => {
      pull.waitsForRoom = false;
      this.read(pull);
    });
    parts.arrivals.on((queue) => this.onArrival(queue));
    parts.offsets.onReset((...what) => this.onReset(...what));
  }

  /** How many pulls wait for messages. */
  get heldCount(): number {
    return this.holds.size;
  }

  /** The `FrameHandler` of both commands. */
  readonly handle = (frame: RemotingFrame, connection: ServerConnection): void => {
    // Apache's fast port does not serve pulls, so that they cannot slow down what it is for.
    if (connection.listenerName === FAST_LISTENER)
      throw new RequestCodeNotSupportedError(frame.code);
    const header = this.headers.scan(frame);
    const request = requestOf(header, connection);
    const decision = this.decide(request);
    if (!decision.granted) {
      if (!frame.isOneWay) this.refuse(frame, connection, decision.refusal);
      return;
    }
    this.commitIfAsked(header);
    // Who wants no answer wants no messages.
    if (frame.isOneWay) return;
    const { parts } = this;
    const queue = parts.store.queue(header.topic, header.queueId);
    const terms = {
      requestCode: frame.code,
      opaque: frame.opaque,
      serializeType: frame.serializeType,
      queueOffset: header.queueOffset,
      maxCount: bounded(header.maxMsgNums, parts.settings.maxCount),
      maxBytes: boundedBytes(header.maxMsgBytes, parts.settings.maxBytes),
      holdMs: this.holdMsOf(header),
      sizeBytes: frame.sizeBytes,
    };
    const pull = new PendingPull(queue, connection, request, terms, decision.grant);
    pull.holdUntilMs = parts.clock.monotonicMs() + terms.holdMs;
    pull.arrivedAtMs = parts.clock.nowMs();
    pull.inWork = true;
    connection.begin(terms.sizeBytes);
    if (parts.broadcasts.enabled) this.noteBroadcast(request, terms.queueOffset, connection);
    if (!this.redirect(pull)) this.start(pull);
  };

  /** The connection is gone: nothing of it is answered any more. */
  onConnectionClosed(connection: ServerConnection): void {
    this.holds.drop(connection);
    for (const pull of this.outputs.drop(connection)) this.abandon(pull);
  }

  /** Answers everything that is held, and holds nothing from now on. */
  stopHolding(): void {
    this.stopping = true;
    this.holds.wakeAll('shutdown');
  }

  private decide(request: PullRequest): PullDecision {
    const { parts } = this;
    return decidePull(request, {
      brokerPermission: parts.settings.brokerPermission,
      advertisedHost: parts.settings.advertisedHost,
      group: parts.groups.findOrCreate(request.consumerGroup),
      topic: parts.topics.find(request.topic),
      members: parts.consumers.find(request.consumerGroup),
      readForbidden: parts.groups.isReadForbidden(request.consumerGroup, request.topic),
      filters: parts.filters,
      retryFilter: parts.settings.retryFilter,
    });
  }

  private holdMsOf(header: PullHeader): number {
    if ((header.sysFlag & PullSysFlag.SUSPEND) === 0) return 0;
    const { longPolling, shortPollingMs, holdMaxMs } = this.parts.settings;
    return longPolling ? bounded(header.suspendTimeoutMs, holdMaxMs) : shortPollingMs;
  }

  private commitIfAsked(header: PullHeader): void {
    if ((header.sysFlag & PullSysFlag.COMMIT_OFFSET) === 0 || header.commitOffset < 0) return;
    const { consumerGroup, topic, queueId, commitOffset } = header;
    this.parts.offsets.commit(consumerGroup, topic, queueId, commitOffset);
  }

  /**
   * Sends the pull where an operator has moved its group; it is told only once.
   * Source: rocketmq 5.5.0 `PullMessageProcessor#processRequest`, status OFFSET_RESET.
   */
  private redirect(pull: PendingPull): boolean {
    const { offsets } = this.parts;
    if (offsets.pendingResetCount === 0) return false;
    const { consumerGroup, topic, queueId } = pull.request;
    const movedTo = offsets.takeReset(consumerGroup, topic, queueId);
    // A consumer that has just started is there already; Apache interrupts it all the same.
    if (movedTo === undefined || movedTo === pull.queueOffset) return false;
    this.answer(pull, ResponseCode.PULL_OFFSET_MOVED, 'OFFSET_RESET', movedTo, pull.queue);
    return true;
  }

  /** The members of the group hear of it at once, not when their hold is over. */
  private onReset(group: string, topic: string, queueId: number): void {
    for (const pull of this.holds.of(this.parts.store.queue(topic, queueId))) {
      if (pull.held && pull.request.consumerGroup === group && this.redirect(pull)) return;
    }
  }

  private noteBroadcast(
    { consumerGroup, topic, queueId }: PullRequest,
    queueOffset: number,
    connection: ServerConnection,
  ): void {
    const group = this.parts.consumers.find(consumerGroup);
    if (group?.messageModel !== 'BROADCASTING') return;
    const clientId = group.members.get(connection)?.clientId;
    if (clientId === undefined) return;
    this.parts.broadcasts.note(consumerGroup, clientId, { topic, queueId, queueOffset });
  }

  /** Reads now, or later where the client or its group is being given too much. */
  private start(pull: PendingPull): void {
    const { flow, clock } = this.parts;
    const { consumerGroup, topic, queueId } = pull.request;
    const putOff = flow.putOffPull(pull.connection, consumerGroup, topic, queueId);
    if (!putOff) {
      this.read(pull);
      return;
    }
    // It may wait for a message already: from now on it waits for its turn.
    this.holds.release(pull);
    const waitMs = Math.min(putOff.waitMs, pull.holdUntilMs - clock.monotonicMs());
    pull.putOff = waitMs > 0 && !this.stopping && this.holds.hold(pull, waitMs);
    if (pull.putOff) {
      pull.wasHeld = true;
      this.endWork(pull);
      return;
    }
    flow.countRefusedPull(putOff);
    this.settle(pull, ResponseCode.FLOW_CONTROL);
    const { remark } = putOff;
    this.refuse(pull, pull.connection, { code: ResponseCode.FLOW_CONTROL, remark });
  }

  private read(pull: PendingPull): void {
    if (pull.reading) {
      pull.missedArrival = true;
      return;
    }
    if (pull.answered || pull.waitsForRoom || pull.putOff) return;
    pull.waitsForRoom = !this.outputs.admit(pull);
    if (pull.waitsForRoom) return;
    pull.reading = true;
    pull.missedArrival = false;
    pull.readAtMs = this.parts.clock.nowMs();
    pull.filterWorkBytes = 0;
    this.parts.store.read(pull, (result) => this.onRead(pull, result));
  }

  private onRead(pull: PendingPull, result: ReadResult): void {
    pull.reading = false;
    if (pull.answered || pull.connection.closed) {
      result.release();
      this.abandon(pull);
      return;
    }
    if (result.status === 'FOUND') {
      this.answerFound(pull, result);
      return;
    }
    result.release();
    const { status } = result;
    const waits = status === 'NO_MATCHED_MESSAGE' && !pull.isTired() && this.mayWait(pull);
    if (waits && pull.held) {
      // The filter passed over what woke it: it waits on, from behind those messages.
      pull.queueOffset = result.nextQueueOffset;
      if (pull.missedArrival || pull.queueOffset < pull.queue.maxOffset) this.read(pull);
      return;
    }
    const code = pullCode(status, pull.queueOffset);
    // Where a file of the queue is gone the client is told at once where to go on.
    const mayCome = code === ResponseCode.PULL_NOT_FOUND && status !== 'OFFSET_FOUND_NULL';
    if (mayCome && this.hold(pull)) return;
    // What was passed over while the pull was held counts as looked at.
    const passed = pull.advanced && code === ResponseCode.PULL_NOT_FOUND;
    this.answer(
      pull,
      passed ? ResponseCode.PULL_RETRY_IMMEDIATELY : code,
      passed ? 'NO_MATCHED_MESSAGE' : status,
      passed ? pull.queueOffset : result.nextQueueOffset,
      { minOffset: result.minQueueOffset, maxOffset: result.maxQueueOffset },
    );
  }

  private mayWait(pull: PendingPull): boolean {
    return !this.stopping && this.parts.clock.monotonicMs() < pull.holdUntilMs;
  }

  /** @returns false where the pull does not wait or there is no room for it. */
  private hold(pull: PendingPull): boolean {
    if (pull.held) return true;
    if (!this.mayWait(pull)) return false;
    if (!this.holds.hold(pull, pull.holdUntilMs - this.parts.clock.monotonicMs())) return false;
    pull.wasHeld = true;
    this.endWork(pull);
    // Messages may have come while the store was asked.
    if (pull.missedArrival || pull.queueOffset < pull.queue.maxOffset) this.read(pull);
    return true;
  }

  private onArrival(queue: StoreQueue): void {
    if (!this.holds.isAwaited(queue)) return;
    for (const pull of this.holds.of(queue)) {
      if (pull.held && !pull.putOff && pull.queueOffset < queue.maxOffset) this.wake(pull);
    }
  }

  /** Looks again for a held pull. Rights may have changed since it came. */
  private wake(pull: PendingPull): void {
    const decision = this.decide(pull.request);
    if (decision.granted) {
      pull.grantAnew(decision.grant);
      if (!this.redirect(pull)) this.start(pull);
      return;
    }
    this.settle(pull, decision.refusal.code);
    this.refuse(pull, pull.connection, decision.refusal);
  }

  private onHoldOver(pull: PendingPull, reason: WakeReason): void {
    if (pull.putOff) {
      pull.putOff = false;
      if (reason !== 'shutdown') {
        if (!pull.connection.closed) this.wake(pull);
        return;
      }
    }
    pull.holdUntilMs = 0;
    if (pull.connection.closed) return;
    if (reason === 'shutdown') {
      this.answer(
        pull,
        ResponseCode.PULL_NOT_FOUND,
        'OFFSET_OVERFLOW_ONE',
        pull.queueOffset,
        pull.queue,
      );
    } else {
      this.wake(pull);
    }
  }

  private answerFound(pull: PendingPull, result: ReadResult): void {
    const { connection, request, readAtMs } = pull;
    const { consumerGroup, topic, queueId } = request;
    const { messageCount, totalBytes: bytes, fromDisk } = result;
    const latencyMs = Math.max(this.parts.clock.nowMs() - readAtMs, 0);
    this.parts.stats.countGet({
      group: consumerGroup,
      topic,
      queueId,
      messageCount,
      bytes,
      fromDisk,
      latencyMs,
    });
    const given = { messageCount, bytes, fromDisk };
    this.parts.flow.notePull(connection, { group: consumerGroup, topic, queueId }, given);
    this.parts.offsets.notePulled(consumerGroup, topic, queueId, result.nextQueueOffset);
    const writer = connection.beginAnswer();
    const { config } = pull.grant.topic;
    writePullAnswerHeader(
      writer,
      {
        serializeType: pull.serializeType,
        opaque: pull.opaque,
        code: ResponseCode.SUCCESS,
        remark: 'FOUND',
        // Always the master: slaves are not read from.
        suggestWhichBrokerId: 0,
        nextBeginOffset: result.nextQueueOffset,
        minOffset: result.minQueueOffset,
        maxOffset: result.maxQueueOffset,
        topicSysFlag: config.topicSysFlag,
        groupSysFlag: pull.grant.group.groupSysFlag,
      },
      result.totalBytes,
    );
    if (isBetterCopied(result)) {
      const at = writer.reserve(result.totalBytes);
      result.copyTo(writer.slab, at);
      result.release();
      connection.onSent(this.outputs.sending(connection, result.totalBytes));
    } else {
      const sent = this.outputs.sending(connection, result.totalBytes, () => result.release());
      connection.appendPieces(result.pieces, result.totalBytes, sent);
    }
    this.settle(pull, ResponseCode.SUCCESS);
  }

  private answer(
    pull: PendingPull,
    code: ResponseCode,
    remark: string,
    nextBeginOffset: number,
    range: QueueRange,
  ): void {
    this.parts.stats.pullsMissed++;
    if (code === ResponseCode.PULL_OFFSET_MOVED) {
      const { consumerGroup, topic, queueId } = pull.request;
      this.parts.offsets.notePulled(consumerGroup, topic, queueId, nextBeginOffset);
    }
    pull.connection.answer(pull, code, remark, this.answerFields(pull, nextBeginOffset, range));
    this.settle(pull, code);
  }

  private answerFields(pull: PendingPull, nextBeginOffset: number, range: QueueRange): ExtFields {
    return new Map([
      // Always the master: slaves are not read from.
      ['suggestWhichBrokerId', '0'],
      ['nextBeginOffset', String(nextBeginOffset)],
      ['minOffset', String(range.minOffset)],
      ['maxOffset', String(range.maxOffset)],
      ['topicSysFlag', String(pull.grant.topic.config.topicSysFlag)],
      ['groupSysFlag', String(pull.grant.group.groupSysFlag)],
    ]);
  }

  private refuse(
    to: { readonly opaque: number; readonly serializeType: 0 | 1 },
    connection: ServerConnection,
    refusal: PullRefusal,
  ): void {
    const { code, remark, forbiddenType } = refusal;
    const ext: ExtFields = new Map();
    if (forbiddenType !== undefined) ext.set('forbiddenType', String(forbiddenType));
    connection.answer(to, code, remark, ext);
  }

  /** The answer is written: the pull is over. */
  private settle(pull: PendingPull, code: number): void {
    const { arrivedAtMs, wasHeld, terms } = pull;
    this.parts.stats.countAnswer(terms.requestCode, code, arrivedAtMs, wasHeld);
    pull.answered = true;
    this.holds.release(pull);
    this.endWork(pull);
  }

  private abandon(pull: PendingPull): void {
    pull.answered = true;
    this.endWork(pull);
  }

  private endWork(pull: PendingPull): void {
    if (!pull.inWork) return;
    pull.inWork = false;
    pull.connection.end(pull.terms.sizeBytes);
  }
}

interface QueueRange {
  readonly minOffset: number;
  readonly maxOffset: number;
}

/** Pieces of this size on average are cheaper copied than listed for the system one by one. */
const COPIED_PIECE_BYTES = 8 * 1024;
/** What a copy may add to the memory of one answer. */
const COPIED_ANSWER_BYTES_MAX = 64 * 1024;

/**
 * Whether an answer is gathered into one stretch of memory. Records of one queue lie scattered among those of others: a
 * list of dozens of small pieces costs more than copying them, and keeps all the memory around them from being reused.
 */
const isBetterCopied = ({ totalBytes, pieceCount }: ReadResult): boolean =>
  totalBytes <= COPIED_ANSWER_BYTES_MAX && totalBytes <= pieceCount * COPIED_PIECE_BYTES;

/** At least 1, at most `max`: Apache treats senseless numbers as the least there is. */
const bounded = (asked: number, max: number): number => Math.min(Math.max(asked, 1), max);

const boundedBytes = (asked: number | undefined, max: number): number =>
  asked === undefined || asked <= 0 ? max : Math.min(asked, max);

const requestOf = (header: PullHeader, connection: ServerConnection): PullRequest => ({
  consumerGroup: header.consumerGroup,
  topic: header.topic,
  queueId: header.queueId,
  carriesSubscription: (header.sysFlag & PullSysFlag.SUBSCRIPTION) !== 0,
  subscription: header.subscription,
  expressionType: header.expressionType,
  subVersion: header.subVersion,
  remoteHostPort: connection.remoteHostPort,
});
