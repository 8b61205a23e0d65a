import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  ClientResetOffsets,
  CloneGroupOffset,
  codec,
  ConsumeMessageDirectly,
  decodeRecord,
  GetConsumerRunningInfo,
  GetConsumerStatusFromClient,
  HeartBeat,
  InvokeBrokerToGetConsumerStatus,
  InvokeBrokerToResetOffset,
  QueryConsumerOffset,
  QueryCorrectionOffset,
  readJson,
  ResetConsumerClientOffset,
  ResetOffsetBody,
  ResponseCode,
  defaultSubscriptionGroup,
  UpdateAndCreateSubscriptiongroup,
  UpdateAndCreateTopic,
  UpdateConsumerOffset,
} from '@rocketmq-ts/protocol';
import type { RemotingClient } from '@rocketmq-ts/remoting';
import { heartbeat } from './heartbeat.js';
import { newTopic } from './requests.js';
import { BROKER, brokerForEachTest, type SimulatedBroker } from './simulated-broker.js';

let broker: SimulatedBroker;
brokerForEachTest((started) => (broker = started));

const reset = (header: object = {}) =>
  broker.ask(InvokeBrokerToResetOffset, {
    header: { group: 'consumers', topic: 'orders', timestampMs: -1, ...header },
    body: null,
  });
const commit = (commitOffset: number, queueId = 0, consumerGroup = 'consumers') =>
  broker.ask(UpdateConsumerOffset, {
    header: { consumerGroup, topic: 'orders', queueId, commitOffset },
    body: null,
  });
const committed = async (queueId = 0, consumerGroup = 'consumers') => {
  const answer = await broker.ask(QueryConsumerOffset, {
    header: { consumerGroup, topic: 'orders', queueId, setZeroIfNotFound: false },
    body: null,
  });
  return answer.code === 0 ? Number(answer.extText('offset')) : answer.remark;
};
const tableOf = (body: Buffer) =>
  readJson(ResetOffsetBody, body.toString())
    .offsetTable.map(([{ queueId }, offset]) => [queueId, offset])
    .sort();
/** Messages in queue 0 of a topic with four queues, one every second. */
async function fill(count: number): Promise<void> {
  for (const groupName of ['consumers', 'slow']) {
    const body = defaultSubscriptionGroup(groupName);
    await broker.ask(UpdateAndCreateSubscriptiongroup, { header: {}, body });
  }
  await broker.ask(UpdateAndCreateTopic, newTopic('orders'));
  for (let i = 0; i < count; i++) {
    await broker.sent('orders', `message ${i}`);
    await broker.pass(1_000);
  }
}
/** A client of its own in the group. */
async function member(clientId: string): Promise<RemotingClient> {
  const client = broker.newClient('10.0.0.3');
  await heartbeat(broker, { clientId, client });
  return client;
}
/** A frame as only clients of other languages and releases write it. */
function foreignFrame(code: number, head: object, body: Buffer): Buffer {
  const header = Buffer.from(
    JSON.stringify({ code, opaque: 1, flag: 0, serializeTypeCurrentRPC: 'JSON', ...head }),
  );
  const prefix = Buffer.alloc(8);
  prefix.writeInt32BE(4 + header.length + body.length, 0);
  prefix.writeInt32BE(header.length, 4);
  return Buffer.concat([prefix, header, body]);
}
/** Joins as a client of another language or release. */
async function foreignMember(head: { language: string; version: number }, clientId = 'foreign') {
  const peer = await broker.peer(10_911, '10.0.0.9');
  const { body } = codec(HeartBeat).encodeRequest({
    header: {},
    body: {
      clientID: clientId,
      consumerDataSet: [
        {
          groupName: 'consumers',
          consumeType: 'CONSUME_PASSIVELY',
          messageModel: 'CLUSTERING',
          consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
          unitMode: false,
          subscriptionDataSet: [],
        },
      ],
      producerDataSet: [],
      heartbeatFingerprint: 0,
      withoutSub: false,
    },
  });
  peer.sendBytes(foreignFrame(HeartBeat.code, head, body));
  await broker.settled(peer.until(({ frames }) => frames.length > 0));
  return peer;
}

describe('a group whose offsets are reset', () => {
  it('goes to the messages of a time, in all queues, whether it is online or not', async () => {
    await fill(6);
    const startMs = broker.world.clock.nowMs() - 6_000;
    await commit(6);
    const answer = await reset({ timestampMs: startMs + 2_500 });
    expect(answer.code).toBe(0);
    expect(tableOf(answer.body)).toEqual([
      [0, 3],
      [1, 0],
      [2, 0],
      [3, 0],
    ]);
    expect([await committed(0), await committed(3)]).toEqual([3, 0]);
  });

  it('goes behind the newest message, to an offset, and no further than the queue reaches', async () => {
    await fill(4);
    await commit(1);
    expect(tableOf((await reset()).body)[0]).toEqual([0, 4]);
    expect(tableOf((await reset({ queueId: 0, offset: 2 })).body)).toEqual([[0, 2]]);
    expect(await committed()).toBe(2);
    expect(tableOf((await reset({ queueId: 0, offset: -1 })).body)).toEqual([[0, 4]]);
    expect(await reset({ queueId: 0, offset: 6 })).toMatchObject({
      code: ResponseCode.SYSTEM_ERROR,
      remark: 'Target offset 6 not in consume queue range [0-4]',
    });
    expect(await reset({ queueId: 4 })).toMatchObject({ code: ResponseCode.INVALID_PARAMETER });
  });

  it('must exist, as its topic must', async () => {
    await fill(1);
    expect(await reset({ topic: 'nothing' })).toMatchObject({
      code: ResponseCode.TOPIC_NOT_EXIST,
      remark: 'Topic nothing does not exist',
    });
    expect(await reset({ group: 'nobody' })).toMatchObject({
      code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
      remark: 'Group nobody does not exist',
    });
  });

  it('is told at once where it waits for messages, and its late commits do not undo it', async () => {
    await fill(3);
    await heartbeat(broker);
    await commit(3);
    const held = broker.startPull('orders', 3, { holdMs: 30_000 });
    await broker.pass(100);
    expect(broker.heldPulls).toBe(1);
    expect((await reset({ queueId: 1, offset: 0 })).code).toBe(0);
    expect(broker.heldPulls).toBe(1);
    await reset({ queueId: 0, offset: 1 });
    const told = await broker.settled(held);
    expect(told).toMatchObject({ code: ResponseCode.PULL_OFFSET_MOVED, remark: 'OFFSET_RESET' });
    expect(told.ext.get('nextBeginOffset')).toBe('1');
    expect(broker.heldPulls).toBe(0);
  });

  it('is told by its next pull, once, and until then nothing it commits counts', async () => {
    await fill(3);
    await heartbeat(broker);
    await commit(3);
    await reset({ queueId: 0, offset: 1 });
    const late = await commit(3);
    expect([late.code, late.remark]).toEqual([0, 'Offset has been previously reset']);
    expect(await committed()).toBe(1);
    const withCommit = { header: { sysFlag: 1 | 4, commitOffset: 3 } };
    const told = await broker.pull('orders', 3, withCommit);
    expect([told.code, told.ext.get('nextBeginOffset')]).toEqual([
      ResponseCode.PULL_OFFSET_MOVED,
      '1',
    ]);
    expect(await committed()).toBe(1);
    expect((await broker.pull('orders', 1)).records).toHaveLength(2);
    await commit(2);
    expect(await committed()).toBe(2);
  });

  it('is not interrupted where it begins at the new place anyway', async () => {
    await fill(3);
    await commit(3);
    await reset({ queueId: 0, offset: 1 });
    await heartbeat(broker);
    expect((await broker.pull('orders', 1)).records).toHaveLength(2);
    expect((await broker.pull('orders', 3)).remark).not.toBe('OFFSET_RESET');
  });

  it('is where it was sent after the death of the process', async () => {
    await fill(3);
    await commit(3);
    await reset({ queueId: 0, offset: 1 });
    broker.kill();
    await broker.startAgain();
    expect(await committed()).toBe(1);
  });

  it('hears that the reset could not be saved', async () => {
    await fill(1);
    await commit(1);
    broker.world.disk.fault = (operation, path) =>
      operation !== 'read' && path.includes('consumerOffset.json') ? 'EIO' : undefined;
    const answer = await reset({ queueId: 0, offset: 0 });
    expect(answer.code).toBe(ResponseCode.SYSTEM_ERROR);
    expect(answer.remark).toMatch(/^the offsets are reset, but could not be saved yet: /);
    broker.world.disk.fault = () => undefined;
    await broker.pass(6_000);
    broker.kill();
    await broker.startAgain();
    expect(await committed()).toBe(0);
  });

  it('is not moved by just anybody', async () => {
    await fill(1);
    await commit(1);
    const stranger = broker.newClient('10.0.0.66');
    const header = { group: 'consumers', topic: 'orders', timestampMs: -1 };
    const call = stranger.exchange(
      BROKER,
      InvokeBrokerToResetOffset,
      { header, body: null },
      { timeoutMs: 3_000 },
    );
    expect((await broker.settled(call)).code).toBe(ResponseCode.NO_PERMISSION);
  });
});

describe('clients that are told to reset their offsets', () => {
  beforeEach(() => broker.restart('useServerSideResetOffset=false'));

  it('hear it by one-way requests, each in the form that its language reads', async () => {
    await fill(4);
    for (let queueId = 0; queueId < 4; queueId++) await commit(queueId === 0 ? 3 : 0, queueId);
    const heard: unknown[] = [];
    const client = await member('java');
    client.handle(ResetConsumerClientOffset.code, (frame) => {
      heard.push([frame.extText('topic'), tableOf(frame.body)[0]]);
    });
    const peer = await foreignMember({ language: 'CPP', version: 395 });
    const answer = await reset({ timestampMs: 0 });
    expect([answer.code, tableOf(answer.body)[0]]).toEqual([0, [0, 0]]);
    await broker.pass(10);
    expect(heard).toEqual([['orders', [0, 0]]]);
    const told = peer.frames.find(({ code }) => code === ResetConsumerClientOffset.code)!;
    const text = told.body.toString();
    expect(text).toContain('{"offsetTable":[{"brokerName":"broker-a","offset":0,"queueId":0');
    expect(readJson(ClientResetOffsets, text).offsetTable).toHaveLength(4);
    expect(await committed()).toBe(3);
  });

  it('go forward only by force', async () => {
    await fill(4);
    for (let queueId = 0; queueId < 4; queueId++) await commit(queueId === 0 ? 2 : 0, queueId);
    await member('java');
    expect(tableOf((await reset()).body)[0]).toEqual([0, 2]);
    expect(tableOf((await reset({ isForce: true })).body)[0]).toEqual([0, 4]);
  });

  it('must be there, new enough, and have offsets', async () => {
    await fill(1);
    expect((await reset()).remark).toBe('THe consumer group <consumers> not exist');
    for (let queueId = 0; queueId < 4; queueId++) await commit(0, queueId);
    expect(await reset()).toMatchObject({
      code: ResponseCode.CONSUMER_NOT_ONLINE,
      remark:
        'Consumer not online, so can not reset offset, Group: consumers Topic: orders Timestamp: -1',
    });
    await foreignMember({ language: 'JAVA', version: 20 });
    expect((await reset()).remark).toMatch(/^the client does not support this feature/);
  });
});

describe('offsets of groups', () => {
  it('can be cloned: one topic, or all', async () => {
    await fill(5);
    await commit(4);
    await commit(2, 1);
    const clone = (header: object = {}) =>
      broker.ask(CloneGroupOffset, {
        header: { srcGroup: 'consumers', destGroup: 'twins', ...header },
        body: null,
      });
    expect((await clone({ topic: 'orders' })).code).toBe(0);
    expect([await committed(0, 'twins'), await committed(1, 'twins')]).toEqual([4, 2]);
    await commit(5);
    expect((await clone()).code).toBe(0);
    expect(await committed(0, 'twins')).toBe(5);
    broker.kill();
    await broker.startAgain();
    expect(await committed(0, 'twins')).toBe(5);
  });

  it('are not cloned for topics that an online group has left, unless asked for', async () => {
    await fill(2);
    await commit(1);
    await heartbeat(broker, { subscriptions: { other: '*' } });
    const header = { srcGroup: 'consumers', destGroup: 'twins', topic: 'orders' };
    await broker.ask(CloneGroupOffset, { header, body: null });
    expect(await committed(0, 'twins')).toMatch(/^Not found/);
    await broker.ask(CloneGroupOffset, { header: { ...header, offline: true }, body: null });
    expect(await committed(0, 'twins')).toBe(1);
  });

  it('can be compared', async () => {
    await fill(5);
    await commit(4);
    await commit(1, 0, 'slow');
    const correct = async (header: object = {}) => {
      const message = {
        header: { topic: 'orders', compareGroup: 'consumers', ...header },
        body: null,
      };
      return [...(await broker.call(QueryCorrectionOffset, message)).body.correctionOffsets];
    };
    expect(await correct()).toEqual([[0, 1]]);
    expect(await correct({ filterGroups: 'slow' })).toEqual([[0, 4]]);
    expect(await correct({ compareGroup: 'slow', filterGroups: 'slow' })).toEqual([[0, Infinity]]);
  });
});

describe('a consumer that operators ask', () => {
  const runningInfo = (clientId: string, consumerGroup = 'consumers') => ({
    header: { consumerGroup, clientId, jstackEnable: true },
    body: null,
  });

  it('says what it is doing, through the broker', async () => {
    const client = await member('one');
    client.handle(GetConsumerRunningInfo.code, (frame, connection) => {
      const { consumerGroup, clientId, jstackEnable } = Object.fromEntries(frame.ext());
      expect([consumerGroup, clientId, jstackEnable]).toEqual(['consumers', 'one', 'true']);
      connection.answer(frame, 0, undefined, undefined, Buffer.from('{"jstack":"…"}'));
    });
    const answer = await broker.ask(GetConsumerRunningInfo, runningInfo('one'));
    expect([answer.code, answer.body.toString()]).toEqual([0, '{"jstack":"…"}']);
  });

  it('must be online, and of a release that understands', async () => {
    expect(await broker.ask(GetConsumerRunningInfo, runningInfo('two'))).toMatchObject({
      code: ResponseCode.SYSTEM_ERROR,
      remark: 'The Consumer <consumers> <two> not online',
    });
    await foreignMember({ language: 'JAVA', version: 50 }, 'old');
    expect((await broker.ask(GetConsumerRunningInfo, runningInfo('old'))).remark).toMatch(
      /too low to finish, please upgrade it to V3_1_8_SNAPSHOT$/,
    );
  });

  it('may refuse, and may take too long', async () => {
    const client = await member('one');
    let refuse = true;
    client.handle(GetConsumerRunningInfo.code, (frame, connection) => {
      if (refuse) connection.answer(frame, 17, 'no such thing');
    });
    expect(await broker.ask(GetConsumerRunningInfo, runningInfo('one'))).toMatchObject({
      code: ResponseCode.SYSTEM_ERROR,
      remark: 'no such thing',
    });
    refuse = false;
    const asked = broker.client.exchange(BROKER, GetConsumerRunningInfo, runningInfo('one'), {
      timeoutMs: 60_000,
    });
    await broker.pass(10_100);
    const { code, remark } = await broker.settled(asked);
    expect(code).toBe(ResponseCode.CONSUME_MSG_TIMEOUT);
    expect(remark).toMatch(/^consumer <consumers> <one> Timeout: /);
  });

  it('works on a single message, with what it must know of it', async () => {
    const msgId = (await broker.sent('orders', 'again')).get('msgId')!;
    const client = await member('one');
    client.handle(ConsumeMessageDirectly.code, (frame, connection) => {
      const record = decodeRecord(frame.body, 0);
      const text = record.bodyBytes.toString('utf8', record.bodyStart, record.bodyEnd);
      const { brokerName, topicSysFlag, groupSysFlag } = Object.fromEntries(frame.ext());
      expect([text, brokerName, topicSysFlag, groupSysFlag]).toEqual([
        'again',
        'broker-a',
        '0',
        '0',
      ]);
      connection.answer(
        frame,
        0,
        undefined,
        undefined,
        Buffer.from('{"consumeResult":"CR_SUCCESS"}'),
      );
    });
    const header = { consumerGroup: 'consumers', clientId: 'one', msgId, topic: 'orders' };
    const ask = (more: object = {}) =>
      broker.ask(ConsumeMessageDirectly, { header: { ...header, ...more }, body: Buffer.alloc(0) });
    const answer = await ask();
    expect(answer.body.toString()).toBe('{"consumeResult":"CR_SUCCESS"}');
    expect((await ask({ msgId: 'nonsense' })).remark).toMatch(/^can not find message by the id/);
    expect((await ask({ clientId: 'two' })).remark).toMatch(/not online$/);
  });

  it('says where it stands, alone or with all others that answer', async () => {
    for (const name of ['one', 'two', 'mute']) {
      const client = await member(name);
      client.handle(GetConsumerStatusFromClient.code, (frame, connection) => {
        if (name === 'mute') return;
        const messageQueueTable = `{{"brokerName":"broker-a","queueId":0,"topic":"orders"}:${name.length}}`;
        const body = Buffer.from(`{"messageQueueTable":${messageQueueTable}}`);
        connection.answer(frame, 0, undefined, undefined, body);
      });
    }
    const status = async (clientAddr?: string) => {
      const header = { topic: 'orders', group: 'consumers', ...(clientAddr && { clientAddr }) };
      const message = { header, body: null };
      const asked = broker.client.call(BROKER, InvokeBrokerToGetConsumerStatus, message, {
        timeoutMs: 60_000,
      });
      await broker.pass(5_100);
      return [...((await broker.settled(asked)).body.consumerTable ?? [])];
    };
    const queue = { brokerName: 'broker-a', queueId: 0, topic: 'orders' };
    expect(await status()).toEqual([
      ['one', [[queue, 3]]],
      ['two', [[queue, 3]]],
    ]);
    expect(await status('two')).toEqual([['two', [[queue, 3]]]]);
    expect(await status('nobody')).toEqual([]);
    const header = { topic: 'orders', group: 'nobody' };
    expect((await broker.ask(InvokeBrokerToGetConsumerStatus, { header, body: null })).remark).toBe(
      'No Any Consumer online in the consumer group: [nobody]',
    );
  });
});
