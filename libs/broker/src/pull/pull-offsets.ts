import { PullSysFlag } from '@rocketmq-ts/protocol';
import type { PullHeader } from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { PullRequest } from './pull-decision.js';
import type { PullParts } from './pull-parts.js';

/** What pulls have to do with the offsets of their groups beyond reading from them. */
export class PullOffsets {
  constructor(private readonly parts: Pick<PullParts, 'offsets' | 'broadcasts' | 'consumers'>) {}

  /** A pull may carry how far its client has consumed. */
  commitIfAsked(header: PullHeader): void {
    if ((header.sysFlag & PullSysFlag.COMMIT_OFFSET) === 0 || header.commitOffset < 0) return;
    const { consumerGroup, topic, queueId, commitOffset } = header;
    this.parts.offsets.commit(consumerGroup, topic, queueId, commitOffset);
  }

  /** Members of a broadcasting group keep their offsets themselves: where they pull from is all that is known of them. */
  noteBroadcast(request: PullRequest, queueOffset: number, connection: ServerConnection): void {
    const { broadcasts, consumers } = this.parts;
    if (!broadcasts.enabled) return;
    const { consumerGroup, topic, queueId } = request;
    const group = consumers.find(consumerGroup);
    if (group?.messageModel !== 'BROADCASTING') return;
    const clientId = group.members.get(connection)?.clientId;
    if (clientId === undefined) return;
    broadcasts.note(consumerGroup, clientId, { topic, queueId, queueOffset });
  }

  /**
   * Where an operator has moved the group of a pull; it is told only once.
   * @param queueOffset where the pull is: a consumer that has just started may be there already; Apache interrupts it
   *   all the same
   * Source: rocketmq 5.5.0 `PullMessageProcessor#processRequest`, status OFFSET_RESET.
   */
  takeReset(request: PullRequest, queueOffset: number): number | undefined {
    const { offsets } = this.parts;
    if (offsets.pendingResetCount === 0) return undefined;
    const movedTo = offsets.takeReset(request.consumerGroup, request.topic, request.queueId);
    return movedTo === queueOffset ? undefined : movedTo;
  }
}
