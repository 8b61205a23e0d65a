import { describe, expect, it } from '@jest/globals';
import {
  GetMaxOffset,
  QueryConsumerOffset,
  ResponseCode,
  UpdateConsumerOffset,
} from '@rocketmq-ts/protocol';
import { bodiesIn } from './pull-answer.js';
import { brokerForEachTest, type SimulatedBroker } from './simulated-broker.js';

const ON = 'enableLmq=true\nenableMultiDispatch=true\nmaxLmqConsumeQueueNum=3\n';
const GROUP = '%LMQ%group';

let broker: SimulatedBroker;
brokerForEachTest((started) => (broker = started), {
  settings: `${ON}autoCreateSubscriptionGroup=false\n`,
  topic: 'orders',
});

const sendTo = (names: string, body: string, more: Record<string, string> = {}) =>
  broker.send('orders', body, { properties: { ...more, INNER_MULTI_DISPATCH: names } });
const pulled = async (name: string): Promise<string[]> =>
  bodiesIn(await broker.pull(name, 0, { group: GROUP }));

describe('light queues', () => {
  it('give what was sent to their names, to groups that nobody declared', async () => {
    await sendTo('%LMQ%a,%LMQ%b', 'one');
    await sendTo('%LMQ%b', 'two', { TAGS: 'red' });
    expect(await pulled('%LMQ%a')).toEqual(['one']);
    expect(await pulled('%LMQ%b')).toEqual(['one', 'two']);
    const red = await broker.pull('%LMQ%b', 0, { group: GROUP, subscription: 'red' });
    expect(bodiesIn(red)).toEqual(['two']);
    expect(red.records[0]!.topic).toBe('orders');
    expect(red.records[0]!.properties.get('INNER_MULTI_QUEUE_OFFSET')).toBe('1');
    const { header } = await broker.call(GetMaxOffset, {
      header: { topic: '%LMQ%b', queueId: 0 },
      body: null,
    });
    expect(header.offset).toBe(2);
  });

  it('wake who waits for them', async () => {
    const waiting = broker.startPull('%LMQ%a', 0, { group: GROUP, holdMs: 10_000 });
    await broker.pass(500);
    await sendTo('%LMQ%a', 'one');
    expect(bodiesIn(await broker.settled(waiting))).toEqual(['one']);
  });

  it('get delayed messages when they are delivered', async () => {
    await sendTo('%LMQ%a', 'later', { DELAY: '1' });
    const early = await broker.pull('%LMQ%a', 0, { group: GROUP });
    expect(early.records).toEqual([]);
    await broker.pass(2_000);
    expect(await pulled('%LMQ%a')).toEqual(['later']);
  });

  it('keep their messages and the offsets of their groups over a restart and a kill', async () => {
    await sendTo('%LMQ%a', 'one');
    const place = { consumerGroup: GROUP, topic: '%LMQ%a', queueId: 0 };
    await broker.call(UpdateConsumerOffset, { header: { ...place, commitOffset: 1 }, body: null });
    await broker.restart(ON);
    const { header } = await broker.call(QueryConsumerOffset, { header: place, body: null });
    expect(header.offset).toBe(1);
    await sendTo('%LMQ%a', 'two');
    broker.kill();
    await broker.startAgain(ON);
    expect(await pulled('%LMQ%a')).toEqual(['one', 'two']);
  });

  it('are not more than allowed', async () => {
    expect((await sendTo('%LMQ%a,%LMQ%b,%LMQ%c', 'one')).code).toBe(ResponseCode.SUCCESS);
    const refused = await sendTo('%LMQ%d', 'two');
    expect(refused.code).toBe(ResponseCode.SYSTEM_ERROR);
    expect(refused.remark).toContain('LMQ_CONSUME_QUEUE_NUM_EXCEEDED');
    expect((await broker.pull('%LMQ%d', 0, { group: GROUP })).code).toBe(
      ResponseCode.TOPIC_NOT_EXIST,
    );
    expect((await broker.pull('orders', 0, { group: GROUP })).records).toHaveLength(1);
  });

  it('are not there where they are switched off', async () => {
    await broker.restart('');
    await sendTo('%LMQ%a', 'one');
    expect((await broker.pull('%LMQ%a', 0)).code).toBe(ResponseCode.TOPIC_NOT_EXIST);
    expect(bodiesIn(await broker.pull('orders', 0))).toEqual(['one']);
  });
});
