import { afterEach, expect, it } from '@jest/globals';
import {
  MessageSysFlag,
  PromoteSlave,
  ReplicationRole,
  ResponseCode,
  UpdateAndCreateTopic,
} from '@rocketmq-ts/protocol';
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

/** The master is gone, its slave takes its place. */
async function promote(): Promise<SimulatedBroker> {
  await master.stop();
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

it('a half message waits on the promoted slave for its decision', async () => {
  await pair();
  const properties = { TRAN_MSG: 'true', PGROUP: 'producers', UNIQ_KEY: 'k' };
  const sysFlag = MessageSysFlag.TRANSACTION_PREPARED;
  await master.sent('orders', 'half', { properties, header: { sysFlag } });
  await slave.catchUp();
  const next = await promote();
  await next.pass(1_000);
  expect((await next.pull('orders', 0)).code).toBe(ResponseCode.PULL_NOT_FOUND);
  const half = await next.pull('RMQ_SYS_TRANS_HALF_TOPIC', 0);
  expect(bodiesIn(half)).toEqual(['half']);
});
