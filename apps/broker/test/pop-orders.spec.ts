import { describe, expect, it } from '@jest/globals';
import {
  decodeRecords,
  GetAllMessageRequestMode,
  Notification,
  PeekMessage,
  PollingInfo,
  QueryAssignment,
  ResponseCode,
  SetMessageRequestMode,
} from '@rocketmq-ts/protocol';
import { heartbeat } from './heartbeat.js';
import { BROKER, brokerForEachTest, type SimulatedBroker } from './simulated-broker.js';
import { ack, bodiesOf, pop, postpone, startPop } from './pop-requests.js';

let broker: SimulatedBroker;
brokerForEachTest((started) => (broker = started), { topic: 'orders' });

const inOrder = (attemptId?: string) => ({ queueId: 0, header: { order: true, attemptId } });
async function send(...bodies: string[]): Promise<void> {
  for (const body of bodies) await broker.sent('orders', body);
}

describe('an ordered pop', () => {
  it('gives nothing more until all is acknowledged, then wakes who waits', async () => {
    await send('1', '2');
    const first = await pop(broker, inOrder());
    expect(first.ext.get('reviveQid')).toBe('999');
    await send('3');
    expect((await pop(broker, inOrder())).messages).toEqual([]);
    const waiting = startPop(broker, { ...inOrder(), pollMs: 20_000 });
    await broker.pass(200);
    expect((await ack(broker, first.messages[1]!)).code).toBe(0);
    expect((await ack(broker, first.messages[0]!)).code).toBe(0);
    expect(bodiesOf(await broker.settled(waiting))).toEqual(['3']);
  });

  it('gives the same again when their time is up, and says how often', async () => {
    await send('1', '2');
    await pop(broker, { ...inOrder(), invisibleMs: 2_000 });
    const waiting = startPop(broker, { ...inOrder(), pollMs: 20_000 });
    await broker.pass(2_300);
    const again = await broker.settled(waiting);
    expect(bodiesOf(again)).toEqual(['1', '2']);
    expect(again.ext.get('orderCountInfo')).toBe('0 qo0%0 1;0 qo0%1 1;0 0 1');
  });

  it('goes on at the first message that was not acknowledged', async () => {
    await send('1', '2', '3');
    const { messages } = await pop(broker, { ...inOrder(), invisibleMs: 2_000 });
    await ack(broker, messages[0]!);
    await broker.pass(2_300);
    expect(bodiesOf(await pop(broker, inOrder()))).toEqual(['2', '3']);
    // What was given out again cannot be acknowledged by its old handle.
    expect((await ack(broker, messages[1]!)).code).toBe(0);
    await broker.pass(1_000);
    expect((await pop(broker, inOrder())).messages).toEqual([]);
  });

  it('lets an attempt have its messages again, and waits as long as its consumer asks', async () => {
    await send('1');
    const first = await pop(broker, inOrder('a'));
    expect(bodiesOf(await pop(broker, inOrder('a')))).toEqual(['1']);
    expect((await pop(broker, inOrder('b'))).messages).toEqual([]);
    const again = await pop(broker, inOrder('a'));
    await postpone(broker, again.messages[0]!, 90_000);
    await broker.pass(80_000);
    expect((await pop(broker, inOrder('b'))).messages).toEqual([]);
    await broker.pass(11_000);
    expect(bodiesOf(await pop(broker, inOrder('b')))).toEqual(['1']);
    expect(first.messages).toHaveLength(1);
  });

  it('blocks over a restart, in Apache’s file', async () => {
    await send('1', '2');
    const { messages } = await pop(broker, inOrder());
    await ack(broker, messages[0]!);
    await broker.restart();
    expect(await broker.fileText('/store/config/consumerOrderInfo.json')).toContain(
      '"orders@poppers"',
    );
    expect((await pop(broker, inOrder())).messages).toEqual([]);
    expect((await ack(broker, messages[1]!)).code).toBe(0);
    await send('3');
    expect(bodiesOf(await pop(broker, inOrder()))).toEqual(['3']);
  });
});

describe('looking without taking', () => {
  const target = { consumerGroup: 'poppers', topic: 'orders', queueId: -1 };

  it('peeks at what a pop would give', async () => {
    await send('1', '2');
    for (let i = 0; i < 2; i++) {
      const answer = await broker.ask(PeekMessage, {
        header: { ...target, maxMsgNums: 10 },
        body: null,
      });
      expect(decodeRecords(answer.body)).toHaveLength(2);
      expect(answer.ext().get('restNum')).toBe('2');
    }
    expect((await pop(broker)).messages).toHaveLength(2);
    const nothing = await broker.ask(PeekMessage, {
      header: { ...target, maxMsgNums: 10 },
      body: null,
    });
    expect(nothing.code).toBe(ResponseCode.PULL_NOT_FOUND);
  });

  it('is told when there is something, and when not', async () => {
    const ask = (pollTimeMs: number) =>
      broker.client.call(
        BROKER,
        Notification,
        { header: { ...target, pollTimeMs, bornTimeMs: broker.world.clock.nowMs() }, body: null },
        { timeoutMs: 60_000 },
      );
    expect((await broker.settled(ask(0))).header).toEqual({ hasMsg: false, pollingFull: false });
    const waiting = ask(10_000);
    await broker.pass(500);
    await send('1');
    expect((await broker.settled(waiting)).header.hasMsg).toBe(true);
    await pop(broker, { invisibleMs: 2_000 });
    const again = ask(10_000);
    await broker.pass(3_000);
    expect((await broker.settled(again)).header.hasMsg).toBe(true);
    const never = ask(1_000);
    await pop(broker);
    await broker.pass(1_500);
    expect((await broker.settled(never)).header.hasMsg).toBe(true);
  });

  it('counts the pops that wait', async () => {
    const count = async (queueId: number) =>
      (await broker.call(PollingInfo, { header: { ...target, queueId }, body: null })).header
        .pollingNum;
    const waiting = [startPop(broker, { pollMs: 3_000 }), startPop(broker, { pollMs: 3_000 })];
    await broker.pass(100);
    expect([await count(-1), await count(0)]).toEqual([2, 0]);
    await broker.pass(3_200);
    await broker.settled(Promise.all(waiting));
    expect(await count(-1)).toBe(0);
  });
});

describe('rebalancing by the broker', () => {
  const mode = {
    topic: 'orders',
    consumerGroup: 'consumers',
    mode: 'POP',
    popShareQueueNum: 0,
  } as const;
  const assigned = async (clientId: string, strategyName = 'AVG') =>
    (
      await broker.call(QueryAssignment, {
        header: {},
        body: {
          topic: 'orders',
          consumerGroup: 'consumers',
          clientId,
          strategyName,
          messageModel: 'CLUSTERING',
        },
      })
    ).body.messageQueueAssignments?.map(({ messageQueue, mode: how }) => [
      messageQueue.queueId,
      how,
    ]);

  it('shares queues out to pull, all queues to pop, and nothing to a group without members', async () => {
    expect(await assigned('c1')).toBeUndefined();
    await heartbeat(broker, { clientId: 'c1' });
    await heartbeat(broker, { clientId: 'c2', client: broker.newClient() });
    expect(await assigned('c1')).toEqual([
      [0, 'PULL'],
      [1, 'PULL'],
    ]);
    expect(await assigned('c2', 'AVG_BY_CIRCLE')).toEqual([
      [1, 'PULL'],
      [3, 'PULL'],
    ]);
    expect(await assigned('c1', 'NONE')).toBeUndefined();
    await broker.call(SetMessageRequestMode, { header: {}, body: mode });
    expect(await assigned('c1')).toEqual([[-1, 'POP']]);
    await broker.restart();
    const { body } = await broker.call(GetAllMessageRequestMode, { header: {}, body: null });
    expect(body.messageRequestModeMap.get('orders')?.get('consumers')).toEqual(mode);
  });

  it('sets no mode for what is not there', async () => {
    for (const [change, code] of [
      [{ topic: 'nowhere' }, ResponseCode.TOPIC_NOT_EXIST],
      [{ topic: '%RETRY%consumers' }, ResponseCode.NO_PERMISSION],
    ] as const) {
      const answer = await broker.ask(SetMessageRequestMode, {
        header: {},
        body: { ...mode, ...change },
      });
      expect(answer.code).toBe(code);
    }
  });
});
