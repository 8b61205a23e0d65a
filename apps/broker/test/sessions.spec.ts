import { describe, expect, it } from '@jest/globals';
import {
  CheckClientConfig,
  GetAllProducerInfo,
  GetConsumerConnectionList,
  GetConsumerListByGroup,
  GetProducerConnectionList,
  HeartBeat,
  LockBatchMq,
  NotifyConsumerIdsChanged,
  QuerySubscriptionByConsumer,
  ResponseCode,
  UnlockBatchMq,
  UnregisterClient,
} from '@rocketmq-ts/protocol';
import type { RemotingClient } from '@rocketmq-ts/remoting';
import { heartbeat } from './heartbeat.js';
import { brokerForEachTest, FAST_PORT, type SimulatedBroker } from './simulated-broker.js';

let broker: SimulatedBroker;
brokerForEachTest((started) => (broker = started));

const members = async (consumerGroup = 'consumers') => {
  const answer = await broker.ask(GetConsumerListByGroup, {
    header: { consumerGroup },
    body: null,
  });
  return answer.code === 0
    ? (JSON.parse(answer.body.toString()) as { consumerIdList: string[] }).consumerIdList
    : answer.remark;
};
/** Another client, which counts what it is told. */
function listener(from = '10.0.0.3'): { client: RemotingClient; told: string[] } {
  const told: string[] = [];
  const client = broker.newClient(from);
  client.handle(NotifyConsumerIdsChanged.code, (frame) => {
    told.push(frame.ext().get('consumerGroup')!);
  });
  return { client, told };
}

describe('a consumer group', () => {
  it('has those who said so', async () => {
    expect(await members()).toBe('no consumer for this group, consumers');
    await heartbeat(broker, { clientId: 'one' });
    await heartbeat(broker, { clientId: 'two', client: listener().client });
    expect(await members()).toEqual(['one', 'two']);
    await heartbeat(broker, { clientId: 'one' });
    expect(await members()).toEqual(['one', 'two']);
  });

  it('loses who says goodbye, and who goes without', async () => {
    const other = listener();
    await heartbeat(broker, { clientId: 'one' });
    await heartbeat(broker, { clientId: 'two', client: other.client });
    await broker.call(UnregisterClient, {
      header: { clientId: 'one', consumerGroup: 'consumers' },
      body: null,
    });
    expect(await members()).toEqual(['two']);
    other.client.close();
    await broker.pass(100);
    expect(await members()).toBe('no consumer for this group, consumers');
  });

  it('loses who is silent for two minutes, connection and all', async () => {
    const silent = listener();
    await heartbeat(broker, { clientId: 'silent', client: silent.client });
    let closed = '';
    silent.client.onConnectionClosed((_, reason) => (closed = reason));
    for (let i = 0; i < 14; i++) {
      await broker.pass(10_000);
      await heartbeat(broker, { clientId: 'alive' });
    }
    expect(await members()).toEqual(['alive']);
    expect(closed).not.toBe('');
  });

  it('shows who is in it and how', async () => {
    await heartbeat(broker, { clientId: 'one', subscriptions: { orders: 'red || blue' } });
    const { body } = await broker.call(GetConsumerConnectionList, {
      header: { consumerGroup: 'consumers' },
      body: null,
    });
    expect(body.connectionSet).toEqual([
      expect.objectContaining({ clientId: 'one', language: 'JAVA' }),
    ]);
    expect(body).toMatchObject({
      consumeType: 'CONSUME_PASSIVELY',
      messageModel: 'CLUSTERING',
      consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
    });
    expect(body.subscriptionTable.get('orders')).toMatchObject({ subString: 'red || blue' });
    const nobody = await broker.ask(GetConsumerConnectionList, {
      header: { consumerGroup: 'nobody' },
      body: null,
    });
    expect(nobody).toMatchObject({
      code: ResponseCode.CONSUMER_NOT_ONLINE,
      remark: 'the consumer group[nobody] not online',
    });
  });

  it('gets its retry topic with its first member', async () => {
    await heartbeat(broker);
    expect(broker.topic('%RETRY%consumers')).toMatchObject({
      readQueueNums: 1,
      writeQueueNums: 1,
      perm: 6,
    });
  });
});

describe('the members of a group are told', () => {
  it('when somebody comes, goes, or subscribes to something else', async () => {
    const { client, told } = listener();
    const other = listener('10.0.0.4');
    await heartbeat(broker, { clientId: 'one', client });
    await broker.pass(1_000);
    expect(told).toEqual(['consumers']);

    await heartbeat(broker, { clientId: 'two', client: other.client });
    await broker.pass(1_000);
    expect(told).toHaveLength(2);
    expect(other.told).toHaveLength(1);

    await heartbeat(broker, {
      clientId: 'one',
      client,
      subscriptions: { orders: '*', bills: '*' },
    });
    await broker.pass(1_000);
    expect(told).toHaveLength(3);

    other.client.close();
    await broker.pass(1_000);
    expect(told).toHaveLength(4);
  });

  it('but not when nothing changed', async () => {
    const { client, told } = listener();
    await heartbeat(broker, { client });
    await broker.pass(1_000);
    for (let i = 0; i < 3; i++) {
      await heartbeat(broker, { client });
      await broker.pass(1_000);
    }
    expect(told).toHaveLength(1);
  });

  it('nor each time while many come at once', async () => {
    const { client, told } = listener();
    await heartbeat(broker, { clientId: 'first', client });
    await broker.pass(1_000);
    const crowd = Array.from({ length: 40 }, () => listener('10.0.0.9').client);
    await Promise.all(
      crowd.map((one, i) => heartbeat(broker, { clientId: `client-${i}`, client: one })),
    );
    await broker.pass(1_000);
    expect(await members()).toHaveLength(41);
    expect(told.length).toBeLessThanOrEqual(5);
    expect(told.length).toBeGreaterThanOrEqual(2);
    for (const one of crowd) one.close();
  });

  it('nor where the broker is told not to, or they read everything anyway', async () => {
    const { client, told } = listener();
    await heartbeat(broker, { client, consumer: { messageModel: 'BROADCASTING' } });
    await broker.pass(1_000);
    expect(told).toEqual([]);
  });
});

describe('a producer group', () => {
  const producers = () =>
    broker.ask(GetProducerConnectionList, { header: { producerGroup: 'makers' }, body: null });

  it('has those who said so', async () => {
    expect(await producers()).toMatchObject({
      code: ResponseCode.SYSTEM_ERROR,
      remark: 'the producer group[makers] not exist',
    });
    await heartbeat(broker, { clientId: 'one', producerGroups: ['makers'] });
    const answer = await producers();
    expect(answer.code).toBe(ResponseCode.SUCCESS);
    expect(answer.body.toString()).toContain('"clientId":"one"');
    await broker.call(UnregisterClient, {
      header: { clientId: 'one', producerGroup: 'makers' },
      body: null,
    });
    expect((await producers()).code).toBe(ResponseCode.SYSTEM_ERROR);
  });
});

describe('a heartbeat', () => {
  it('says that the broker knows the short form', async () => {
    const ext = await heartbeat(broker);
    expect(ext.get('IS_SUPPORT_HEART_BEAT_V2')).toBe('true');
    expect(ext.get('IS_SUB_CHANGE')).toBe('true');
  });

  it.each([
    ['', 'body is missing'],
    ['{', 'body ends too early (at character 1)'],
    ['[]', 'body is no object: an array'],
    ['{"consumerDataSet":[{}]}', 'body field clientID is missing'],
  ])('is refused where its body is %j', async (body, remark) => {
    const answer = await broker.raw({ code: HeartBeat.code, body: Buffer.from(body) });
    expect({ code: answer.code, remark: answer.remark }).toEqual({
      code: ResponseCode.SYSTEM_ERROR,
      remark,
    });
  });

  it('with an empty client is fine', async () => {
    await heartbeat(broker, { producerGroups: [] });
  });
});

describe('a filter', () => {
  const check = (expressionType: string, subString = 'a > 5') =>
    broker.ask(CheckClientConfig, {
      header: {},
      body: {
        clientId: 'one',
        group: 'consumers',
        subscriptionData: {
          topic: 'orders',
          subString,
          expressionType,
          classFilterMode: false,
          codeSet: [],
          subVersion: 1,
          tagsSet: [],
        },
      },
    });

  it('is offered by tag and in SQL, where it can be read', async () => {
    expect((await check('TAG')).code).toBe(ResponseCode.SUCCESS);
    expect((await check('SQL92')).code).toBe(ResponseCode.SUCCESS);
    expect((await check('SQL92', 'a >')).code).toBe(ResponseCode.SUBSCRIPTION_PARSE_FAILED);
  });
});

describe('a queue', () => {
  const queues = (...ids: number[]) =>
    ids.map((queueId) => ({ topic: 'orders', brokerName: 'broker-a', queueId }));
  const lock = async (clientId: string, ...ids: number[]) => {
    const body = {
      consumerGroup: 'consumers',
      clientId,
      mqSet: queues(...ids),
      onlyThisBroker: false,
    };
    const answer = await broker.call(LockBatchMq, { header: {}, body });
    return answer.body.lockOKMQSet.map(({ queueId }) => queueId);
  };
  const unlock = (clientId: string, ...ids: number[]) => {
    const body = {
      consumerGroup: 'consumers',
      clientId,
      mqSet: queues(...ids),
      onlyThisBroker: false,
    };
    return broker.call(UnlockBatchMq, { header: {}, body });
  };

  it('belongs to one client of a group at a time', async () => {
    expect(await lock('one', 0, 1)).toEqual([0, 1]);
    expect(await lock('two', 1, 2)).toEqual([2]);
    await unlock('two', 0, 1);
    expect(await lock('two', 0, 1)).toEqual([]);
    await unlock('one', 0);
    expect(await lock('two', 0, 1)).toEqual([0]);
  });

  it('falls to another at once when its client says goodbye', async () => {
    await heartbeat(broker, { clientId: 'one' });
    await lock('one', 0, 1);
    const header = { clientId: 'one', consumerGroup: 'consumers' };
    await broker.call(UnregisterClient, { header, body: null });
    expect(await lock('two', 0, 1)).toEqual([0, 1]);
  });

  it('falls to another earlier when the connection of its client is lost, unless that comes back', async () => {
    const gone = broker.newClient();
    await heartbeat(broker, { clientId: 'one', client: gone });
    await lock('one', 0, 1);
    gone.close();
    await broker.pass(20_000);
    await lock('one', 1);
    await broker.pass(16_000);
    expect(await lock('two', 0, 1)).toEqual([0]);
  });

  it('falls to another when the lock is not renewed for a minute', async () => {
    await lock('one', 0, 1);
    await broker.pass(40_000);
    await lock('one', 0);
    await broker.pass(40_000);
    expect(await lock('two', 0, 1)).toEqual([1]);
  });

  it('still belongs to its client when the broker loses its power behind the grant', async () => {
    await lock('one', 0, 1);
    broker.kill('power');
    await broker.startAgain();
    expect(await lock('two', 0, 1, 2)).toEqual([2]);
    await broker.pass(20_000);
    expect(await lock('one', 0)).toEqual([0]);
    await broker.pass(16_000);
    expect(await lock('two', 0, 1)).toEqual([1]);
  });

  it('is free after a stop of the broker when its client gave it back before', async () => {
    await lock('one', 0, 1);
    await unlock('one', 0);
    await broker.restart();
    expect(await lock('two', 0, 1)).toEqual([0]);
  });

  it('is granted when what a broker granted before cannot be read', async () => {
    await lock('one', 0);
    await broker.stop();
    broker.world.disk.flipBit('/store/config/rocketmq-ts.queueLocks.json', 0);
    await broker.startAgain();
    expect(broker.said('queue locks could not be read')).toBe(true);
    expect(await lock('two', 0)).toEqual([0]);
  });
});

it('a client over the fast port is a client too', async () => {
  const answer = await broker.raw(
    { code: 38, ext: new Map([['consumerGroup', 'nobody']]) },
    FAST_PORT,
  );
  expect(answer.remark).toBe('no consumer for this group, nobody');
});

describe('what operators see of clients', () => {
  const connections = async () => {
    const message = { header: { consumerGroup: 'consumers' }, body: null };
    return (await broker.call(GetConsumerConnectionList, message)).body;
  };

  it('are members that subscribe to different things', async () => {
    const other = listener();
    await heartbeat(broker, { clientId: 'one', subscriptions: { orders: 'paid' } });
    expect((await connections()).inconsistentSubscriptions).toBeUndefined();
    await heartbeat(broker, {
      clientId: 'two',
      client: other.client,
      subscriptions: { orders: '*' },
    });
    expect((await connections()).inconsistentSubscriptions).toEqual([
      { clientIds: ['one'], subscriptions: ['CLUSTERING CONSUME_PASSIVELY', 'orders TAG paid'] },
      { clientIds: ['two'], subscriptions: ['CLUSTERING CONSUME_PASSIVELY', 'orders TAG *'] },
    ]);
    expect(broker.said('members of one consumer group subscribe to different things')).toBe(true);
    await heartbeat(broker, { clientId: 'one', subscriptions: { orders: '*' } });
    expect((await connections()).inconsistentSubscriptions).toBeUndefined();
    expect(broker.said('members of a consumer group agree again')).toBe(true);
  });

  it('are all producers', async () => {
    await heartbeat(broker, { clientId: 'one', producerGroups: ['alpha', 'beta'] });
    const { client } = listener();
    await heartbeat(broker, { clientId: 'two', producerGroups: ['beta'], client });
    const { data } = (await broker.call(GetAllProducerInfo, { header: {}, body: null })).body;
    const seen = [...data].map(([group, list]) => [group, list.map(({ clientId }) => clientId)]);
    expect(seen).toEqual([
      ['alpha', ['one']],
      ['beta', ['one', 'two']],
    ]);
    expect(data.get('beta')![1]).toMatchObject({
      language: 'JAVA',
      remoteIP: expect.stringMatching(/^\/10\.0\.0\.3:\d+$/),
      version: 513,
      lastUpdateTimestamp: expect.any(Number),
    });
  });

  it('is what a group wants of a topic', async () => {
    await heartbeat(broker, { subscriptions: { orders: 'paid' } });
    const ask = async (group: string, topic?: string) => {
      const message = { header: { group, ...(topic && { topic }) }, body: null };
      return (await broker.call(QuerySubscriptionByConsumer, message)).body;
    };
    expect(await ask('consumers', 'orders')).toMatchObject({
      group: 'consumers',
      topic: 'orders',
      subscriptionData: { topic: 'orders', subString: 'paid' },
    });
    expect(await ask('consumers', 'other')).toEqual({ group: 'consumers', topic: 'other' });
    expect(await ask('nobody')).toEqual({ group: 'nobody' });
  });
});
