import { describe, expect, it } from '@jest/globals';
import {
  defaultSubscriptionGroup,
  formatProperties,
  type MessageRecord,
  parseProperties,
  ResponseCode,
  type SubscriptionGroupConfig,
} from '@rocketmq-ts/protocol';
import { topicConfig } from '../topic/topic-creation.js';
import type { TopicRecord } from '../topic/topic-table.js';
import { decidePop, isTooOld, pollWaitMs } from './pop-decision.js';
import type { PopFacts } from './pop-decision.js';
import { planPop } from './pop-plan.js';
import { markedTopic, normalTopicOf } from './pop-topic-name.js';
import { planRevival } from './revival-plan.js';
import { ackText, checkpointText } from './revive-record.js';

const topic = (perm = 6): TopicRecord =>
  ({ name: 'orders', config: topicConfig('orders', { readQueueNums: 4, perm }) }) as TopicRecord;
const request = { consumerGroup: 'g', topic: 'orders', queueId: -1, remoteHostPort: 'h:1' };
const facts: PopFacts = {
  brokerPermission: 6,
  advertisedHost: '10.0.0.1',
  topic: topic(),
  group: (): SubscriptionGroupConfig => defaultSubscriptionGroup('g'),
  readForbidden: false,
};

describe('decidePop', () => {
  it('grants what is in order', () => {
    expect(decidePop(request, facts, 'pop').granted).toBe(true);
    expect(decidePop({ ...request, queueId: 3, maxMsgNums: 32 }, facts, 'pop').granted).toBe(true);
  });

  it.each([
    ['the broker may not be read', {}, { brokerPermission: 2 }, ResponseCode.NO_PERMISSION],
    ['too much is wanted', { maxMsgNums: 33 }, {}, ResponseCode.INVALID_PARAMETER],
    ['there is no such topic', {}, { topic: undefined }, ResponseCode.TOPIC_NOT_EXIST],
    ['the topic may not be read', {}, { topic: topic(2) }, ResponseCode.NO_PERMISSION],
    ['there is no such queue', { queueId: 4 }, {}, ResponseCode.INVALID_PARAMETER],
    [
      'there is no such group',
      {},
      { group: (): undefined => undefined },
      ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
    ],
    [
      'the group may not consume',
      {},
      {
        group: (): SubscriptionGroupConfig => ({
          ...defaultSubscriptionGroup('g'),
          consumeEnable: false,
        }),
      },
      ResponseCode.NO_PERMISSION,
    ],
    [
      'the topic is forbidden to the group',
      {},
      { readForbidden: true },
      ResponseCode.NO_PERMISSION,
    ],
  ])('refuses where %s', (_what, asked, given, code) => {
    const decision = decidePop({ ...request, ...asked }, { ...facts, ...given }, 'pop');
    expect(decision).toMatchObject({ granted: false, refusal: { code } });
  });
});

describe('the wait of a pop', () => {
  it.each([
    [0, 5_000, 4_950],
    [10_000, 5_000, 4_950],
    [8_000, 5_000, 2_950],
    [20_000, 5_000, 4_950],
    [1_000, 5_000, 0],
    [10_000, 0, 0],
    [10_000, 900_000, 119_950],
  ])('asked at %i for %i ms lasts %i ms', (born, poll, wait) => {
    expect(pollWaitMs(born, poll, 10_000, 120_000)).toBe(wait);
  });

  it('is long over where the client has given up', () => {
    expect(isTooOld(1_000, 500, 2_000)).toBe(false);
    expect(isTooOld(1_000, 500, 2_001)).toBe(true);
    expect(isTooOld(0, 0, 2_001)).toBe(false);
  });
});

describe('planPop', () => {
  const plan = (more: Partial<Parameters<typeof planPop>[0]> = {}) =>
    planPop({
      topic: 'orders',
      queueId: -1,
      readQueueCount: 3,
      ordered: false,
      retryTopics: [{ topic: 'retry', readQueueCount: 1 }],
      dice: 50,
      retryPercent: 20,
      ...more,
    }).map(({ topic: name, queueId }) => `${name} ${queueId}`);

  it('begins by chance, and looks into every queue once', () => {
    expect(plan()).toEqual(['orders 2', 'orders 0', 'orders 1', 'retry 0']);
    expect(plan({ dice: 51, queueId: 1 })).toEqual(['orders 1', 'retry 0']);
  });

  it('looks for messages that come again first now and then', () => {
    expect(plan({ dice: 19 })[0]).toBe('retry 0');
    expect(plan({ dice: 20 })[0]).toBe('orders 2');
    expect(plan({ dice: 0, retryPercent: 0 })[0]).toBe('orders 0');
  });

  it('looks into one form of the retry topic in turn, and into none in order', () => {
    const both = ['v2', 'v1'].map((name) => ({ topic: name, readQueueCount: 1 }));
    expect(plan({ retryTopics: both, dice: 50 })).toContain('v2 0');
    expect(plan({ retryTopics: both, dice: 51 })).toContain('v1 0');
    expect(plan({ retryTopics: both, dice: 51 })).not.toContain('v2 0');
    expect(plan({ ordered: true })).toEqual(['orders 2', 'orders 0', 'orders 1']);
  });
});

describe('pop retry topics', () => {
  it.each([
    ['orders', 'g', 'orders'],
    ['%RETRY%g_orders', 'g', 'orders'],
    ['%RETRY%g+orders', 'g', 'orders'],
    ['%RETRY%a_b_c', 'a_b', 'c'],
    ['%RETRY%other_orders', 'g', '%RETRY%other_orders'],
    ['%RETRY%g', 'g', '%RETRY%g'],
  ])('%s of %s stands for %s', (name, group, normal) => {
    expect(normalTopicOf(name, group)).toBe(normal);
  });

  it('are named by their marks', () => {
    expect(['0', '1', '2', '3'].map((mark) => markedTopic('t', 'g', mark))).toEqual([
      't',
      '%RETRY%g_t',
      '%RETRY%g+t',
      undefined,
    ]);
  });
});

describe('planRevival', () => {
  const record = (reconsumeTimes: number, properties: Record<string, string> = {}) => {
    const text = formatProperties(new Map(Object.entries(properties)));
    const propertiesBytes = Buffer.from(text);
    return {
      reconsumeTimes,
      propertiesBytes,
      propertiesStart: 0,
      propertiesEnd: propertiesBytes.length,
      properties: parseProperties(text),
    } as unknown as MessageRecord;
  };
  const reason = { topic: 'orders', group: 'g', popTimeMs: 77, suspended: false };
  const group = { ...defaultSubscriptionGroup('g'), retryMaxTimes: 2 };
  const plan = (message: MessageRecord, more = {}, v2 = false) =>
    planRevival(message, 'ID', { ...reason, ...more }, group, v2);

  it.each([
    [0, {}, { topic: '%RETRY%g_orders', reconsumeTimes: 1, dead: false }],
    [1, { topic: '%RETRY%g+orders' }, { topic: '%RETRY%g+orders', reconsumeTimes: 2, dead: false }],
    [2, { topic: '%RETRY%g_orders' }, { topic: '%DLQ%g', reconsumeTimes: 3, dead: true }],
    [2, { suspended: true }, { topic: '%RETRY%g_orders', reconsumeTimes: 2, dead: false }],
  ])('after %i tries, given %j', (times, more, expected) => {
    expect(plan(record(times), more)).toMatchObject(expected);
  });

  it('takes the form of new retry topics from the settings', () => {
    expect(plan(record(0), {}, true).topic).toBe('%RETRY%g+orders');
  });

  it('remembers the first pop and the group', () => {
    expect(Object.fromEntries(plan(record(0, { mine: 'x' })).properties)).toEqual({
      mine: 'x',
      '1ST_POP_TIME': '77',
      ORIGIN_GROUP: 'g',
    });
    const again = plan(record(1, { '1ST_POP_TIME': '5' })).properties;
    expect(again.get('1ST_POP_TIME')).toBe('5');
  });
});

describe('records of the revive log', () => {
  const ck = {
    so: 7,
    pt: 1_700_000_000_000,
    it: 60_000,
    bm: 0,
    n: 2,
    q: 3,
    t: 'orders',
    c: 'group',
    ro: 0,
    d: [0, 1],
    bn: 'broker-a',
    sp: false,
  };
  it('say what Apache’s broker says of a checkpoint', () => {
    expect(checkpointText(ck)).toEqual({
      tag: 'ck',
      body: '{"bm":0,"bn":"broker-a","c":"group","d":[0,1],"it":60000,"n":2,"pt":1700000000000,"q":3,"ro":0,"so":7,"sp":false,"t":"orders"}',
      uniqKey: 'orders@3@7@group@1700000000000@broker-a@ck',
      deliverAtMs: 1_700_000_059_000,
    });
  });

  it('say what Apache’s broker says of acknowledgements', () => {
    const of = { t: 'orders', c: 'group', q: 3, so: 7, pt: 5, bn: 'broker-a' };
    expect(ackText(of, [8], 9)).toEqual({
      tag: 'ack',
      body: '{"ao":8,"bn":"broker-a","c":"group","pt":5,"q":3,"so":7,"t":"orders"}',
      uniqKey: 'orders@3@8@group@5@broker-a@ack',
      deliverAtMs: 9,
    });
    expect(ackText(of, [7, 8], 9)).toMatchObject({
      tag: 'bAck',
      body: '{"ao":-1,"aol":[7,8],"bn":"broker-a","c":"group","pt":5,"q":3,"so":7,"t":"orders"}',
      uniqKey: 'orders@3@[7, 8]@group@5@bAck',
    });
  });
});
