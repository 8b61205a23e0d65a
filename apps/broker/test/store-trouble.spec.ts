import { afterEach, describe, expect, it } from '@jest/globals';
import { ResponseCode } from '@rocketmq-ts/protocol';
import { SimulatedBroker } from './simulated-broker.js';

let broker: SimulatedBroker;
afterEach(async () => {
  await broker.stop();
});

const readiness = async () => broker.service.readiness.page();

describe('a broker whose disk is full', () => {
  it('refuses messages with Apache’s code and the reason, gives those it has, and goes on when there is room', async () => {
    broker = await SimulatedBroker.start('diskMaxUsedSpaceRatio=90');
    await broker.sent('orders', 'before');
    const { disk } = broker.world;
    disk.capacityBytes = 1;
    await broker.pass(30_000);
    const answer = await broker.send('orders', 'no room');
    expect(answer.code).toBe(ResponseCode.SERVICE_NOT_AVAILABLE);
    expect(answer.remark).toMatch(
      /^service not available now\..* Here: the disk of the store is full/,
    );
    expect(await readiness()).toMatchObject({ status: 503 });
    expect((await broker.pull('orders', 0)).records).toHaveLength(1);
    disk.capacityBytes = Number.MAX_SAFE_INTEGER;
    await broker.pass(30_000);
    expect((await broker.send('orders', 'room again')).code).toBe(ResponseCode.SUCCESS);
    expect(await readiness()).toMatchObject({ status: 200 });
  });
});

describe('a broker whose disk fails', () => {
  it('acknowledges nothing that is not stored', async () => {
    broker = await SimulatedBroker.start('flushDiskType=SYNC_FLUSH');
    await broker.sent('orders', 'before');
    broker.world.disk.fault = (operation, path) =>
      path.includes('commitlog') && operation !== 'read' ? 'EIO' : undefined;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => broker.send('orders', `lost ${i}`)),
    );
    for (const { code } of answers) expect(code).not.toBe(ResponseCode.SUCCESS);
    expect(await readiness()).toMatchObject({ status: 503 });
    expect((await broker.pull('orders', 0)).records[0]!.body).toBe('before');
  });
});

describe('a broker whose disk is slow', () => {
  it('lets producers wait instead of refusing them', async () => {
    broker = await SimulatedBroker.start('flushDiskType=SYNC_FLUSH');
    await broker.sent('orders', 'before');
    broker.world.disk.latencyMsMax = 80;
    const answers = await Promise.all(
      Array.from({ length: 400 }, (_, i) => broker.send('orders', Buffer.alloc(2_000, i))),
    );
    expect(answers.filter(({ code }) => code !== 0)).toEqual([]);
    const last = Math.max(...answers.map((answer) => Number(answer.ext().get('queueOffset'))));
    expect(last).toBe(400);
  });
});
