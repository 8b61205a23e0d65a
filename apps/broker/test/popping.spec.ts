import { describe, expect, it } from '@jest/globals';
import { ResponseCode } from '@rocketmq-ts/protocol';
import { brokerForEachTest, type SimulatedBroker } from './simulated-broker.js';
import { ack, ackAll, bodiesOf, pop, postpone, startPop } from './pop-requests.js';

const RETRY = '%RETRY%poppers_orders';

let broker: SimulatedBroker;
brokerForEachTest((started) => (broker = started), { topic: 'orders' });

async function sendSpread(count: number): Promise<string[]> {
  const bodies: string[] = [];
  for (let i = 0; i < count; i++) {
    bodies.push(`message ${String(i).padStart(3, '0')}`);
    await broker.sent('orders', bodies[i], { queueId: i % 4 });
  }
  return bodies;
}
const committed = async (queueId: number): Promise<number> => {
  await broker.pass(6_000);
  const text = (await broker.fileText('/store/config/consumerOffset.json')) ?? '';
  const queues = /"orders@poppers":\{([^}]*)\}/.exec(text)?.[1] ?? '';
  return Number(new RegExp(`\\b${queueId}:(\\d+)`).exec(queues)?.[1] ?? -1);
};

describe('a pop', () => {
  it('takes messages out of all queues, each once', async () => {
    const sent = await sendSpread(10);
    const first = await pop(broker, { maxMsgNums: 6 });
    const second = await pop(broker, { maxMsgNums: 6 });
    expect(first.messages).toHaveLength(6);
    expect([...bodiesOf(first), ...bodiesOf(second)].sort()).toEqual(sent);
    expect((await pop(broker)).code).toBe(ResponseCode.POLLING_TIMEOUT);
  });

  it('takes messages out of the queue that it names', async () => {
    await sendSpread(8);
    const answer = await pop(broker, { queueId: 2 });
    expect(bodiesOf(answer)).toEqual(['message 002', 'message 006']);
    expect(answer.ext.get('startOffsetInfo')).toBe('0 2 0');
    expect(answer.ext.get('msgOffsetInfo')).toBe('0 2 0,1');
    expect(Object.fromEntries(answer.ext)).toMatchObject({
      invisibleTime: '60000',
      popTime: expect.stringMatching(/^\d+$/),
      reviveQid: expect.stringMatching(/^[0-7]$/),
      restNum: '0',
    });
  });

  it('gives each group every message', async () => {
    await sendSpread(4);
    expect((await pop(broker)).messages).toHaveLength(4);
    expect((await pop(broker, { group: 'others' })).messages).toHaveLength(4);
  });

  it('selects by tags, and never looks again at what it passed over', async () => {
    await broker.sent('orders', 'red', { properties: { TAGS: 'red' } });
    await broker.sent('orders', 'blue', { properties: { TAGS: 'blue' } });
    await broker.sent('orders', 'red too', { properties: { TAGS: 'red' } });
    const answer = await pop(broker, { queueId: 0, header: { expression: 'red' } });
    expect(bodiesOf(answer)).toEqual(['red', 'red too']);
    expect((await ackAll(broker, answer.messages)).code).toBe(0);
    await broker.sent('orders', 'blue again', { properties: { TAGS: 'blue' } });
    expect((await pop(broker, { header: { expression: 'red' } })).messages).toEqual([]);
    expect(await committed(0)).toBe(4);
  });

  it('begins at the last message where a new group asks for that and the queue is not young', async () => {
    await broker.restart('initPopOffsetByCheckMsgInMem=false');
    await sendSpread(12);
    const answer = await pop(broker, { queueId: 0, header: { initMode: 1 } });
    expect(bodiesOf(answer)).toEqual(['message 008']);
  });

  it('waits for a message, and one message wakes one pop', async () => {
    const waiting = [1, 2].map(() => startPop(broker, { pollMs: 20_000 }));
    await broker.pass(500);
    await broker.sent('orders', 'first');
    const [first] = await Promise.all([broker.settled(Promise.race(waiting)), broker.pass(200)]);
    expect(bodiesOf(first)).toEqual(['first']);
    await broker.sent('orders', 'second', { queueId: 3 });
    const answers = await broker.settled(Promise.all(waiting));
    expect(answers.flatMap(bodiesOf).sort()).toEqual(['first', 'second']);
  });

  it('is told that its time is up', async () => {
    const waiting = startPop(broker, { pollMs: 5_000 });
    await broker.pass(5_200);
    const answer = await broker.settled(waiting);
    expect(answer).toMatchObject({
      code: ResponseCode.POLLING_TIMEOUT,
      remark: 'NO_MESSAGE_IN_QUEUE',
    });
  });

  it.each([
    ['more than 32 messages', { maxMsgNums: 33 }, ResponseCode.INVALID_PARAMETER],
    ['an unknown topic', { topic: 'nowhere' }, ResponseCode.TOPIC_NOT_EXIST],
    ['a queue that is not there', { queueId: 4 }, ResponseCode.INVALID_PARAMETER],
    [
      'a senseless filter',
      { header: { expression: '||' } },
      ResponseCode.SUBSCRIPTION_PARSE_FAILED,
    ],
    [
      'something that its client has given up long ago',
      { header: { bornTimeMs: 1 } },
      ResponseCode.POLLING_TIMEOUT,
    ],
  ])('is refused %s', async (_what, options, code) => {
    const answer = await pop(broker, options);
    expect(answer).toMatchObject({ code, messages: [] });
    expect(answer.ext.get('restNum')).toBe('0');
  });
});

describe('a popped message', () => {
  it('moves the committed offset when it and all before it are acknowledged', async () => {
    await sendSpread(12);
    const { messages } = await pop(broker, { queueId: 1 });
    expect(messages).toHaveLength(3);
    expect((await ack(broker, messages[2]!)).code).toBe(0);
    expect((await ack(broker, messages[0]!)).code).toBe(0);
    expect(await committed(1)).toBe(0);
    expect((await ack(broker, messages[1]!)).code).toBe(0);
    expect(await committed(1)).toBe(3);
  });

  it('comes again once its invisible time is up, as another try', async () => {
    await broker.sent('orders', 'slow', { properties: { TAGS: 'red', mine: 'kept' } });
    const { messages } = await pop(broker, { invisibleMs: 3_000 });
    await broker.pass(2_800);
    expect((await pop(broker)).messages).toEqual([]);
    await broker.pass(500);
    const again = await pop(broker);
    expect(bodiesOf(again)).toEqual(['slow']);
    const [message] = again.messages;
    expect(message).toMatchObject({ topic: 'orders', reconsumeTimes: 1, realTopic: RETRY });
    expect(Object.fromEntries(message!.properties)).toMatchObject({
      TAGS: 'red',
      mine: 'kept',
      ORIGIN_GROUP: 'poppers',
      '1ST_POP_TIME': messages[0]!.handle.split(' ')[1],
    });
    expect((await ack(broker, message!)).code).toBe(0);
    await broker.pass(70_000);
    expect((await pop(broker)).messages).toEqual([]);
  });

  it('comes again after it has stayed long enough to stand in the revive log', async () => {
    await sendSpread(4);
    const { messages } = await pop(broker, { invisibleMs: 30_000 });
    await broker.pass(12_000);
    expect(await committed(0)).toBe(1);
    // Acknowledged while the revive log knows of it.
    expect((await ack(broker, messages[1]!)).code).toBe(0);
    expect((await ackAll(broker, messages.slice(2, 3))).code).toBe(0);
    await broker.pass(16_000);
    const open = [messages[0]!.body, messages[3]!.body].sort();
    const waiting = startPop(broker, { pollMs: 10_000 });
    await broker.pass(9_000);
    expect(
      bodiesOf(await broker.settled(waiting))
        .concat(bodiesOf(await pop(broker)))
        .sort(),
    ).toEqual(open);
  });

  it('wakes a pop that waits for its topic when it comes again', async () => {
    await broker.sent('orders', 'again');
    await pop(broker, { invisibleMs: 2_000 });
    const waiting = startPop(broker, { pollMs: 20_000, queueId: 3 });
    const waitingForAny = startPop(broker, { pollMs: 20_000 });
    await broker.pass(2_500);
    const answers = await broker.settled(Promise.race([waiting, waitingForAny]));
    expect(bodiesOf(answers)).toEqual(['again']);
  });

  it('comes later where its consumer asks for that, and its old handle is over', async () => {
    await broker.sent('orders', 'postponed');
    const { messages } = await pop(broker, { invisibleMs: 5_000 });
    const renewed = await postpone(broker, messages[0]!, 20_000);
    await broker.pass(19_000);
    expect((await pop(broker)).messages).toEqual([]);
    await broker.pass(5_000);
    const again = await pop(broker);
    expect(again.messages).toMatchObject([{ body: 'postponed', reconsumeTimes: 1 }]);
    expect(renewed.handle).not.toBe(messages[0]!.handle);
  });

  it('is over when it is acknowledged by its renewed handle', async () => {
    await broker.sent('orders', 'postponed');
    const { messages } = await pop(broker, { invisibleMs: 5_000 });
    const renewed = await postpone(broker, messages[0]!, 8_000);
    expect((await ack(broker, renewed)).code).toBe(0);
    await broker.pass(30_000);
    expect((await pop(broker)).messages).toEqual([]);
  });

  it('counts no try where it was only suspended', async () => {
    await broker.sent('orders', 'not now');
    const { messages } = await pop(broker);
    await postpone(broker, messages[0]!, 1_000, { suspend: true });
    await broker.pass(6_000);
    expect((await pop(broker)).messages).toMatchObject([{ body: 'not now', reconsumeTimes: 0 }]);
  });

  it('goes to the dead-letter topic after the tries that its group has', async () => {
    await broker.sent('orders', 'poison');
    for (let tries = 0; tries <= 16; tries++) {
      const { messages } = await pop(broker, { invisibleMs: 1_000 });
      expect(messages).toMatchObject([{ body: 'poison', reconsumeTimes: tries }]);
      await broker.pass(1_300);
    }
    expect((await pop(broker)).messages).toEqual([]);
    const dead = await broker.pull('%DLQ%poppers', 0);
    expect(dead.records.map(({ body }) => body)).toEqual(['poison']);
    expect(Object.fromEntries(dead.records[0]!.properties)).toMatchObject({
      RETRY_TOPIC: 'orders',
      DLQ_ORIGIN_TOPIC: 'orders',
    });
  });

  it.each([
    ['a handle that is none', { handle: 'x' }, ResponseCode.MESSAGE_ILLEGAL],
    [
      'a revive queue that is not there',
      { handle: '0 1 2 77 0 broker-a 0 0' },
      ResponseCode.MESSAGE_ILLEGAL,
    ],
    ['an offset that is not there', { queueOffset: 99 }, ResponseCode.NO_MESSAGE],
    ['a queue that is not there', { queueId: 9 }, ResponseCode.MESSAGE_ILLEGAL],
    ['an unknown topic', { realTopic: 'nowhere' }, ResponseCode.TOPIC_NOT_EXIST],
  ])('cannot be acknowledged with %s', async (_what, change, code) => {
    await broker.sent('orders', 'x');
    const { messages } = await pop(broker);
    const message = { ...messages[0]!, properties: messages[0]!.properties, ...change };
    expect((await ack(broker, message)).code).toBe(code);
  });

  it('is not given again over a clean restart, acknowledged or not, until its time is up', async () => {
    await sendSpread(8);
    const { messages } = await pop(broker, { invisibleMs: 40_000 });
    for (const message of messages.slice(0, 6)) await ack(broker, message);
    await broker.restart();
    expect((await pop(broker)).messages).toEqual([]);
    await broker.pass(45_000);
    const again = bodiesOf(await pop(broker));
    expect(again).toEqual(
      messages
        .slice(6)
        .map(({ body }) => body)
        .sort(),
    );
  });
});
