import { describe, expect, it } from '@jest/globals';
import type { SubscriptionData } from '@rocketmq-ts/protocol';
import { variantText } from './subscription-variant.js';

const sub = (topic: string, subString = '*', more: Partial<SubscriptionData> = {}) => ({
  topic,
  subString,
  subVersion: 1,
  expressionType: 'TAG',
  classFilterMode: false,
  codeSet: [],
  tagsSet: [],
  ...more,
});
const text = (...subscriptions: SubscriptionData[]) =>
  variantText({ consumeType: 'CONSUME_PASSIVELY', messageModel: 'CLUSTERING', subscriptions });

describe('variantText', () => {
  it.each([
    ['the order of topics', [sub('a'), sub('b')], [sub('b'), sub('a')]],
    ['the order of tags', [sub('a', 'x || y')], [sub('a', 'y||x||x')]],
    ['the version', [sub('a')], [sub('a', '*', { subVersion: 9 })]],
    ['how everything is written', [sub('a', '*')], [sub('a', '')]],
    ['how the type is written', [sub('a')], [sub('a', '*', { expressionType: '' })]],
  ])('does not look at %s', (_what, left, right) => {
    expect(text(...left)).toBe(text(...right));
  });

  it.each([
    ['topics', [sub('a')], [sub('a'), sub('b')]],
    ['tags', [sub('a', 'x')], [sub('a', 'x||y')]],
    ['types', [sub('a', 'x')], [sub('a', 'x', { expressionType: 'SQL92' })]],
    [
      'SQL',
      [sub('a', 'x=1', { expressionType: 'SQL92' })],
      [sub('a', 'x=2', { expressionType: 'SQL92' })],
    ],
    ['class filters', [sub('a')], [sub('a', '*', { classFilterMode: true })]],
  ])('tells other %s apart', (_what, left, right) => {
    expect(text(...left)).not.toBe(text(...right));
  });

  it('tells broadcasting and clustering apart', () => {
    const how = { consumeType: 'CONSUME_PASSIVELY', subscriptions: [] };
    expect(variantText({ ...how, messageModel: 'BROADCASTING' })).not.toBe(
      variantText({ ...how, messageModel: 'CLUSTERING' }),
    );
  });
});
