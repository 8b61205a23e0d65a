import { MessageType } from '../stats/traffic.js';
import type { PropertyWishes } from './message-properties.js';
import type { StoredProperties } from './stored-properties.js';

/** What RocketMQ's metrics call the message. Source: rocketmq 5.5.0 `TopicMessageType#parseFromMessageProperty`. */
export function messageTypeOf(
  wishes: Pick<PropertyWishes, 'half' | 'delayLevel'>,
  properties: Pick<StoredProperties, 'has'>,
): MessageType {
  if (wishes.half) return MessageType.TRANSACTION;
  const delayed =
    wishes.delayLevel > 0 ||
    properties.has('TIMER_DELIVER_MS') ||
    properties.has('TIMER_DELAY_SEC') ||
    properties.has('TIMER_DELAY_MS');
  if (delayed) return MessageType.DELAY;
  return properties.has('__SHARDINGKEY') ? MessageType.FIFO : MessageType.NORMAL;
}
