import { afterEach, describe, expect, it } from '@jest/globals';
import { ResponseCode, SendMessageV2 } from '@rocketmq-ts/protocol';
import { sendRequest } from './requests.js';
import { BROKER, SimulatedBroker } from './simulated-broker.js';

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

  it('refuses more of them after a time where that is wanted', async () => {
    broker = await SimulatedBroker.start(
      'flushDiskType=SYNC_FLUSH\nunwrittenBytesMax=1048576\nsendFastFailure=true\nsendWaitMsMax=200',
    );
    await broker.sent('orders', 'before');
    const { disk } = broker.world;
    const stuck: (() => void)[] = [];
    const { later } = disk;
    disk.later = (_life, work) => void stuck.push(work);
    const start = (body: string | Buffer) =>
      broker.client.exchange(BROKER, SendMessageV2, sendRequest('orders', body, {}), {
        timeoutMs: 60_000,
      });
    const first = Array.from({ length: 20 }, () => start(Buffer.alloc(100_000)));
    await broker.pass(100);
    first.push(start('comes while others wait, and waits'));
    await broker.pass(200);
    const refused = await broker.settled(start('comes too late'));
    expect(refused.code).toBe(ResponseCode.SYSTEM_BUSY);
    expect(refused.remark).toMatch('[TIMEOUT_CLEAN_QUEUE]broker busy');
    disk.later = later;
    for (const work of stuck) work();
    const answers = await broker.settled(Promise.all(first));
    expect(answers.map(({ code }) => code)).toEqual(answers.map(() => ResponseCode.SUCCESS));
  });
});
