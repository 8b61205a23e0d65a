import { describe, expect, it } from '@jest/globals';
import {
  PullMessage,
  PullSysFlag,
  QueryConsumerOffset,
  ResponseCode,
  UpdateAndCreateSubscriptiongroup,
  UpdateAndCreateTopic,
  defaultSubscriptionGroup,
} from '@rocketmq-ts/protocol';
import { heartbeat } from './heartbeat.js';
import { bodiesIn, watch } from './pull-answer.js';
import { newTopic, pullRequest } from './requests.js';
import {
  BROKER,
  brokerForEachTest,
  FAST_BROKER,
  type SimulatedBroker,
} from './simulated-broker.js';

let broker: SimulatedBroker;
brokerForEachTest((started) => (broker = started), { topic: 'orders' });

const tagged = (tag: string) => ({ properties: { TAGS: tag } });

describe('a pull', () => {
  it('gives the messages of a queue from an offset on and says where to go on', async () => {
    for (const body of ['a', 'b', 'c', 'd']) await broker.sent('orders', body);
    const answer = await broker.pull('orders', 1, { maxMsgNums: 2 });
    expect(bodiesIn(answer)).toEqual(['b', 'c']);
    expect(answer.remark).toBe('FOUND');
    expect(Object.fromEntries(answer.ext)).toEqual({
      suggestWhichBrokerId: '0',
      nextBeginOffset: '3',
      minOffset: '0',
      maxOffset: '4',
      topicSysFlag: '0',
      groupSysFlag: '0',
    });
  });

  it('keeps within the bytes that the consumer wants, but gives one message at least', async () => {
    for (let i = 0; i < 4; i++) await broker.sent('orders', Buffer.alloc(1_000, 97));
    const pull = (maxMsgBytes: number) => broker.pull('orders', 0, { header: { maxMsgBytes } });
    expect((await pull(100)).records).toHaveLength(1);
    expect((await pull(2_900)).records).toHaveLength(2);
    expect((await pull(100_000)).records).toHaveLength(4);
  });

  it('never gives more messages than the broker’s limit', async () => {
    for (let i = 0; i < 40; i++) await broker.sent('orders', 'x');
    expect((await broker.pull('orders', 0, { maxMsgNums: 1_000 })).records).toHaveLength(32);
    expect((await broker.pull('orders', 0, { maxMsgNums: -1 })).records).toHaveLength(1);
  });

  it('gives messages with the wanted tags alone', async () => {
    for (const tag of ['red', 'green', 'blue', 'red']) {
      await broker.sent('orders', `is ${tag}`, tagged(tag));
    }
    await broker.sent('orders', 'has no tag');
    const of = async (subscription: string) =>
      bodiesIn(await broker.pull('orders', 0, { subscription }));
    expect(await of('red || blue')).toEqual(['is red', 'is blue', 'is red']);
    expect(await of('green')).toEqual(['is green']);
    expect(await of('*')).toHaveLength(5);
  });

  it('tells the consumer to go on behind messages that do not match', async () => {
    for (let i = 0; i < 3; i++) await broker.sent('orders', 'x', tagged('red'));
    const answer = await broker.pull('orders', 0, { subscription: 'blue', holdMs: 15_000 });
    expect(answer.code).toBe(ResponseCode.PULL_RETRY_IMMEDIATELY);
    expect(answer.ext.get('nextBeginOffset')).toBe('3');
  });

  it.each([
    ['at the end of the queue', 2, ResponseCode.PULL_NOT_FOUND, '2'],
    ['beyond the end', 9, ResponseCode.PULL_OFFSET_MOVED, '2'],
    ['before the beginning', -5, ResponseCode.PULL_OFFSET_MOVED, '0'],
  ])('is answered with where the queue is: %s', async (_where, from, code, next) => {
    await broker.sent('orders', 'a');
    await broker.sent('orders', 'b');
    const answer = await broker.pull('orders', from);
    expect(answer.code).toBe(code);
    expect(answer.ext.get('nextBeginOffset')).toBe(next);
    expect(answer.ext.get('maxOffset')).toBe('2');
  });

  it('finds nothing in a queue that was never written', async () => {
    expect((await broker.pull('orders', 0)).code).toBe(ResponseCode.PULL_NOT_FOUND);
    const beyond = await broker.pull('orders', 7);
    expect(beyond.code).toBe(ResponseCode.PULL_OFFSET_MOVED);
    expect(beyond.ext.get('nextBeginOffset')).toBe('0');
  });

  it('commits the offset that it carries', async () => {
    await broker.sent('orders', 'a');
    await broker.pull('orders', 0, {
      header: { sysFlag: PullSysFlag.SUBSCRIPTION | PullSysFlag.COMMIT_OFFSET, commitOffset: 5 },
    });
    const { header } = await broker.call(QueryConsumerOffset, {
      header: { consumerGroup: 'consumers', topic: 'orders', queueId: 0 },
      body: null,
    });
    expect(header.offset).toBe(5);
  });
});

describe('a pull without an expression of its own', () => {
  const byHeartbeat = { header: { sysFlag: 0, subscription: undefined } };

  it('uses what the consumer subscribed to', async () => {
    await broker.sent('orders', 'is red', tagged('red'));
    await broker.sent('orders', 'is blue', tagged('blue'));
    await heartbeat(broker, { subscriptions: { orders: 'blue' } });
    expect(bodiesIn(await broker.pull('orders', 0, byHeartbeat))).toEqual(['is blue']);
  });

  it('is refused without a heartbeat, a subscription, or its newest version', async () => {
    const pull = (header = {}) =>
      broker.pull('orders', 0, { header: { ...byHeartbeat.header, ...header } });
    expect(await pull()).toMatchObject({
      code: ResponseCode.SUBSCRIPTION_NOT_EXIST,
      remark: expect.stringMatching(/^the consumer's group info not exist/),
    });
    await heartbeat(broker, { subscriptions: { other: '*' } });
    expect(await pull()).toMatchObject({
      code: ResponseCode.SUBSCRIPTION_NOT_EXIST,
      remark: expect.stringMatching(/^the consumer's subscription not exist/),
    });
    await heartbeat(broker, { subscriptions: { orders: '*' } });
    expect(await pull({ subVersion: 9_999_999_999_999 })).toMatchObject({
      code: ResponseCode.SUBSCRIPTION_NOT_LATEST,
      remark: "the consumer's subscription not latest",
    });
  });
});

describe('a pull that is refused', () => {
  it.each<[string, number, string | RegExp, Parameters<SimulatedBroker['pull']>]>([
    [
      'a topic that is not there',
      ResponseCode.TOPIC_NOT_EXIST,
      /^topic\[none\] not exist, apply first please!/,
      ['none', 0],
    ],
    [
      'a queue that is not there',
      ResponseCode.INVALID_PARAMETER,
      /^queueId\[4\] is illegal, topic:\[orders\] topicConfig.readQueueNums:\[4\]/,
      ['orders', 0, { queueId: 4 }],
    ],
    [
      'a negative queue',
      ResponseCode.INVALID_PARAMETER,
      /^queueId\[-1\] is illegal/,
      ['orders', 0, { queueId: -1 }],
    ],
    [
      'a filter in SQL that does not parse',
      ResponseCode.SUBSCRIPTION_PARSE_FAILED,
      "parse the consumer's subscription failed",
      ['orders', 0, { header: { expressionType: 'SQL92' }, subscription: 'a >' }],
    ],
    [
      'a filter without a tag',
      ResponseCode.SUBSCRIPTION_PARSE_FAILED,
      "parse the consumer's subscription failed",
      ['orders', 0, { subscription: ' || ' }],
    ],
    [
      'an illegal group name',
      ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
      /^subscription group \[bad group\] does not exist/,
      ['orders', 0, { group: 'bad group' }],
    ],
  ])('gets Apache’s code and text: %s', async (_what, code, remark, [topic, from, options]) => {
    const answer = await broker.pull(topic, from, options);
    expect({ code: answer.code, remark: answer.remark }).toEqual({
      code,
      remark: typeof remark === 'string' ? remark : expect.stringMatching(remark),
    });
  });

  it('says who forbids it', async () => {
    await broker.call(UpdateAndCreateTopic, newTopic('closed', { perm: 2 }));
    const topic = await broker.pull('closed', 0);
    expect(topic.code).toBe(ResponseCode.NO_PERMISSION);
    expect(topic.remark).toBe('the topic[closed] pulling message is forbidden');
    expect(topic.ext.get('forbiddenType')).toBe('3');

    await broker.call(UpdateAndCreateSubscriptiongroup, {
      header: {},
      body: { ...defaultSubscriptionGroup('stopped'), consumeEnable: false },
    });
    const group = await broker.pull('orders', 0, { group: 'stopped' });
    expect(group.code).toBe(ResponseCode.NO_PERMISSION);
    expect(group.remark).toBe('subscription group no permission, stopped');
    expect(group.ext.get('forbiddenType')).toBe('2');
  });

  it('is not served on the fast port', async () => {
    const answer = await broker.ask(PullMessage, pullRequest('orders', 0, {}), FAST_BROKER);
    expect(answer.code).toBe(ResponseCode.REQUEST_CODE_NOT_SUPPORTED);
  });
});

describe('a pull that finds nothing yet', () => {
  it('is answered as soon as a message comes', async () => {
    const held = watch(broker.startPull('orders', 0, { holdMs: 15_000 }));
    await broker.pass(5_000);
    expect(held.answer).toBeUndefined();
    await broker.sent('orders', 'at last');
    expect(bodiesIn(held.answer!)).toEqual(['at last']);
  });

  it('is answered without one when its time is up', async () => {
    const held = watch(broker.startPull('orders', 0, { holdMs: 15_000 }));
    await broker.pass(14_000);
    expect(held.answer).toBeUndefined();
    await broker.pass(2_000);
    expect(held.answer).toMatchObject({ code: ResponseCode.PULL_NOT_FOUND });
    expect(held.answer!.ext.get('nextBeginOffset')).toBe('0');
  });

  it('is not woken by other queues, other topics or other tags', async () => {
    const held = watch(broker.startPull('orders', 0, { holdMs: 15_000, subscription: 'red' }));
    await broker.sent('orders', 'elsewhere', { queueId: 1, ...tagged('red') });
    await broker.sent('others', 'elsewhere', tagged('red'));
    await broker.sent('orders', 'not wanted', tagged('blue'));
    await broker.pass(1_000);
    expect(held.answer).toBeUndefined();
    await broker.sent('orders', 'wanted', tagged('red'));
    expect(bodiesIn(held.answer!)).toEqual(['wanted']);
    expect(held.answer!.ext.get('nextBeginOffset')).toBe('2');
  });

  it('does not look again at what it passed over once its time is up', async () => {
    const held = watch(broker.startPull('orders', 0, { holdMs: 5_000, subscription: 'red' }));
    for (let i = 0; i < 3; i++) await broker.sent('orders', 'not wanted', tagged('blue'));
    await broker.pass(6_000);
    expect(held.answer).toMatchObject({ code: ResponseCode.PULL_RETRY_IMMEDIATELY });
    expect(held.answer!.ext.get('nextBeginOffset')).toBe('3');
  });

  it('is held beside others of the same queue, and each gets the message', async () => {
    const helds = Array.from({ length: 50 }, (_, i) =>
      watch(broker.startPull('orders', 0, { holdMs: 15_000, group: `group-${i}` })),
    );
    await broker.pass(100);
    await broker.sent('orders', 'for all');
    expect(helds.map(({ answer }) => answer && bodiesIn(answer))).toEqual(
      helds.map(() => ['for all']),
    );
  });

  it('is forgotten with its connection', async () => {
    const other = broker.newClient();
    const lost = broker.startPull('orders', 0, { holdMs: 15_000 }, BROKER, other);
    lost.catch(() => undefined);
    await broker.pass(100);
    expect(broker.heldPulls).toBe(1);
    other.close();
    await broker.pass(100);
    expect(broker.heldPulls).toBe(0);
    await expect(lost).rejects.toThrow();
    await broker.sent('orders', 'nobody waits');
  });

  it('is answered when the broker stops', async () => {
    const held = watch(broker.startPull('orders', 0, { holdMs: 15_000 }));
    await broker.pass(100);
    await broker.stop();
    expect(held.answer).toMatchObject({ code: ResponseCode.PULL_NOT_FOUND });
    await broker.startAgain();
  });

  it('is answered at once where the consumer does not want to wait', async () => {
    expect((await broker.pull('orders', 0)).code).toBe(ResponseCode.PULL_NOT_FOUND);
    expect(broker.heldPulls).toBe(0);
  });

  it('is answered at once where too many wait already', async () => {
    await broker.restart('heldPullCountMax=3');
    const helds = Array.from({ length: 4 }, () =>
      watch(broker.startPull('orders', 0, { holdMs: 15_000 })),
    );
    await broker.pass(1_000);
    expect(helds.filter(({ answer }) => answer !== undefined)).toHaveLength(1);
    expect(broker.heldPulls).toBe(3);
  });

  it('is told when the topic is closed while it waits', async () => {
    const held = watch(broker.startPull('orders', 0, { holdMs: 2_000 }));
    await broker.pass(100);
    await broker.call(UpdateAndCreateTopic, newTopic('orders', { perm: 2 }));
    await broker.pass(3_000);
    expect(held.answer).toMatchObject({ code: ResponseCode.NO_PERMISSION });
  });
});
