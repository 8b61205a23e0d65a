import { describe, expect, it } from '@jest/globals';
import {
  defaultSubscriptionGroup,
  encodeRecord,
  formatProperties,
  ResponseCode,
} from '@rocketmq-ts/protocol';
import type { ConsumerGroup } from '../client-session/consumer-groups.js';
import type { ClientConnection } from '../client-session/client-member.js';
import { SubscriptionFilters } from '../filter/subscription-filters.js';
import { topicConfig } from '../topic/topic-creation.js';
import { TopicRecord } from '../topic/topic-table.js';
import { decidePull, type PullFacts, type PullRequest } from './pull-decision.js';

const request: PullRequest = {
  consumerGroup: 'g',
  topic: 't',
  queueId: 0,
  carriesSubscription: false,
  subscription: undefined,
  expressionType: 'TAG',
  subVersion: 5,
  remoteHostPort: '10.0.0.2:1',
};
const subscription = (more = {}) => ({
  topic: 't',
  subString: '*',
  subVersion: 5,
  classFilterMode: false,
  codeSet: [],
  expressionType: 'TAG',
  tagsSet: [],
  ...more,
});
const members = (more: object = {}, subscriptionMore = {}): ConsumerGroup<ClientConnection> => ({
  group: 'g',
  consumeType: 'CONSUME_PASSIVELY',
  messageModel: 'CLUSTERING',
  consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
  members: new Map(),
  variants: new Map(),
  subscriptions: new Map([['t', subscription(subscriptionMore)]]),
  ...more,
});
const NO_BYTES = Buffer.alloc(0);
const EMPTY_RECORD = {
  topicBytes: Buffer.from('t'),
  queueId: 0,
  flag: 0,
  queueOffset: 0,
  commitLogOffset: 0,
  sysFlag: 0,
  bornTimestampMs: 0,
  bornHostBytes: Buffer.alloc(8),
  storeTimestampMs: 0,
  storeHostBytes: Buffer.alloc(8),
  reconsumeTimes: 0,
  preparedTransactionOffset: 0,
  bodyBytes: NO_BYTES,
  bodyStart: 0,
  bodyEnd: 0,
  bodyCrc: 0,
  propertiesBytes: NO_BYTES,
  propertiesStart: 0,
  propertiesEnd: 0,
};
const facts: PullFacts = {
  brokerPermission: 6,
  advertisedHost: '10.0.0.1',
  group: defaultSubscriptionGroup('g'),
  topic: new TopicRecord('t', topicConfig('t', { readQueueNums: 1 })),
  members: members(),
  readForbidden: false,
  filters: new SubscriptionFilters({ propertyFilter: true }),
  retryFilter: false,
};

/** Faults in the order in which they are found: each is mended before the next is looked for. */
const faults: readonly [string, Partial<PullFacts>, Partial<PullRequest>, ResponseCode, RegExp][] =
  [
    [
      'the broker is write-only',
      { brokerPermission: 2 },
      {},
      ResponseCode.NO_PERMISSION,
      /^the broker\[10\.0\.0\.1\] pulling message is forbidden$/,
    ],
    [
      'no group',
      { group: undefined },
      {},
      ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
      /^subscription group \[g\] does not exist/,
    ],
    [
      'a group that may not consume',
      { group: { ...facts.group!, consumeEnable: false } },
      {},
      ResponseCode.NO_PERMISSION,
      /^subscription group no permission, g$/,
    ],
    [
      'no topic',
      { topic: undefined },
      {},
      ResponseCode.TOPIC_NOT_EXIST,
      /^topic\[t\] not exist, apply first please!/,
    ],
    [
      'a write-only topic',
      { topic: new TopicRecord('t', topicConfig('t', { perm: 2 })) },
      {},
      ResponseCode.NO_PERMISSION,
      /^the topic\[t\] pulling message is forbidden$/,
    ],
    [
      'a queue too far',
      {},
      { queueId: 1 },
      ResponseCode.INVALID_PARAMETER,
      /^queueId\[1\] is illegal, topic:\[t\] topicConfig\.readQueueNums:\[1\] consumer:\[10\.0\.0\.2:1\]$/,
    ],
    [
      'nobody in the group',
      { members: undefined },
      {},
      ResponseCode.SUBSCRIPTION_NOT_EXIST,
      /^the consumer's group info not exist/,
    ],
    [
      'a group that may not broadcast',
      {
        members: members({ messageModel: 'BROADCASTING' }),
        group: { ...facts.group!, consumeBroadcastEnable: false },
      },
      {},
      ResponseCode.NO_PERMISSION,
      /can not consume by broadcast way$/,
    ],
    [
      'a forbidden topic',
      { readForbidden: true },
      {},
      ResponseCode.NO_PERMISSION,
      /is forbidden for topic\[t\]$/,
    ],
    [
      'no subscription',
      { members: members({ subscriptions: new Map() }) },
      {},
      ResponseCode.SUBSCRIPTION_NOT_EXIST,
      /^the consumer's subscription not exist/,
    ],
    [
      'an old subscription',
      { members: members({}, { subVersion: 4 }) },
      {},
      ResponseCode.SUBSCRIPTION_NOT_LATEST,
      /^the consumer's subscription not latest$/,
    ],
    [
      'a filter in SQL where that is switched off',
      {
        members: members({}, { expressionType: 'SQL92' }),
        filters: new SubscriptionFilters({ propertyFilter: false }),
      },
      {},
      ResponseCode.SYSTEM_ERROR,
      /filter message by SQL92$/,
    ],
    [
      'a filter in an unknown language',
      { members: members({}, { expressionType: 'LUA' }) },
      {},
      ResponseCode.SYSTEM_ERROR,
      /filter message by LUA$/,
    ],
    [
      'a filter in SQL that is none',
      { members: members({}, { expressionType: 'SQL92', subString: 'a =' }) },
      {},
      ResponseCode.FILTER_DATA_NOT_EXIST,
      /^The broker's consumer filter data is not exist!Your expression may be wrong! invalid filter expression at character 4/,
    ],
    [
      'a filter in SQL that is none, in the request',
      {},
      { carriesSubscription: true, expressionType: 'SQL92', subscription: 'a =' },
      ResponseCode.SUBSCRIPTION_PARSE_FAILED,
      /^parse the consumer's subscription failed$/,
    ],
    [
      'a filter without a tag',
      { members: members({}, { subString: '||' }) },
      {},
      ResponseCode.SUBSCRIPTION_PARSE_FAILED,
      /^parse the consumer's subscription failed$/,
    ],
  ];

describe('a pull is refused', () => {
  it.each(faults)('for %s', (_what, otherFacts, otherRequest, code, remark) => {
    const decision = decidePull({ ...request, ...otherRequest }, { ...facts, ...otherFacts });
    expect(decision).toMatchObject({
      granted: false,
      refusal: { code, remark: expect.stringMatching(remark) },
    });
  });

  it('for the first of several faults, in Apache’s order', () => {
    const [head, ...later] = faults.slice(0, 6).reverse();
    let both = { facts: { ...facts, ...head![1] }, request: { ...request, ...head![2] } };
    for (const [, otherFacts, otherRequest, code] of later) {
      both = {
        facts: { ...both.facts, ...otherFacts },
        request: { ...both.request, ...otherRequest },
      };
      expect(decidePull(both.request, both.facts)).toMatchObject({ refusal: { code } });
    }
  });
});

describe('a pull is granted', () => {
  const tagsOf = (otherRequest: Partial<PullRequest>, otherFacts: Partial<PullFacts> = {}) => {
    const decision = decidePull({ ...request, ...otherRequest }, { ...facts, ...otherFacts });
    if (!decision.granted) throw new Error(decision.refusal.remark);
    return decision.grant.filter.tags?.size;
  };

  it('with the expression of the request where it carries one', () => {
    const carried = { carriesSubscription: true, subscription: 'a || b' };
    expect(tagsOf(carried, { members: undefined })).toBe(2);
    expect(tagsOf({ ...carried, expressionType: undefined })).toBe(2);
    expect(tagsOf({ ...carried, subscription: undefined })).toBeUndefined();
  });

  it('with that of the heartbeat otherwise', () => {
    expect(tagsOf({ subscription: 'a' })).toBeUndefined();
    expect(tagsOf({}, { members: members({}, { subString: 'a||b||c' }) })).toBe(3);
    expect(tagsOf({}, { members: members({}, { subVersion: 9, subString: 'a' }) })).toBe(1);
  });

  const record = (properties: Record<string, string>): Buffer => {
    const propertiesBytes = Buffer.from(formatProperties(new Map(Object.entries(properties))));
    const bytes = Buffer.alloc(1024);
    const source = {
      ...EMPTY_RECORD,
      propertiesBytes,
      propertiesEnd: propertiesBytes.length,
    };
    return bytes.subarray(0, encodeRecord(bytes, 0, source));
  };
  const recordsOf = (otherRequest: Partial<PullRequest>, otherFacts: Partial<PullFacts> = {}) => {
    const decision = decidePull({ ...request, ...otherRequest }, { ...facts, ...otherFacts });
    if (!decision.granted) throw new Error(decision.refusal.remark);
    return decision.grant.filter.records;
  };

  it('with an expression in SQL, compiled once', () => {
    const carried = { carriesSubscription: true, expressionType: 'SQL92', subscription: 'a > 5' };
    const filter = recordsOf(carried);
    expect(filter?.matches(record({ a: '6' }))).toBe(true);
    expect(filter?.matches(record({ a: '5' }))).toBe(false);
    expect(filter?.matches(record({}))).toBe(false);
    const subscribed = members({}, { expressionType: 'SQL92', subString: 'a > 5' });
    expect(recordsOf({}, { members: subscribed })).toBe(filter);
    expect(filter?.workBytes).toBeGreaterThan(0);
  });

  it('on a retry topic with the expression for the topic that a message came from, where asked', () => {
    const sql = (topic: string, subString: string) =>
      [topic, subscription({ topic, expressionType: 'SQL92', subString })] as const;
    const group = members({
      subscriptions: new Map([sql('%RETRY%g', 'FALSE'), sql('orders', 'a > 5')]),
    });
    const asked = { topic: '%RETRY%g' };
    const both = { members: group, topic: new TopicRecord('%RETRY%g', topicConfig('%RETRY%g')) };
    const again = record({ RETRY_TOPIC: 'orders', a: '6' });
    expect(recordsOf(asked, both)?.matches(again)).toBe(false);
    const filter = recordsOf(asked, { ...both, retryFilter: true });
    expect(filter?.matches(again)).toBe(true);
    expect(filter?.matches(record({ RETRY_TOPIC: 'orders', a: '5' }))).toBe(false);
    expect(filter?.matches(record({ RETRY_TOPIC: 'other', a: '5' }))).toBe(true);
    expect(filter?.matches(record({ a: '5' }))).toBe(true);
  });

  it('with everything where the client has a filter class', () => {
    const filtered = members({}, { classFilterMode: true, subString: 'Class' });
    expect(tagsOf({}, { members: filtered })).toBeUndefined();
  });
});
