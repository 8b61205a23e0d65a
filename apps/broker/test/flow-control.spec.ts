import { afterEach, describe, expect, it } from '@jest/globals';
import {
  GetColdDataFlowCtrInfo,
  RemoveColdDataFlowCtrConfig,
  ResponseCode,
  SendMessageV2,
  UpdateBrokerConfig,
  UpdateColdDataFlowCtrConfig,
} from '@rocketmq-ts/protocol';
import { pop, startPop } from './pop-requests.js';
import { sendRequest } from './requests.js';
import { BROKER, SimulatedBroker } from './simulated-broker.js';

let broker: SimulatedBroker;
afterEach(async () => {
  expect(await broker.stop()).toEqual([]);
});

const cold = async () =>
  (await broker.call(GetColdDataFlowCtrInfo, { header: {}, body: null })).body;
const metric = async (start: string) => {
  const pieces = await broker.settled(broker.service.metrics().text());
  const lines = Buffer.concat([...pieces])
    .toString()
    .split('\n');
  return Number(
    lines
      .find((line) => line.startsWith(start))
      ?.split(' ')
      .at(-1),
  );
};

/** Lets time pass until something is done that takes seconds. */
async function patiently<T>(work: Promise<T>): Promise<T> {
  let done = false;
  const watched = work.finally(() => (done = true));
  for (let i = 0; i < 200 && !done; i++) await broker.pass(100);
  return watched;
}

describe('sends over a limit', () => {
  it('are slowed down: one connection gets the rate, another one is not held up', async () => {
    broker = await SimulatedBroker.start('sendMessagesPerSecondPerClient=10');
    await broker.sent('orders', 'first');
    const startMs = broker.world.clock.monotonicMs();
    const answers = Array.from({ length: 40 }, () =>
      broker.client.call(BROKER, SendMessageV2, sendRequest('orders', 'x', {}), {
        timeoutMs: 60_000,
      }),
    );
    const all = Promise.all(answers);
    const other = broker.newClient('10.0.0.3');
    await broker.settled(
      other.call(BROKER, SendMessageV2, sendRequest('orders', 'x', {}), { timeoutMs: 60_000 }),
    );
    expect(broker.world.clock.monotonicMs() - startMs).toBeLessThan(500);
    await patiently(all);
    const tookMs = broker.world.clock.monotonicMs() - startMs;
    expect(tookMs).toBeGreaterThan(2_500);
    expect(tookMs).toBeLessThan(4_500);
    expect(
      await metric('rocketmq_broker_flow_control_slowed_total{cause="sendMessagesPerSecondPerCl'),
    ).toBeGreaterThan(0);
    other.close();
  });

  it('are refused where the wait would be long; the limit can be lifted while it runs', async () => {
    broker = await SimulatedBroker.start('sendBytesPerSecondPerGroup=1000\nslowDownMsMax=10');
    await broker.sent('orders', 'x'.repeat(3_000));
    const refused = await broker.ask(SendMessageV2, sendRequest('orders', 'x', {}));
    expect(refused).toMatchObject({
      code: ResponseCode.SYSTEM_BUSY,
      remark: expect.stringMatching(
        /^\[FLOW_CONTROL\]broker busy.*producer group\[.+\] sends more than sendBytesPerSecondPerGroup=1000$/,
      ),
    });
    await broker.call(UpdateBrokerConfig, { header: {}, body: 'sendBytesPerSecondPerGroup=0\n' });
    expect((await broker.ask(SendMessageV2, sendRequest('orders', 'x', {}))).code).toBe(0);
  });
});

describe('pulls over a limit', () => {
  it('wait for their turn as long as they may', async () => {
    broker = await SimulatedBroker.start('pullMessagesPerSecondPerGroup=4');
    for (let i = 0; i < 20; i++) await broker.sent('orders', 'x');
    const hold = { group: 'g', maxMsgNums: 8, holdMs: 15_000 };
    expect((await broker.pull('orders', 0, hold)).records).toHaveLength(8);
    const startMs = broker.world.clock.monotonicMs();
    expect((await broker.pull('orders', 8, hold)).records).toHaveLength(8);
    const tookMs = broker.world.clock.monotonicMs() - startMs;
    expect(tookMs).toBeGreaterThanOrEqual(1_000);
    expect(tookMs).toBeLessThan(2_000);
    const other = await broker.pull('orders', 0, { ...hold, group: 'other' });
    expect(other.records).toHaveLength(8);
  });

  it('that may not wait are told the cause', async () => {
    broker = await SimulatedBroker.start('pullBytesPerSecondPerClient=100');
    for (let i = 0; i < 4; i++) await broker.sent('orders', 'x'.repeat(500));
    await broker.pull('orders', 0, { group: 'g' });
    const refused = await broker.pull('orders', 1, { group: 'g' });
    expect(refused).toMatchObject({
      code: ResponseCode.FLOW_CONTROL,
      remark: expect.stringContaining('is given more than pullBytesPerSecondPerClient=100'),
    });
    expect(
      await metric(
        'rocketmq_broker_flow_control_refused_total{cause="pullBytesPerSecondPerClient"',
      ),
    ).toBe(1);
  });

  it('do not stop the broker from stopping', async () => {
    broker = await SimulatedBroker.start('pullMessagesPerSecondPerGroup=1');
    for (let i = 0; i < 4; i++) await broker.sent('orders', 'x');
    await broker.pull('orders', 0, { group: 'g' });
    const held = broker.pull('orders', 1, { group: 'g', holdMs: 15_000 });
    await broker.pass(200);
    expect(await broker.stop()).toEqual([]);
    expect((await held).code).toBe(ResponseCode.PULL_NOT_FOUND);
    broker = await SimulatedBroker.start();
  });
});

describe('pops over a limit', () => {
  it('wait for their turn as long as they may', async () => {
    broker = await SimulatedBroker.start('pullMessagesPerSecondPerGroup=4');
    for (let i = 0; i < 20; i++) await broker.sent('orders', 'x');
    const hold = { maxMsgNums: 8, pollMs: 15_000 };
    expect((await pop(broker, hold)).messages).toHaveLength(8);
    const startMs = broker.world.clock.monotonicMs();
    expect((await patiently(startPop(broker, hold))).messages).toHaveLength(8);
    const tookMs = broker.world.clock.monotonicMs() - startMs;
    expect(tookMs).toBeGreaterThanOrEqual(1_000);
    expect(tookMs).toBeLessThan(2_000);
    expect((await pop(broker, { ...hold, group: 'other' })).messages).toHaveLength(8);
  });

  it('that may not wait are told the cause', async () => {
    broker = await SimulatedBroker.start('pullBytesPerSecondPerClient=100');
    for (let i = 0; i < 4; i++) await broker.sent('orders', 'x'.repeat(500));
    expect((await pop(broker, { maxMsgNums: 1 })).messages).toHaveLength(1);
    expect(await pop(broker)).toMatchObject({
      code: ResponseCode.FLOW_CONTROL,
      remark: expect.stringContaining('is given more than pullBytesPerSecondPerClient=100'),
    });
    expect(
      await metric(
        'rocketmq_broker_flow_control_refused_total{cause="pullBytesPerSecondPerClient"',
      ),
    ).toBe(1);
  });

  it('take from the same rate as pulls', async () => {
    broker = await SimulatedBroker.start('pullMessagesPerSecondPerGroup=4');
    for (let i = 0; i < 20; i++) await broker.sent('orders', 'x');
    await pop(broker, { group: 'g', maxMsgNums: 8 });
    expect((await broker.pull('orders', 0, { group: 'g' })).code).toBe(ResponseCode.FLOW_CONTROL);
  });

  it('do not stop the broker from stopping', async () => {
    broker = await SimulatedBroker.start('pullMessagesPerSecondPerGroup=1');
    for (let i = 0; i < 4; i++) await broker.sent('orders', 'x');
    await pop(broker);
    const held = startPop(broker, { pollMs: 15_000 });
    await broker.pass(200);
    expect(await broker.stop()).toEqual([]);
    expect((await held).code).toBe(ResponseCode.POLLING_TIMEOUT);
    broker = await SimulatedBroker.start();
  });

  it('leave out what the group may not read from the disk now, and get what is new', async () => {
    broker = await SimulatedBroker.start('coldReadControl=true\ncoldReadBytesPerGroup=65536');
    for (let i = 0; i < 60; i++) await broker.sent('orders', 'x'.repeat(20_000));
    const one = { maxMsgNums: 1 };
    let given = 0;
    while ((await cold()).globalAcc < 65_536 && given < 30) {
      given += (await patiently(startPop(broker, { maxMsgNums: 4 }))).messages.length;
    }
    expect((await cold()).runtimeTable.get('poppers')?.coldAcc).toBeGreaterThanOrEqual(65_536);
    expect(await pop(broker, one)).toMatchObject({
      code: ResponseCode.FLOW_CONTROL,
      remark: expect.stringContaining('reading cold data'),
    });
    const waiting = startPop(broker, { ...one, pollMs: 15_000 });
    await broker.pass(100);
    await broker.sent('orders', 'new', { queueId: 1 });
    expect((await broker.settled(waiting)).messages.map(({ body }) => body)).toEqual(['new']);
    const startMs = broker.world.clock.monotonicMs();
    const later = await patiently(startPop(broker, { ...one, pollMs: 15_000 }));
    expect(later.messages).toHaveLength(1);
    const tookMs = broker.world.clock.monotonicMs() - startMs;
    expect(tookMs).toBeGreaterThan(1_000);
    expect(tookMs).toBeLessThan(5_500);
  });
});

describe('cold reads', () => {
  it('are shown, limited per group, and kept from nobody who reads new messages', async () => {
    broker = await SimulatedBroker.start('coldReadControl=true\ncoldReadBytesPerGroup=65536');
    for (let i = 0; i < 60; i++) await broker.sent('orders', 'x'.repeat(20_000));
    const last = Number((await broker.pull('orders', 60, { group: 'hot' })).ext.get('maxOffset'));
    let offset = 0;
    const pull = async () => {
      const answer = await patiently(
        broker.pull('orders', offset, { group: 'cold', holdMs: 15_000 }),
      );
      offset = Number(answer.ext.get('nextBeginOffset'));
      return answer;
    };
    const startMs = broker.world.clock.monotonicMs();
    for (let i = 0; i < 8 && (await cold()).globalAcc < 65_536; i++) await pull();
    expect((await cold()).runtimeTable.get('cold')?.coldAcc).toBeGreaterThanOrEqual(65_536);
    await pull();
    expect(broker.world.clock.monotonicMs() - startMs).toBeGreaterThan(4_000);
    const hotMs = broker.world.clock.monotonicMs();
    await broker.pull('orders', last - 1, { group: 'cold' });
    await broker.pull('orders', last - 1, { group: 'hot' });
    expect(broker.world.clock.monotonicMs() - hotMs).toBeLessThan(100);
  });

  it('have thresholds that an operator sets and takes back', async () => {
    broker = await SimulatedBroker.start();
    const set = (body: string) => broker.ask(UpdateColdDataFlowCtrConfig, { header: {}, body });
    expect((await set('one=1024\ntwo=2048\n')).code).toBe(0);
    expect(await cold()).toMatchObject({
      cgColdReadThreshold: 3 * 1_024 * 1_024,
      globalColdReadThreshold: 100 * 1_024 * 1_024,
      configTable: new Map([
        ['one', 1_024],
        ['two', 2_048],
      ]),
    });
    await broker.call(RemoveColdDataFlowCtrConfig, { header: {}, body: 'one' });
    expect([...(await cold()).configTable.keys()]).toEqual(['two']);
    expect(await set('two=lots')).toMatchObject({
      code: ResponseCode.SYSTEM_ERROR,
      remark: 'two=lots: wants a number of bytes',
    });
    expect((await cold()).configTable.get('two')).toBe(2_048);
  });
});
