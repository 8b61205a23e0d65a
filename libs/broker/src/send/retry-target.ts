import { PeerVersion, ResponseCode } from '@rocketmq-ts/protocol';
import { SEE_FAQ } from '../apache-texts.js';
import type { QueueLockTable } from '../lock/queue-lock-table.js';
import type { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { groupOfRetryTopic } from '../topic/topic-name.js';
import type { Refusal } from './send-decision.js';
import type { SendHeader } from '@rocketmq-ts/protocol';

/** Where a message that a consumer sends to its own retry topic really goes. */
export type RetryTarget =
  | { readonly kind: 'retry' }
  | { readonly kind: 'dead'; readonly group: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

const RETRY: RetryTarget = { kind: 'retry' };

/**
 * A consumer whose send-back failed sends the message to `%RETRY%<group>` by itself; so does an orderly consumer that
 * gives up, which is known by the queue locks of its group.
 * Source: rocketmq 5.5.0 `SendMessageProcessor#handleRetryAndDLQ`.
 */
export function retryTargetOf(
  fields: Pick<SendHeader, 'topic' | 'reconsumeTimes' | 'maxReconsumeTimes'>,
  peerVersion: number,
  groups: SubscriptionGroupTable,
  locks: QueueLockTable,
): RetryTarget {
  const group = groupOfRetryTopic(fields.topic);
  const config = groups.findOrCreate(group);
  if (!config) {
    const remark = `subscription group not exist, ${group} ${SEE_FAQ}`;
    return {
      kind: 'refused',
      refusal: { code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark },
    };
  }
  const knowsMax = peerVersion >= PeerVersion.V3_4_9;
  const maxTimes = (knowsMax ? fields.maxReconsumeTimes : undefined) ?? config.retryMaxTimes;
  return fields.reconsumeTimes > maxTimes || locks.isLocked(group)
    ? { kind: 'dead', group }
    : RETRY;
}
