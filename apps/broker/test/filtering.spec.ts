import { describe, expect, it } from '@jest/globals';
import { CheckClientConfig, ResponseCode, UpdateBrokerConfig } from '@rocketmq-ts/protocol';
import { heartbeat } from './heartbeat.js';
import { bodiesIn, type PullAnswer, watch } from './pull-answer.js';
import type { PullOptions } from './requests.js';
import { brokerForEachTest, type SimulatedBroker } from './simulated-broker.js';

let broker: SimulatedBroker;
brokerForEachTest((started) => (broker = started), { topic: 'orders' });

const sql = (subscription: string, more: PullOptions = {}): PullOptions => ({
  ...more,
  subscription,
  header: { expressionType: 'SQL92', ...more.header },
});
const pulled = async (expression: string): Promise<string[]> =>
  bodiesIn(await broker.pull('orders', 0, sql(expression)));

describe('a pull with an expression in SQL92', () => {
  it('gives the messages of which it is true', async () => {
    for (let a = 0; a < 10; a++) {
      const properties = { a: String(a), b: a % 2 === 0 ? 'even' : 'odd', TAGS: `t${a % 3}` };
      await broker.sent('orders', `a${a}`, { properties });
    }
    await broker.sent('orders', 'nothing');
    expect(await pulled("a > 5 AND b = 'even'")).toEqual(['a6', 'a8']);
    expect(await pulled('a BETWEEN 2 AND 3')).toEqual(['a2', 'a3']);
    expect(await pulled('a IS NULL')).toEqual(['nothing']);
    expect(await pulled("TAGS = 't1' AND NOT (a IN ('4'))")).toEqual(['a1', 'a7']);
    expect(await pulled('TRUE')).toHaveLength(11);
  });

  it('says where to go on when nothing matches', async () => {
    for (let i = 0; i < 5; i++) await broker.sent('orders', 'x', { properties: { a: '1' } });
    const answer = await broker.pull('orders', 0, sql('a = 2'));
    expect(answer.code).toBe(ResponseCode.PULL_RETRY_IMMEDIATELY);
    expect(answer.ext.get('nextBeginOffset')).toBe('5');
  });

  it('waits for a message that matches, whatever comes before', async () => {
    const held = watch(broker.startPull('orders', 0, sql('a = 2', { holdMs: 10_000 })));
    await broker.pass(100);
    for (let i = 0; i < 3; i++) await broker.sent('orders', 'no', { properties: { a: '1' } });
    await broker.pass(100);
    expect(held.answer).toBeUndefined();
    await broker.sent('orders', 'yes', { properties: { a: '2' } });
    await broker.pass(100);
    expect(held.answer && bodiesIn(held.answer)).toEqual(['yes']);
  });

  it('finds messages that are no longer in memory', async () => {
    for (let i = 0; i < 60; i++) {
      const properties = { n: String(i) };
      await broker.sent('orders', Buffer.alloc(10_000, 97), { properties });
    }
    const answer = await broker.pull('orders', 0, sql('n = 3 OR n = 41'));
    expect(answer.records.map(({ properties }) => properties.get('n'))).toEqual(['3', '41']);
  });

  it('keeps its hands off other people’s time', async () => {
    const long = 'x'.repeat(30_000);
    for (let i = 0; i < 20; i++) await broker.sent('orders', 'x', { properties: { a: long } });
    const hostile = Array.from({ length: 500 }, (_, i) => `a CONTAINS 'y${i}'`).join(' OR ');
    const answer = await broker.pull('orders', 0, sql(hostile, { holdMs: 10_000 }));
    expect(answer.code).toBe(ResponseCode.PULL_RETRY_IMMEDIATELY);
    const next = Number(answer.ext.get('nextBeginOffset'));
    expect(next).toBeGreaterThan(0);
    expect(next).toBeLessThan(20);
  });

  it('is refused when the expression is none', async () => {
    const answer = await broker.pull('orders', 0, sql('a >'));
    expect(answer.code).toBe(ResponseCode.SUBSCRIPTION_PARSE_FAILED);
  });
});

describe('a group that subscribes in SQL92', () => {
  const subscribe = (subString: string, subVersion: number): Promise<unknown> =>
    heartbeat(broker, {
      group: 'g',
      consumer: {
        subscriptionDataSet: [
          {
            ...{ topic: 'orders', subString, expressionType: 'SQL92', subVersion },
            ...{ classFilterMode: false, codeSet: [], tagsSet: [] },
          },
        ],
      },
    });
  const byHeartbeat = (subVersion: number): Promise<PullAnswer> =>
    broker.pull('orders', 0, { group: 'g', header: { sysFlag: 0, subVersion } });

  it('gets what its newest expression says', async () => {
    for (const a of ['1', '2', '3']) await broker.sent('orders', a, { properties: { a } });
    await subscribe('a > 1', 1);
    expect(bodiesIn(await byHeartbeat(1))).toEqual(['2', '3']);
    await subscribe('a > 2', 2);
    expect(bodiesIn(await byHeartbeat(2))).toEqual(['3']);
  });

  it('is told what is wrong with its expression', async () => {
    await subscribe('a > > 1', 1);
    const answer = await byHeartbeat(1);
    expect(answer.code).toBe(ResponseCode.FILTER_DATA_NOT_EXIST);
    expect(answer.remark).toContain('at character 5');
  });
});

describe('a client that asks before it starts', () => {
  const check = (subString: string, expressionType = 'SQL92'): Promise<unknown> =>
    broker.call(CheckClientConfig, {
      header: {},
      body: {
        clientId: 'c',
        group: 'g',
        namespace: '',
        subscriptionData: {
          ...{ topic: 'orders', subString, expressionType, subVersion: 1 },
          ...{ classFilterMode: false, codeSet: [], tagsSet: [] },
        },
      },
    });

  it('hears whether its expression can be used, and what is wrong with it', async () => {
    await expect(check('a > 5')).resolves.toBeDefined();
    await expect(check('a || b', 'TAG')).resolves.toBeDefined();
    await expect(check("a LIKE 'x'")).rejects.toMatchObject({
      responseCode: ResponseCode.SUBSCRIPTION_PARSE_FAILED,
      message: expect.stringContaining('at character 3: unexpected LIKE'),
    });
    await expect(check('x', 'LUA')).rejects.toMatchObject({
      responseCode: ResponseCode.SYSTEM_ERROR,
    });
  });

  it('hears that SQL is switched off, where it is', async () => {
    await broker.call(UpdateBrokerConfig, {
      header: {},
      body: 'enablePropertyFilter=false',
    });
    await expect(check('a > 5')).rejects.toMatchObject({
      responseCode: ResponseCode.SYSTEM_ERROR,
      message: expect.stringContaining('does not support consumer to filter message by SQL92'),
    });
    expect((await broker.pull('orders', 0, sql('a > 5'))).code).toBe(ResponseCode.SYSTEM_ERROR);
  });
});
