import type { SubscriptionData } from '@rocketmq-ts/protocol';
import { isTagType } from './tag-filter.js';

/** What some members of a group subscribe to in common. */
export interface SubscriptionVariant {
  /** One line per subscription, the same for subscriptions that mean the same. */
  readonly text: string;
  memberCount: number;
}

/** The parts of a heartbeat in which the members of a group must agree. */
interface Introduced {
  readonly consumeType: string;
  readonly messageModel: string;
  readonly subscriptions: readonly SubscriptionData[];
}

/**
 * How a member consumes, in a form that can be compared: the order of topics and of tags does not matter, nor the
 * version of a subscription, which is the time at which the client was started.
 */
export function variantText({ consumeType, messageModel, subscriptions }: Introduced): string {
  const lines = subscriptions.map(subscriptionText).sort();
  return [`${messageModel} ${consumeType}`, ...lines].join('\n');
}

function subscriptionText(subscription: SubscriptionData): string {
  const { topic, expressionType, subString, classFilterMode } = subscription;
  const type = isTagType(expressionType) ? 'TAG' : expressionType;
  const expression = type === 'TAG' ? tagText(subString) : subString;
  return `${topic} ${type} ${expression}${classFilterMode ? ' (class filter)' : ''}`;
}

function tagText(expression: string): string {
  const tags = expression.split('||').map((tag) => tag.trim());
  const named = [...new Set(tags.filter((tag) => tag !== ''))].sort();
  return named.length === 0 ? '*' : named.join('||');
}
