import { ResponseCode } from '@rocketmq-ts/protocol';
import type { Refusal } from '../send/send-decision.js';
import { decodeRecallHandle } from './recall-handle.js';
import type { RecallHandle } from './recall-handle.js';
import { parseJavaLong } from './timer-rules.js';

/** What a recall asks for. */
export interface RecallRequest {
  readonly topic: string;
  readonly recallHandle: string;
}

/** What decides about recalls. */
export interface RecallRules {
  readonly enabled: boolean;
  readonly brokerWritable: boolean;
  readonly allowedWhenNotWritable: boolean;
  readonly topicKnown: boolean;
  readonly brokerName: string;
  readonly delayMaxMs: number;
  readonly nowMs: number;
}

/**
 * The message that is to be called back, or why it is not.
 * Source: rocketmq 5.5.0 `RecallMessageProcessor#processRequest`.
 */
export function decideRecall(request: RecallRequest, rules: RecallRules): RecallHandle | Refusal {
  if (!rules.enabled)
    return refusal(ResponseCode.NO_PERMISSION, 'recall failed, operation is forbidden');
  if (!rules.brokerWritable && !rules.allowedWhenNotWritable) return unavailableRecall();
  if (!rules.topicKnown) {
    const remark = `recall failed, the topic[${request.topic}] not exist`;
    return refusal(ResponseCode.TOPIC_NOT_EXIST, remark);
  }
  const handle = decodeRecallHandle(request.recallHandle);
  if (handle === undefined) return illegal('recall handle is invalid');
  if (handle.topic !== request.topic) return illegal('recall failed, topic not match');
  if (handle.brokerName !== rules.brokerName)
    return illegal('recall failed, broker service not available');
  const leftMs = (parseJavaLong(handle.timestampText) ?? -1) - rules.nowMs;
  return leftMs <= 0 || leftMs >= rules.delayMaxMs
    ? illegal('recall failed, timestamp invalid')
    : handle;
}

const refusal = (code: number, remark: string): Refusal => ({ code, remark });
const illegal = (remark: string): Refusal => refusal(ResponseCode.ILLEGAL_OPERATION, remark);
export const unavailableRecall = (): Refusal =>
  refusal(ResponseCode.SERVICE_NOT_AVAILABLE, 'recall failed, broker service not available');
