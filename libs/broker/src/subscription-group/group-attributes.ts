import {
  booleanAttribute,
  integerAttribute,
  textAttribute,
  wordAttribute,
} from '../metadata/attributes.js';
import type { AttributeRules } from '../metadata/attributes.js';

/** Attributes of a consumer group. Source: rocketmq 5.5.0 `SubscriptionGroupAttributes`. */
export const GROUP_ATTRIBUTES: AttributeRules = new Map([
  ['priority.factor', integerAttribute(true, 0, 100)],
  ['lite.bind.topic', textAttribute(true)],
  ['lite.sub.model', wordAttribute(true, ['Shared', 'Exclusive'])],
  ['lite.sub.reset.offset.exclusive', booleanAttribute(true)],
  ['lite.sub.reset.offset.unsubscribe', booleanAttribute(true)],
  ['lite.sub.client.quota', integerAttribute(true, -1, Number.MAX_SAFE_INTEGER)],
  ['lite.sub.client.max.event.cnt', integerAttribute(true, 10, Number.MAX_SAFE_INTEGER)],
  ['lite.sub.wildcard', textAttribute(true)],
]);
