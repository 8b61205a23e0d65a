import { integerAttribute, wordAttribute } from '../metadata/attributes.js';
import type { AttributeRules } from '../metadata/attributes.js';

/**
 * Attributes of a topic. Queues of type BatchCQ and compacted topics need file formats that this store does not write,
 * so they are refused instead of being set without effect; what an existing `topics.json` holds is kept.
 * Source: rocketmq 5.5.0 `TopicAttributes`.
 */
export const TOPIC_ATTRIBUTES: AttributeRules = new Map([
  ['queue.type', wordAttribute(false, ['SimpleCQ'], ['BatchCQ'])],
  ['cleanup.policy', wordAttribute(false, ['DELETE'], ['COMPACTION'])],
  [
    'message.type',
    wordAttribute(
      true,
      ['UNSPECIFIED', 'NORMAL', 'FIFO', 'DELAY', 'TRANSACTION', 'PRIORITY', 'LITE'],
      ['MIXED'],
    ),
  ],
  ['lite.topic.expiration', integerAttribute(true, -1, Number.MAX_SAFE_INTEGER)],
]);
