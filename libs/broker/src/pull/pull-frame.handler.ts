import { PullHeaderScanner, PullSysFlag } from '@rocketmq-ts/protocol';
import type { PullHeader, RemotingFrame } from '@rocketmq-ts/protocol';
import { RequestCodeNotSupportedError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { FAST_LISTENER } from '../listener-name.js';
import { PendingPull } from './pending-pull.js';
import type { PullTerms } from './pending-pull.js';
import { PullAccess } from './pull-access.js';
import { PullAnswers } from './pull-answers.js';
import { PullCourse } from './pull-course.js';
import type { PullRequest } from './pull-decision.js';
import { PullOffsets } from './pull-offsets.js';
import { PullOutputs } from './pull-output.js';
import type { PullParts } from './pull-parts.js';

/**
 * Takes pulls from the wire: PULL_MESSAGE and LITE_PULL_MESSAGE, on the raw frame path. What is granted runs its course
 * in `PullCourse`.
 * Source: rocketmq 5.5.0 `PullMessageProcessor`.
 */
export class PullFrameHandler {
  private readonly headers = new PullHeaderScanner();
  private readonly access: PullAccess;
  private readonly offsets: PullOffsets;
  private readonly answers: PullAnswers;
  private readonly course: PullCourse;

  constructor(private readonly parts: PullParts) {
    const outputs = new PullOutputs((pull) => this.course.onRoom(pull));
    const access = new PullAccess(parts);
    const offsets = new PullOffsets(parts);
    const answers = new PullAnswers({ ...parts, outputs });
    this.access = access;
    this.offsets = offsets;
    this.answers = answers;
    this.course = new PullCourse({ ...parts, access, offsets, answers, outputs });
    parts.arrivals.on((queue) => this.course.onArrival(queue));
    parts.offsets.onReset((group, topic, queueId) => {
      this.course.onReset(group, parts.store.queue(topic, queueId));
    });
  }

  /** How many pulls wait for messages. */
  get heldCount(): number {
    return this.course.heldCount;
  }

  /** The `FrameHandler` of both commands. */
  readonly handle = (frame: RemotingFrame, connection: ServerConnection): void => {
    // Apache's fast port does not serve pulls, so that they cannot slow down what it is for.
    if (connection.listenerName === FAST_LISTENER)
      throw new RequestCodeNotSupportedError(frame.code);
    const header = this.headers.scan(frame);
    const request = requestOf(header, connection);
    const decision = this.access.decide(request);
    if (!decision.granted) {
      if (!frame.isOneWay) this.answers.refused(frame, connection, decision.refusal);
      return;
    }
    this.offsets.commitIfAsked(header);
    // Who wants no answer wants no messages.
    if (frame.isOneWay) return;
    const { clock, store } = this.parts;
    const queue = store.queue(header.topic, header.queueId);
    const terms = this.termsOf(header, frame);
    const pull = new PendingPull(queue, connection, request, terms, decision.grant);
    pull.holdUntilMs = clock.monotonicMs() + terms.holdMs;
    pull.arrivedAtMs = clock.nowMs();
    this.offsets.noteBroadcast(request, terms.queueOffset, connection);
    this.course.begin(pull);
  };

  /** The connection is gone: nothing of it is answered any more. */
  onConnectionClosed(connection: ServerConnection): void {
    this.course.drop(connection);
  }

  /** Answers everything that is held, and holds nothing from now on. */
  stopHolding(): void {
    this.course.stopHolding();
  }

  private termsOf(header: PullHeader, frame: RemotingFrame): PullTerms {
    const { settings } = this.parts;
    return {
      requestCode: frame.code,
      opaque: frame.opaque,
      serializeType: frame.serializeType,
      queueOffset: header.queueOffset,
      maxCount: bounded(header.maxMsgNums, settings.maxCount),
      maxBytes: boundedBytes(header.maxMsgBytes, settings.maxBytes),
      holdMs: this.holdMsOf(header),
      sizeBytes: frame.sizeBytes,
    };
  }

  private holdMsOf(header: PullHeader): number {
    if ((header.sysFlag & PullSysFlag.SUSPEND) === 0) return 0;
    const { longPolling, shortPollingMs, holdMaxMs } = this.parts.settings;
    return longPolling ? bounded(header.suspendTimeoutMs, holdMaxMs) : shortPollingMs;
  }
}

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
