import { afterEach, expect, it } from '@jest/globals';
import {
  CheckTransactionState,
  codec,
  EndTransaction,
  LockBatchMq,
  MessageSysFlag,
  PromoteSlave,
  QueryConsumerOffset,
  ReplicationRole,
  ResponseCode,
  UpdateAndCreateTopic,
  UpdateConsumerOffset,
} from '@rocketmq-ts/protocol';
import { heartbeat } from './heartbeat.js';
import { ack, bodiesOf, pop } from './pop-requests.js';
import { bodiesIn } from './pull-answer.js';
import { newTopic } from './requests.js';
import { SimulatedBroker } from './simulated-broker.js';
import { SimulatedSlave } from './simulated-slave.js';

let master: SimulatedBroker;
let slave: SimulatedSlave;
let successor: SimulatedBroker | undefined;
afterEach(async () => {
  expect(await successor?.stop()).toEqual([]);
  successor = undefined;
});

async function pair(): Promise<void> {
  master = await SimulatedBroker.start('brokerRole=SYNC_MASTER\n');
  await master.call(UpdateAndCreateTopic, newTopic('orders'));
  slave = await SimulatedSlave.start(master);
  await master.pass(3_000);
}

/** The master is gone, its slave takes its place. `killed`: the processes of both were, and only the slave's came back. */
async function promote(how: 'stopped' | 'killed' = 'stopped'): Promise<SimulatedBroker> {
  if (how === 'stopped') await master.stop();
  else {
    master.kill();
    slave.kill();
    await slave.run();
  }
  const { epoch, fromOffset } = (await slave.call(PromoteSlave, { header: {}, body: null })).header;
  expect(epoch).toBe(1);
  expect(fromOffset).toBe(slave.service.running().store.rawLog.writtenOffset);
  await master.pass(1_000);
  expect(slave.asked).toBe('master');
  expect(await slave.stop()).toEqual([]);
  successor = await slave.successor();
  const role = await successor.call(ReplicationRole, { header: {}, body: null });
  expect(role.header).toMatchObject({ role: 'ASYNC_MASTER', epoch: 1 });
  return successor;
}

it('a promoted slave has all messages, goes on behind them, and knows groups and topics', async () => {
  await pair();
  for (const body of ['a', 'b']) await master.sent('orders', body);
  await slave.catchUp();
  const next = await promote();
  await next.sent('orders', 'c');
  expect(bodiesIn(await next.pull('orders', 0))).toEqual(['a', 'b', 'c']);
});

it('messages with a delay level come from the promoted slave, not early, none lost', async () => {
  await pair();
  await master.sent('orders', 'soon', { properties: { DELAY: '3' } });
  await master.sent('orders', 'later', { properties: { DELAY: '5' } });
  const sentAtMs = master.world.clock.nowMs();
  await slave.catchUp();
  const next = await promote();
  while (next.world.clock.nowMs() < sentAtMs + 59_000) {
    await next.pass(1_000);
    if (next.world.clock.nowMs() < sentAtMs + 60_000)
      expect(bodiesIn(await next.pull('orders', 0))).not.toContain('later');
  }
  await next.pass(5_000);
  const bodies = bodiesIn(await next.pull('orders', 0));
  expect(new Set(bodies)).toEqual(new Set(['soon', 'later']));
});

it('timed messages come from the promoted slave, not early, none lost, those delivered long ago not again', async () => {
  await pair();
  const { clock } = master.world;
  const at = (ms: number) => ({ TIMER_DELIVER_MS: String(ms) });
  const startMs = clock.nowMs();
  await master.sent('orders', 'delivered', { properties: at(startMs + 2_000) });
  await master.sent('orders', 'waiting', { properties: at(startMs + 200_000) });
  await master.pass(100_000);
  expect(bodiesIn(await master.pull('orders', 0))).toEqual(['delivered']);
  await slave.catchUp();
  const next = await promote();
  expect(next.world.clock.nowMs()).toBeLessThan(startMs + 199_000);
  await next.pass(startMs + 199_000 - clock.nowMs());
  expect(bodiesIn(await next.pull('orders', 0))).toEqual(['delivered']);
  await next.pass(10_000);
  expect(bodiesIn(await next.pull('orders', 0))).toEqual(['delivered', 'waiting']);
});

/** Sends a half message. @returns where it is */
async function half(body: string) {
  const properties = { TRAN_MSG: 'true', PGROUP: 'producers', UNIQ_KEY: body };
  const header = {
    sysFlag: MessageSysFlag.TRANSACTION_PREPARED,
    bornTimestampMs: master.world.clock.nowMs(),
  };
  const answer = await master.sent('orders', body, { properties, header });
  return {
    producerGroup: 'producers',
    queueOffset: Number(answer.get('queueOffset')),
    commitLogOffset: Number.parseInt(answer.get('msgId')!.slice(-16), 16),
    msgId: body,
    transactionId: body,
  };
}

it('a half message is delivered once when its commit comes to the promoted slave; an undecided one is checked', async () => {
  await pair();
  const decided = await half('decided');
  await half('undecided');
  await slave.catchUp();
  const next = await promote();
  expect((await next.pull('orders', 0)).code).toBe(ResponseCode.PULL_NOT_FOUND);
  const checked: string[] = [];
  next.client.handle(CheckTransactionState.code, (frame) => {
    const { header } = codec(CheckTransactionState).decodeRequest(frame.ext(), frame.body);
    checked.push(header.msgId!);
  });
  await heartbeat(next, { producerGroups: ['producers'] });
  const commit = {
    header: { ...decided, commitOrRollback: MessageSysFlag.TRANSACTION_COMMIT },
    body: null,
  };
  expect((await next.ask(EndTransaction, commit)).code).toBe(ResponseCode.SUCCESS);
  await next.ask(EndTransaction, commit);
  await next.pass(70_000);
  expect(bodiesIn(await next.pull('orders', 0))).toEqual(['decided']);
  expect(new Set(checked)).toEqual(new Set(['undecided']));
});

it.each(['stopped', 'killed'] as const)(
  'popped messages that nobody acknowledged come again from the promoted slave, the master %s',
  async (how) => {
    await pair();
    for (const body of ['acknowledged', 'open']) await master.sent('orders', body);
    const { messages } = await pop(master, { queueId: 0, invisibleMs: 30_000 });
    expect(messages.map(({ body }) => body)).toEqual(['acknowledged', 'open']);
    await ack(master, messages[0]!);
    await slave.catchUp();
    const next = await promote(how);
    const again: string[] = [];
    for (let seconds = 0; seconds < 60; seconds += 5) {
      await next.pass(5_000);
      again.push(...bodiesOf(await pop(next, { invisibleMs: 300_000 })));
    }
    // Whatever the last copy of the offsets did not cover comes a second time, acknowledged ones too.
    expect(again).toContain('open');
  },
);

it('the promoted slave has no queue locked, and offsets as old as the last copy of the tables', async () => {
  await pair();
  for (const body of ['a', 'b', 'c']) await master.sent('orders', body);
  await master.pull('orders', 0);
  const queue = { consumerGroup: 'consumers', topic: 'orders', queueId: 0 };
  const lock = (clientId: string) => ({
    header: {},
    body: {
      consumerGroup: 'consumers',
      clientId,
      mqSet: [{ topic: 'orders', brokerName: 'broker-a', queueId: 0 }],
      onlyThisBroker: true,
    },
  });
  await master.call(LockBatchMq, lock('first'));
  expect((await master.call(LockBatchMq, lock('second'))).body.lockOKMQSet).toEqual([]);
  const commit = { header: { ...queue, commitOffset: 2 }, body: null };
  await master.call(UpdateConsumerOffset, commit);
  // One interval of the tables' copying, and what a round takes.
  await master.pass(3_500);
  const query = { header: queue, body: null };
  expect((await slave.call(QueryConsumerOffset, query)).header.offset).toBe(2);
  const next = await promote();
  expect((await next.call(LockBatchMq, lock('second'))).body.lockOKMQSet).toHaveLength(1);
  expect((await next.call(QueryConsumerOffset, query)).header.offset).toBe(2);
});
