import { describe, expect, it } from '@jest/globals';
import {
  encodeBatch,
  formatProperties,
  parseOffsetMsgId,
  ResponseCode,
  SendBatchMessage,
  SendMessage,
  SendMessageV2,
  UpdateAndCreateTopic,
} from '@rocketmq-ts/protocol';
import { newTopic, sendRequest } from './requests.js';
import { BROKER, brokerForEachTest, type SimulatedBroker } from './simulated-broker.js';

let broker: SimulatedBroker;
brokerForEachTest((started) => (broker = started));

describe('a message that is sent', () => {
  it('is answered with where it lies', async () => {
    const properties = { UNIQ_KEY: '0A00000200002A139A5500000000000A', TAGS: 'red' };
    const first = await broker.sent('orders', 'one', { queueId: 2, properties });
    const second = await broker.sent('orders', 'two', { queueId: 2, properties });

    expect(Object.fromEntries(first)).toEqual({
      msgId: expect.stringMatching(/^0A00000100002A9F[0-9A-F]{16}$/),
      queueId: '2',
      queueOffset: '0',
      transactionId: '0A00000200002A139A5500000000000A',
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
    });
    expect(second.get('queueOffset')).toBe('1');
    const at = (answer: typeof first) => Number.parseInt(answer.get('msgId')!.slice(16), 16);
    expect(at(second)).toBeGreaterThan(at(first));
  });

  it('comes back as it was sent, with what a broker adds', async () => {
    const properties = {
      UNIQ_KEY: 'U1',
      TAGS: 'red',
      KEYS: 'k1 k2',
      colour: 'dark red',
      WAIT: 'true',
    };
    await broker.sent('orders', 'hello', { queueId: 1, properties, header: { flag: 77 } });

    const { records } = await broker.pull('orders', 0, { queueId: 1 });
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      topic: 'orders',
      body: 'hello',
      queueId: 1,
      queueOffset: 0,
      flag: 77,
      reconsumeTimes: 0,
      bornTimestampMs: 1_699_999_999_000,
    });
    expect(Object.fromEntries(records[0]!.properties)).toEqual({
      ...properties,
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
      CLUSTER: 'DefaultCluster',
    });
  });

  it('gets a unique key where the producer gave none', async () => {
    const answer = await broker.sent('orders', 'no key');
    const { records } = await broker.pull('orders', 0);
    const key = records[0]!.properties.get('UNIQ_KEY');
    expect(key).toMatch(/^[0-9A-F]{32}$/);
    expect(answer.get('transactionId')).toBe(key);
  });

  it('is taken in the long form of the header too', async () => {
    const answer = await broker.ask(SendMessage, sendRequest('orders', 'v1', { queueId: 3 }));
    expect(answer.code).toBe(ResponseCode.SUCCESS);
    expect(answer.ext().get('queueId')).toBe('3');
  });

  it('goes to a queue of the broker’s choice where the producer names none', async () => {
    const chosen = new Set<string>();
    for (let i = 0; i < 60; i++) {
      chosen.add((await broker.sent('orders', 'any', { queueId: -1 })).get('queueId')!);
    }
    expect([...chosen].sort()).toEqual(['0', '1', '2', '3']);
  });

  it('is stored though nobody waits for the answer', async () => {
    await broker.sent('orders', 'asked for');
    await broker.client.oneWay(BROKER, SendMessageV2, sendRequest('orders', 'one way', {}));
    await broker.world.clock.advance(100);
    const { records } = await broker.pull('orders', 0);
    expect(records.map(({ body }) => body)).toEqual(['asked for', 'one way']);
  });
});

const manyMessages = (count: number): Buffer =>
  encodeBatch(
    new Array(count).fill({ flag: 0, body: Buffer.from('x'), properties: Buffer.alloc(0) }),
  );

describe('a batch', () => {
  const batch = (...bodies: string[]) =>
    encodeBatch(
      bodies.map((body, i) => ({
        flag: 0,
        body: Buffer.from(body),
        properties: Buffer.from(
          formatProperties(
            new Map([
              ['UNIQ_KEY', `U${i}`],
              ['TAGS', i % 2 === 0 ? 'even' : 'odd'],
            ]),
          ),
        ),
      })),
    );
  const sendBatch = (body: Buffer, header = {}) =>
    broker.ask(
      SendBatchMessage,
      sendRequest('orders', body, { header: { batch: true, ...header } }),
    );

  it('is stored as single messages in one piece and answered for all of them', async () => {
    await broker.sent('orders', 'before');
    const answer = await sendBatch(batch('a', 'b', 'c'));
    expect(answer.remark).toBeUndefined();
    expect(answer.code).toBe(ResponseCode.SUCCESS);
    const ids = answer.ext().get('msgId')!.split(',');
    expect(ids).toHaveLength(3);
    expect(answer.ext().get('queueOffset')).toBe('1');

    const { records } = await broker.pull('orders', 1);
    expect(records.map(({ body }) => body)).toEqual(['a', 'b', 'c']);
    expect(records.map(({ queueOffset }) => queueOffset)).toEqual([1, 2, 3]);
    expect(records.map(({ properties }) => properties.get('UNIQ_KEY'))).toEqual(['U0', 'U1', 'U2']);
    expect(records.map(({ commitLogOffset }) => commitLogOffset)).toEqual(
      ids.map((id) => parseOffsetMsgId(id)!.commitLogOffset),
    );
  });

  it('may have thousands of messages, and is answered for each', async () => {
    const answer = await sendBatch(manyMessages(5_000));
    expect(answer.code).toBe(ResponseCode.SUCCESS);
    expect(answer.ext().get('msgId')!.split(',')).toHaveLength(5_000);
    expect((await broker.pull('orders', 4_999)).ext.get('maxOffset')).toBe('5000');
  });

  it('is stored though nobody waits for the answer', async () => {
    const request = sendRequest('orders', batch('a', 'b'), { header: { batch: true } });
    await broker.client.oneWay(BROKER, SendBatchMessage, request);
    await broker.world.clock.advance(100);
    const { records } = await broker.pull('orders', 0);
    expect(records.map(({ body }) => body)).toEqual(['a', 'b']);
  });

  it('is filtered by tag like other messages', async () => {
    await sendBatch(batch('a', 'b', 'c'));
    const { records } = await broker.pull('orders', 0, { subscription: 'odd' });
    expect(records.map(({ body }) => body)).toEqual(['b']);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['half a message', batch('abc').subarray(0, 12)],
    ['no messages at all', Buffer.from('this is no batch')],
    ['something behind its messages', Buffer.concat([batch('a', 'b'), Buffer.alloc(1)])],
    ['65 537 messages', manyMessages(65_537)],
  ])('is refused as a whole if it holds %s', async (_what, body) => {
    const answer = await sendBatch(body);
    expect(answer.code).toBe(ResponseCode.MESSAGE_ILLEGAL);
    expect((await broker.pull('orders', 0)).code).toBe(ResponseCode.PULL_NOT_FOUND);
  });

  it('is refused for a retry topic', async () => {
    const answer = await sendBatch(batch('a'), { topic: '%RETRY%group' });
    expect(answer).toMatchObject({
      code: ResponseCode.MESSAGE_ILLEGAL,
      remark: 'batch request does not support retry group %RETRY%group',
    });
  });
});

describe('a topic that is not there yet', () => {
  it('is made with as many queues as the producer asks for and the template has', async () => {
    await broker.sent('few', 'x', { header: { defaultTopicQueueNums: 2 } });
    await broker.sent('many', 'x', { header: { defaultTopicQueueNums: 100 } });
    expect(broker.topic('few')).toMatchObject({ readQueueNums: 2, writeQueueNums: 2, perm: 6 });
    expect(broker.topic('many')).toMatchObject({ readQueueNums: 8, writeQueueNums: 8, perm: 6 });
  });

  it('is not made where the broker may not', async () => {
    await broker.restart('autoCreateTopicEnable=false');
    const answer = await broker.send('orders');
    expect(answer.code).toBe(ResponseCode.TOPIC_NOT_EXIST);
    expect(answer.remark).toBe(
      'topic[orders] not exist, apply first please!\n' +
        'See https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.',
    );
  });

  it('is made once by many senders at a time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => broker.send('orders', `message ${i}`)),
    );
    expect(answers.map(({ code }) => code)).toEqual(Array.from({ length: 20 }, () => 0));
    const { records } = await broker.pull('orders', 0);
    expect(records).toHaveLength(20);
  });
});

describe('a send that cannot be taken', () => {
  const refusals: [string, number, string | RegExp, Parameters<typeof sendRequest>][] = [
    ['a topic name with a blank', ResponseCode.INVALID_PARAMETER, /illegal/, ['bad name', 'x', {}]],
    ['no topic name', ResponseCode.INVALID_PARAMETER, /topic/, ['', 'x', {}]],
    [
      'a name of 128 characters',
      ResponseCode.INVALID_PARAMETER,
      /127|length/,
      ['t'.repeat(128), 'x', {}],
    ],
    [
      'a system topic',
      ResponseCode.NO_PERMISSION,
      'Sending message to topic[SCHEDULE_TOPIC_XXXX] is forbidden.',
      ['SCHEDULE_TOPIC_XXXX', 'x', {}],
    ],
    [
      'a queue that is not there',
      ResponseCode.INVALID_PARAMETER,
      /^request queueId\[4\] is illegal/,
      ['orders', 'x', { queueId: 4 }],
    ],
    ['an empty body', ResponseCode.MESSAGE_ILLEGAL, /^the message is illegal/, ['orders', '', {}]],
    [
      'a body beyond the limit',
      ResponseCode.MESSAGE_ILLEGAL,
      /msg body length limit 4194304B/,
      ['orders', Buffer.alloc(4_194_305), {}],
    ],
    [
      'properties beyond the limit',
      ResponseCode.MESSAGE_ILLEGAL,
      /msg properties length limit 32KB/,
      ['orders', 'x', { properties: { long: 'p'.repeat(32_768) } }],
    ],
    [
      'the flag of a half message without its mark',
      ResponseCode.NO_PERMISSION,
      /sending transaction message is forbidden/,
      ['orders', 'x', { header: { sysFlag: 4 } }],
    ],
    [
      'a time of delivery beyond what may be',
      ResponseCode.MESSAGE_ILLEGAL,
      /timer/,
      ['orders', 'x', { properties: { TIMER_DELAY_SEC: '999999999' } }],
    ],
    [
      'a delay level that is no number',
      ResponseCode.MESSAGE_ILLEGAL,
      /DELAY/,
      ['orders', 'x', { properties: { DELAY: 'soon' } }],
    ],
  ];

  it.each(refusals)('is refused: %s', async (_what, code, remark, [topic, body, options]) => {
    await broker.sent('orders', 'good');
    const answer = await broker.ask(SendMessageV2, sendRequest(topic, body, options));
    expect({ code: answer.code, remark: answer.remark }).toEqual({
      code,
      remark: typeof remark === 'string' ? remark : expect.stringMatching(remark),
    });
    const { records } = await broker.pull('orders', 0);
    expect(records.map(({ body }) => body)).toEqual(['good']);
  });

  it.each([
    [4, 16],
    [2, 0],
  ])('is refused for a topic with permission %i', async (perm, code) => {
    await broker.call(UpdateAndCreateTopic, newTopic('closed', { perm }));
    const answer = await broker.send('closed');
    expect(answer.code).toBe(code);
    if (code !== 0) expect(answer.remark).toBe('the topic[closed] sending message is forbidden');
  });

  it.each([
    [{ b: 'orders', e: 'four' }, 'header field a (producerGroup) is missing'],
    [
      { a: 'p', b: 'orders', c: 'TBW102', d: '4', e: 'four' },
      'header field e (queueId) is no integer: "four"',
    ],
  ])('is refused with the name of the field: %j', async (ext, remark) => {
    const answer = await broker.raw({
      code: SendMessageV2.code,
      ext: new Map(Object.entries(ext)),
    });
    expect(answer.code).toBe(ResponseCode.SYSTEM_ERROR);
    expect(answer.remark).toBe(remark);
  });
});

it('keeps the order of one producer in one queue', async () => {
  await broker.sent('orders', 'first');
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) => broker.send('orders', String(i))),
  );
  expect(answers.map((answer) => Number(answer.ext().get('queueOffset')))).toEqual(
    Array.from({ length: 200 }, (_, i) => i + 1),
  );
});
