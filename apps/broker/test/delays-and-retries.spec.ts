import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  ConsumerSendMsgBack,
  defaultSubscriptionGroup,
  ResponseCode,
  UpdateAndCreateSubscriptiongroup,
  UpdateAndCreateTopic,
} from '@rocketmq-ts/protocol';
import { heartbeat } from './heartbeat.js';
import { type PulledRecord } from './pull-answer.js';
import { newTopic } from './requests.js';
import { brokerForEachTest, type SimulatedBroker } from './simulated-broker.js';

const RETRY = '%RETRY%consumers';
const DEAD = '%DLQ%consumers';

let broker: SimulatedBroker;
brokerForEachTest((started) => (broker = started), { topic: 'orders' });

const all = async (topic: string): Promise<readonly PulledRecord[]> =>
  (await broker.pull(topic, 0)).records;
const bodies = async (topic: string): Promise<string[]> =>
  (await all(topic)).map(({ body }) => body);
const delayed = (level: number | string) => ({ properties: { DELAY: String(level), TAGS: 'red' } });

describe('a message with a delay level', () => {
  it('comes when its time is up, not before', async () => {
    await broker.sent('orders', 'in five seconds', delayed(2));
    await broker.pass(4_900);
    expect(await bodies('orders')).toEqual([]);
    await broker.pass(300);
    expect(await bodies('orders')).toEqual(['in five seconds']);
  });

  it('keeps its properties, its tag and the time of its birth', async () => {
    await broker.sent('orders', 'later', { ...delayed(1), queueId: 2, header: { flag: 5 } });
    await broker.pass(1_500);
    const answer = await broker.pull('orders', 0, { queueId: 2, subscription: 'red' });
    expect(answer.records).toHaveLength(1);
    expect(answer.records[0]).toMatchObject({
      flag: 5,
      bornTimestampMs: 1_699_999_999_000,
      queueId: 2,
    });
    expect(Object.fromEntries(answer.records[0]!.properties)).toMatchObject({
      TAGS: 'red',
      REAL_TOPIC: 'orders',
      REAL_QID: '2',
      DELAY: '1',
    });
  });

  it('wakes a consumer that waits for it', async () => {
    await broker.sent('orders', 'soon', delayed(1));
    const held = broker.startPull('orders', 0, { holdMs: 15_000 });
    await broker.pass(1_200);
    expect((await broker.settled(held)).records).toHaveLength(1);
  });

  it('does not hold up messages of other levels, and each level keeps its order', async () => {
    await broker.sent('orders', 'ten seconds', delayed(3));
    for (const i of [1, 2, 3]) await broker.sent('orders', `one second, ${i}`, delayed(1));
    await broker.pass(1_500);
    expect(await bodies('orders')).toEqual(['one second, 1', 'one second, 2', 'one second, 3']);
    await broker.pass(9_000);
    expect((await bodies('orders')).at(-1)).toBe('ten seconds');
  });

  it('waits as long as the highest level where it asks for more', async () => {
    await broker.restart('messageDelayLevel=1s 3s');
    await broker.sent('orders', 'highest', delayed(99));
    await broker.pass(2_800);
    expect(await bodies('orders')).toEqual([]);
    await broker.pass(500);
    expect(await bodies('orders')).toEqual(['highest']);
  });

  it('comes at once with level 0 or less', async () => {
    await broker.sent('orders', 'zero', delayed(0));
    await broker.sent('orders', 'negative', delayed(-3));
    expect(await bodies('orders')).toEqual(['zero', 'negative']);
  });

  it('comes once, in time, over a restart', async () => {
    await broker.sent('orders', 'delivered before', delayed(1));
    await broker.pass(1_500);
    await broker.sent('orders', 'still waiting', delayed(4));
    await broker.restart();
    expect(await bodies('orders')).toEqual(['delivered before']);
    await broker.pass(31_000);
    expect(await bodies('orders')).toEqual(['delivered before', 'still waiting']);
  });

  it('is not lost when the process dies, whether due or not', async () => {
    for (let i = 0; i < 10; i++) await broker.sent('orders', `message ${i}`, delayed(1));
    await broker.pass(950);
    broker.kill();
    await broker.world.clock.advance(60_000);
    await broker.startAgain();
    await broker.pass(500);
    const seen = new Set(await bodies('orders'));
    expect([...seen].sort()).toEqual(Array.from({ length: 10 }, (_, i) => `message ${i}`));
  });

  it('comes in great numbers', async () => {
    await Promise.all(Array.from({ length: 300 }, () => broker.sent('orders', 'x', delayed(1))));
    await broker.pass(2_000);
    const answer = await broker.pull('orders', 299);
    expect(answer.ext.get('maxOffset')).toBe('300');
  });

  it('notes its progress in Apache’s file', async () => {
    await broker.sent('orders', 'x', delayed(1));
    await broker.pass(12_000);
    expect(await broker.fileText('/store/config/delayOffset.json')).toMatch(
      /"offsetTable":\{\s*1:1/,
    );
  });
});

describe('a message that could not be consumed', () => {
  beforeEach(async () => {
    await heartbeat(broker);
    await broker.sent('orders', 'difficult', { properties: { TAGS: 'red', UNIQ_KEY: 'U1' } });
  });
  const sendBack = async (record: PulledRecord, header = {}) =>
    broker.ask(ConsumerSendMsgBack, {
      header: {
        commitLogOffset: record.commitLogOffset,
        group: 'consumers',
        delayLevel: 0,
        originMsgId: 'U1',
        originTopic: 'orders',
        unitMode: false,
        maxReconsumeTimes: 16,
        ...header,
      },
      body: null,
    });
  const original = async () => (await all('orders'))[0]!;

  it('comes again through the retry topic, later each time', async () => {
    const first = await original();
    expect((await sendBack(first)).code).toBe(ResponseCode.SUCCESS);
    await broker.pass(9_500);
    expect(await all(RETRY)).toEqual([]);
    await broker.pass(1_000);
    const [second] = await all(RETRY);
    expect(second).toMatchObject({ body: 'difficult', reconsumeTimes: 1, topic: RETRY });
    expect(Object.fromEntries(second!.properties)).toMatchObject({
      RETRY_TOPIC: 'orders',
      UNIQ_KEY: 'U1',
      TAGS: 'red',
      ORIGIN_MESSAGE_ID: expect.stringMatching(/^0A000001[0-9A-F]{24}$/),
    });

    expect((await sendBack(second!)).code).toBe(ResponseCode.SUCCESS);
    await broker.pass(29_000);
    expect(await all(RETRY)).toHaveLength(1);
    await broker.pass(2_000);
    const third = (await all(RETRY))[1]!;
    expect(third.reconsumeTimes).toBe(2);
    expect(third.properties.get('ORIGIN_MESSAGE_ID')).toBe(
      second!.properties.get('ORIGIN_MESSAGE_ID'),
    );
  });

  it('comes again when the consumer says', async () => {
    await sendBack(await original(), { delayLevel: 1 });
    await broker.pass(1_200);
    expect(await all(RETRY)).toHaveLength(1);
  });

  it.each([
    ['after the last try', { maxReconsumeTimes: 0 }],
    ['when the consumer gives up', { delayLevel: -1 }],
  ])('goes to the dead-letter topic %s', async (_when, header) => {
    await sendBack(await original(), header);
    await broker.call(
      UpdateAndCreateTopic,
      newTopic(DEAD, { readQueueNums: 1, writeQueueNums: 1 }),
    );
    const [dead] = await all(DEAD);
    expect(dead).toMatchObject({ body: 'difficult', reconsumeTimes: 1 });
    expect(dead!.properties.get('RETRY_TOPIC')).toBe('orders');
    expect(broker.said('a message went to the dead-letter topic')).toBe(true);
    await broker.pass(20_000);
    expect(await all(RETRY)).toEqual([]);
  });

  describe('of a group with a policy of its own', () => {
    const exponential = { initial: 1_500, max: 60_000, multiplier: 3 };
    beforeEach(async () => {
      await broker.call(UpdateAndCreateSubscriptiongroup, {
        header: {},
        body: {
          ...defaultSubscriptionGroup('consumers'),
          groupRetryPolicy: { type: 'EXPONENTIAL', exponentialRetryPolicy: exponential },
        },
      });
    });

    it('waits as long as that says, to the tenth of a second', async () => {
      await sendBack(await original());
      await broker.pass(1_400);
      expect(await all(RETRY)).toEqual([]);
      await broker.pass(200);
      const [second] = await all(RETRY);
      expect(second).toMatchObject({ body: 'difficult', reconsumeTimes: 1, topic: RETRY });
      expect(second!.properties.get('RETRY_TOPIC')).toBe('orders');

      await sendBack(second!);
      await broker.pass(4_400);
      expect(await all(RETRY)).toHaveLength(1);
      await broker.pass(200);
      expect((await all(RETRY))[1]).toMatchObject({ body: 'difficult', reconsumeTimes: 2 });
    });

    it('waits for the next longer level where times of delivery are off', async () => {
      await broker.restart('timerWheelEnable=false');
      await sendBack(await original());
      await broker.pass(4_900);
      expect(await all(RETRY)).toEqual([]);
      await broker.pass(200);
      expect(await bodies(RETRY)).toEqual(['difficult']);
    });

    it('comes after a crash, not before its time', async () => {
      await sendBack(await original());
      broker.kill();
      await broker.startAgain();
      await broker.pass(1_300);
      expect(await all(RETRY)).toEqual([]);
      await broker.pass(1_000);
      expect((await bodies(RETRY)).length).toBeGreaterThanOrEqual(1);
    });
  });

  it('is dropped for a group that wants no retries', async () => {
    await broker.call(UpdateAndCreateSubscriptiongroup, {
      header: {},
      body: { ...defaultSubscriptionGroup('consumers'), retryQueueNums: 0 },
    });
    expect((await sendBack(await original())).code).toBe(ResponseCode.SUCCESS);
    await broker.pass(15_000);
    expect(await all(RETRY)).toEqual([]);
  });

  it('is refused with Apache’s texts where it cannot come again', async () => {
    const record = await original();
    const nowhere = await sendBack(record, { commitLogOffset: record.commitLogOffset + 1 });
    expect(nowhere).toMatchObject({
      code: ResponseCode.SYSTEM_ERROR,
      remark: `look message by offset failed, ${record.commitLogOffset + 1}`,
    });
    const nobody = await sendBack(record, { group: 'bad group' });
    expect(nobody.code).toBe(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST);
    await broker.call(UpdateAndCreateTopic, newTopic(RETRY, { perm: 4 }));
    expect(await sendBack(record)).toMatchObject({
      code: ResponseCode.NO_PERMISSION,
      remark: `the topic[${RETRY}] sending message is forbidden`,
    });
  });

  it('is in the dead-letter topic once, however often it is sent back', async () => {
    const record = await original();
    const dead = { maxReconsumeTimes: 0 };
    const both = await Promise.all([sendBack(record, dead), sendBack(record, dead)]);
    expect(both.map(({ code }) => code)).toEqual([ResponseCode.SUCCESS, ResponseCode.SUCCESS]);
    await sendBack(record, dead);
    broker.kill();
    await broker.world.clock.advance(1_000);
    await broker.startAgain();
    expect((await sendBack(record, dead)).code).toBe(ResponseCode.SUCCESS);
    const letters = await all(DEAD);
    expect(letters).toHaveLength(1);
    expect(letters[0]!.properties.get('DLQ_ORIGIN_TOPIC')).toBe('orders');
    // Played back by somebody, it may die again.
    await broker.sent('orders', 'difficult', { properties: { UNIQ_KEY: 'U1' } });
    await sendBack((await all('orders'))[1]!, dead);
    expect(await all(DEAD)).toHaveLength(2);
  });

  it('is there after the process died behind the answer', async () => {
    await sendBack(await original());
    broker.kill();
    await broker.world.clock.advance(30_000);
    await broker.startAgain();
    await broker.pass(500);
    expect((await all(RETRY)).length).toBeGreaterThanOrEqual(1);
  });
});

describe('a message that a producer sends to a retry topic', () => {
  const retried = (times: number) =>
    broker.send(RETRY, 'again', {
      header: { reconsumeTimes: times, maxReconsumeTimes: 2 },
    });

  it('goes to the dead-letter topic after the last try', async () => {
    await heartbeat(broker);
    expect((await retried(1)).code).toBe(ResponseCode.SUCCESS);
    expect((await retried(3)).code).toBe(ResponseCode.SUCCESS);
    expect(await all(RETRY)).toHaveLength(1);
    await broker.call(
      UpdateAndCreateTopic,
      newTopic(DEAD, { readQueueNums: 1, writeQueueNums: 1 }),
    );
    expect(await all(DEAD)).toHaveLength(1);
  });
});
