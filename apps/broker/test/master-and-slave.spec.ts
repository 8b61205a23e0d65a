import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ConsumerSendMsgBack,
  EndTransaction,
  GetBrokerHaStatus,
  PromoteSlave,
  QueryConsumerOffset,
  QueryMessage,
  ReplicationRole,
  ResponseCode,
  SendMessageV2,
  UpdateAndCreateTopic,
  UpdateConsumerOffset,
} from '@rocketmq-ts/protocol';
import { bodiesIn, watch } from './pull-answer.js';
import { newTopic, sendRequest } from './requests.js';
import { SimulatedBroker } from './simulated-broker.js';
import { SimulatedSlave } from './simulated-slave.js';

let master: SimulatedBroker;
let slave: SimulatedSlave;

const commit = (topic: string, offset: number) => ({
  header: { consumerGroup: 'consumers', topic, queueId: 0, commitOffset: offset },
  body: null,
});
const queryOffset = (topic: string) => ({
  header: { consumerGroup: 'consumers', topic, queueId: 0 },
  body: null,
});
const committedOn = async (broker: SimulatedBroker | SimulatedSlave, topic: string) =>
  (await broker.call(QueryConsumerOffset, queryOffset(topic))).header.offset;
const roleOf = async (broker: SimulatedBroker | SimulatedSlave) =>
  (await broker.call(ReplicationRole, { header: {}, body: null })).header;

async function pair(settings = 'brokerRole=SYNC_MASTER\n', ofSlave = ''): Promise<void> {
  master = await SimulatedBroker.start(settings);
  await master.call(UpdateAndCreateTopic, newTopic('orders'));
  slave = await SimulatedSlave.start(master, ofSlave);
  await master.pass(3_000);
}

describe('a master and a slave', () => {
  beforeEach(() => pair());
  afterEach(async () => {
    expect(await slave.stop()).toEqual([]);
    expect(await master.stop()).toEqual([]);
  });

  it('have what was acknowledged both, byte for byte', async () => {
    for (let i = 0; i < 20; i++) await master.sent('orders', `m${i}`);
    expect(slave.caughtUp).toBe(true);
    const [ours, theirs] = [slave.service.running().store, master.service.running().store];
    const end = theirs.rawLog.writtenOffset;
    expect(end).toBeGreaterThan(2_000);
    expect(await master.settled(ours.rawLog.checksum(0, end))).toBe(
      await master.settled(theirs.rawLog.checksum(0, end)),
    );
    await slave.catchUp();
    expect(bodiesIn(await slave.pull('orders', 0))).toEqual(
      bodiesIn(await master.pull('orders', 0)),
    );
  });

  it('answer sends SLAVE_NOT_AVAILABLE while the slave is away, and OK again when it has caught up', async () => {
    await master.sent('orders', 'both');
    await slave.stop();
    const alone = await master.send('orders', 'alone');
    expect(alone.code).toBe(ResponseCode.SLAVE_NOT_AVAILABLE);
    expect((await master.service.readiness.page()).body.toString()).toContain('1 of 2 copies');
    await slave.run();
    await slave.catchUp();
    expect((await master.send('orders', 'both again')).code).toBe(ResponseCode.SUCCESS);
    await slave.catchUp();
    expect(bodiesIn(await slave.pull('orders', 0))).toEqual(['both', 'alone', 'both again']);
  });

  it('have the same topics, groups and offsets', async () => {
    await master.sent('orders', 'm');
    await master.pull('orders', 0);
    await master.call(UpdateConsumerOffset, commit('orders', 1));
    await slave.catchUp();
    expect(await committedOn(slave, 'orders')).toBe(1);
    expect(await roleOf(slave)).toMatchObject({ role: 'SLAVE', brokerId: 1, epoch: 0 });
  });

  it('know a new topic on the slave as soon as its first message is there', async () => {
    // Right behind a round: the next one is seconds away.
    await master.pass(3_000);
    await master.call(UpdateAndCreateTopic, newTopic('young'));
    await master.sent('young', 'first');
    await master.pass(200);
    expect(bodiesIn(await slave.pull('young', 0))).toEqual(['first']);
  });

  it('say how replication is', async () => {
    await master.sent('orders', 'm');
    await master.pass(2_000);
    const { body } = await master.call(GetBrokerHaStatus, { header: {}, body: null });
    expect(body).toMatchObject({ master: true, inSyncSlaveNums: 1 });
    expect(body.haConnectionInfo).toHaveLength(1);
    expect(body.haConnectionInfo[0]).toMatchObject({ diff: 0, inSync: true });
    const ofSlave = (await slave.call(GetBrokerHaStatus, { header: {}, body: null })).body;
    expect(ofSlave).toMatchObject({ master: false, haClientRuntimeInfo: { activated: true } });
    expect(slave.service.replication().figures.lagBytes).toBe(0);
  });

  it('refuse on the slave what only the master may do, with Apache’s codes', async () => {
    const send = await slave.ask(SendMessageV2, sendRequest('orders', 'm', {}));
    expect([send.code, send.remark]).toEqual([
      ResponseCode.SERVICE_NOT_AVAILABLE,
      expect.stringContaining('messages are put to the slave'),
    ]);
    const topic = await slave.ask(UpdateAndCreateTopic, newTopic('other'));
    expect([topic.code, topic.remark]).toEqual([
      ResponseCode.SYSTEM_ERROR,
      expect.stringContaining("Can't modify topic or subscription group from slave broker"),
    ]);
    const back = await slave.ask(ConsumerSendMsgBack, {
      header: { commitLogOffset: 0, group: 'consumers', delayLevel: 1 },
      body: null,
    });
    expect([back.code, back.remark]).toEqual([
      ResponseCode.SYSTEM_ERROR,
      'no master available along with 10.0.0.1',
    ]);
    const end = await slave.ask(EndTransaction, {
      header: {
        producerGroup: 'p',
        queueOffset: 0,
        msgId: 'm',
        commitLogOffset: 0,
        commitOrRollback: 8,
      },
      body: null,
    });
    expect(end.code).toBe(ResponseCode.SLAVE_NOT_AVAILABLE);
  });

  it('wake pulls that the slave holds, and find messages by key there', async () => {
    const held = watch(slave.startPull('orders', 0, { holdMs: 15_000 }));
    await master.pass(1_000);
    expect(held.answer).toBeUndefined();
    await master.sent('orders', 'late', { properties: { KEYS: 'k1' } });
    await master.pass(500);
    expect(bodiesIn(held.answer!)).toEqual(['late']);
    const query = {
      header: {
        topic: 'orders',
        key: 'k1',
        maxNum: 10,
        beginTimestampMs: 0,
        endTimestampMs: 2 ** 50,
      },
      body: null,
    };
    expect((await slave.ask(QueryMessage, query)).code).toBe(ResponseCode.SUCCESS);
  });

  it('let a pull behind the end of the slave wait instead of moving it back', async () => {
    const ahead = watch(slave.startPull('orders', 2, { holdMs: 15_000 }));
    await master.pass(200);
    expect(ahead.answer).toBeUndefined();
    for (const body of ['a', 'b', 'c']) await master.sent('orders', body);
    await master.pass(500);
    expect(bodiesIn(ahead.answer!)).toEqual(['c']);
  });

  it('keep offsets that were committed on the slave while the master was away', async () => {
    for (const body of ['a', 'b', 'c']) await master.sent('orders', body);
    await master.pull('orders', 0);
    await master.call(UpdateConsumerOffset, commit('orders', 1));
    await slave.catchUp();
    await master.stop();
    expect(bodiesIn(await slave.pull('orders', 1))).toEqual(['b', 'c']);
    await slave.call(UpdateConsumerOffset, commit('orders', 3));
    await master.startAgain('brokerRole=SYNC_MASTER\n');
    expect(await committedOn(master, 'orders')).toBe(1);
    await master.pass(12_000);
    expect(await committedOn(master, 'orders')).toBe(3);
    // What an operator sets there afterwards wins.
    await master.call(UpdateConsumerOffset, commit('orders', 0));
    await slave.catchUp();
    expect([await committedOn(master, 'orders'), await committedOn(slave, 'orders')]).toEqual([
      0, 0,
    ]);
  });

  it('keep such offsets while the slave is restarted, too', async () => {
    for (const body of ['a', 'b', 'c']) await master.sent('orders', body);
    await master.pull('orders', 0);
    await slave.catchUp();
    await master.stop();
    await slave.pull('orders', 0);
    await slave.call(UpdateConsumerOffset, commit('orders', 2));
    expect(await slave.stop()).toEqual([]);
    await slave.run();
    expect(await committedOn(slave, 'orders')).toBe(2);
    await master.startAgain('brokerRole=SYNC_MASTER\n');
    await master.pass(12_000);
    expect(await committedOn(master, 'orders')).toBe(2);
    // The master knows them now: they are not told a second time.
    await master.call(UpdateConsumerOffset, commit('orders', 1));
    await master.pass(7_000);
    expect(await slave.stop()).toEqual([]);
    await slave.run();
    await slave.catchUp();
    expect([await committedOn(master, 'orders'), await committedOn(slave, 'orders')]).toEqual([
      1, 1,
    ]);
  });

  it('do not make the slave master while the master lives', async () => {
    const answer = await slave.ask(PromoteSlave, { header: {}, body: null });
    expect([answer.code, answer.remark]).toEqual([
      ResponseCode.SYSTEM_ERROR,
      expect.stringContaining('the master 10.0.0.1:10911 answers; stop it first'),
    ]);
    await master.pass(3_000);
    await master.sent('orders', 'goes on');
    expect(slave.caughtUp).toBe(true);
  });
});
