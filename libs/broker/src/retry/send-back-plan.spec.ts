import { describe, expect, it } from '@jest/globals';
import {
  defaultSubscriptionGroup,
  formatProperties,
  type MessageRecord,
  parseProperties,
  PeerVersion,
} from '@rocketmq-ts/protocol';
import { planSendBack } from './send-back-plan.js';

function record(reconsumeTimes: number, properties: Record<string, string> = {}): MessageRecord {
  const text = formatProperties(new Map(Object.entries(properties)));
  const propertiesBytes = Buffer.from(text);
  return {
    topic: 'orders',
    reconsumeTimes,
    propertiesBytes,
    propertiesStart: 0,
    propertiesEnd: propertiesBytes.length,
    properties: parseProperties(text),
  } as unknown as MessageRecord;
}
const request = (more = {}) => ({
  group: 'g',
  delayLevel: 0,
  maxReconsumeTimes: 3,
  peerVersion: PeerVersion.V5_5_0,
  ...more,
});
const group = { ...defaultSubscriptionGroup('g'), retryMaxTimes: 1, retryQueueNums: 2 };
const plan = (message: MessageRecord, more = {}) =>
  planSendBack(message, 'ID', request(more), group);

describe('a message that is sent back', () => {
  it.each([
    [0, 0, 3],
    [2, 0, 5],
    [0, 7, 7],
  ])('for the %i. time with level %i waits in level %i', (times, delayLevel, level) => {
    expect(plan(record(times), { delayLevel })).toMatchObject({
      topic: '%RETRY%g',
      queueCount: 2,
      delayLevel: level,
      reconsumeTimes: times + 1,
      dead: false,
    });
  });

  it.each([
    ['its client allows no more tries', 3, {}],
    ['the client gives up', 0, { delayLevel: -1 }],
    [
      'the group allows no more and the client is too old to say',
      1,
      { peerVersion: PeerVersion.V3_4_9 - 1 },
    ],
    ['the group allows no more and the client does not say', 1, { maxReconsumeTimes: undefined }],
  ])('is dead when %s', (_when, times, more) => {
    expect(plan(record(times), more)).toMatchObject({
      topic: '%DLQ%g',
      queueCount: 1,
      delayLevel: 0,
      dead: true,
    });
  });

  it('remembers where it came from', () => {
    const first = plan(record(0, { TAGS: 'red', WAIT: 'true' })).properties;
    expect(Object.fromEntries(first)).toEqual({
      TAGS: 'red',
      WAIT: 'false',
      RETRY_TOPIC: 'orders',
      ORIGIN_MESSAGE_ID: 'ID',
      DELAY: '3',
    });
    const again = plan(record(1, { RETRY_TOPIC: 'first', ORIGIN_MESSAGE_ID: 'FIRST' })).properties;
    expect(again.get('RETRY_TOPIC')).toBe('first');
    expect(again.get('ORIGIN_MESSAGE_ID')).toBe('FIRST');
    expect(again.has('DLQ_ORIGIN_TOPIC')).toBe(false);
  });

  it('says as a dead letter which topic and which copy it was', () => {
    const dead = plan(record(16, { RETRY_TOPIC: 'orders', ORIGIN_MESSAGE_ID: 'FIRST' })).properties;
    expect(Object.fromEntries(dead)).toMatchObject({
      DLQ_ORIGIN_TOPIC: 'orders',
      DLQ_ORIGIN_MESSAGE_ID: 'ID',
      ORIGIN_MESSAGE_ID: 'FIRST',
    });
  });
});

describe('a group with a policy of its own', () => {
  const policy = { type: 'CUSTOMIZED' as const, customizedRetryPolicy: { next: [1, 2, 3, 4] } };
  const planned = (message: MessageRecord, more = {}) =>
    planSendBack(message, 'ID', request(more), { ...group, groupRetryPolicy: policy });

  it('decides how long its messages wait', () => {
    expect(planned(record(1))).toMatchObject({ delayMs: 4, dead: false });
  });

  it('leaves it to the consumer where that names a level', () => {
    expect(planned(record(1), { delayLevel: 7 })).toMatchObject({
      delayMs: undefined,
      delayLevel: 7,
    });
  });

  it('lets the dead go at once', () => {
    expect(planned(record(3))).toMatchObject({ dead: true, delayLevel: 0, delayMs: undefined });
  });
});
