import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { UpdateAndCreateTopic } from '@rocketmq-ts/protocol';
import { bodiesIn } from './pull-answer.js';
import { newTopic } from './requests.js';
import { SimulatedBroker } from './simulated-broker.js';
import { SimulatedSlave } from './simulated-slave.js';

let master: SimulatedBroker;
let slave: SimulatedSlave;
/** Up to where both logs are equal. */
let commonOffset: number;
/** Where the log of the slave ends that has parted. */
let partedOffset: number;

/** The master loses its power, and with it what the slave has copied already; then it takes other messages. */
beforeEach(async () => {
  master = await SimulatedBroker.start();
  await master.call(UpdateAndCreateTopic, newTopic('orders'));
  slave = await SimulatedSlave.start(master);
  await master.pass(3_000);
  for (const body of ['a', 'b']) await master.sent('orders', body);
  await slave.catchUp();
  commonOffset = logEnd();
  for (const body of ['lost 1', 'lost 2', 'lost 3']) await master.sent('orders', body);
  for (let i = 0; i < 20 && !slave.caughtUp; i++) await master.world.clock.advance(1);
  partedOffset = logEnd();
  expect([slave.caughtUp, partedOffset > commonOffset]).toEqual([true, true]);
  master.kill('power');
  slave.kill();
  await master.startAgain();
  for (const body of ['c', 'd']) await master.sent('orders', body);
});
afterEach(async () => {
  expect(await slave.stop()).toEqual([]);
  expect(await master.stop()).toEqual([]);
});

const logEnd = (): number => master.service.running().store.rawLog.writtenOffset;
const start = async (settings = ''): Promise<void> => {
  await slave.run(settings);
  await master.pass(3_000);
};
const bodiesOf = async (broker: SimulatedBroker | SimulatedSlave): Promise<string[]> =>
  bodiesIn(await broker.pull('orders', 0));

async function expectEqualLogs(): Promise<void> {
  await master.sent('orders', 'goes on');
  await slave.catchUp();
  const bodies = ['a', 'b', 'c', 'd', 'goes on'];
  expect([await bodiesOf(master), await bodiesOf(slave)]).toEqual([bodies, bodies]);
  const ours = await slave.checksum(logEnd());
  const { rawLog } = master.service.running().store;
  expect(ours).toBe(await master.settled(rawLog.checksum(0, logEnd())));
}

it('a slave whose log has parted from its master’s is not ready, says where, and keeps its log', async () => {
  await start();
  const masterOffset = logEnd();
  const { status, text } = await slave.ready();
  expect(status).toBe(503);
  expect(text).toContain(
    `the log ends at ${partedOffset}, the master's at ${masterOffset}, and they are equal up to ${commonOffset}`,
  );
  expect(text).toContain('haDivergedSlave=truncate');
  expect(slave.asked).toBeUndefined();
  await master.pass(30_000);
  expect((await slave.ready()).status).toBe(503);
  expect(await bodiesOf(slave)).toEqual(['a', 'b', 'lost 1', 'lost 2', 'lost 3']);
});

it('truncate: it cuts off what the master has not, keeps it aside, and goes on', async () => {
  await start('haDivergedSlave=truncate\n');
  expect(slave.asked).toBe('restart');
  expect(await slave.stop()).toEqual([]);
  await start('haDivergedSlave=truncate\n');
  await expectEqualLogs();
  expect(await slave.ready()).toEqual({
    status: 200,
    text: expect.stringContaining('STREAMING'),
  });
  const kept = await Promise.all(
    slave.disk
      .paths()
      .filter((path) => path.startsWith('/store/rocketmq-ts.removed/'))
      .map((path) => master.settled(slave.disk.readFile(path))),
  );
  const keptText = kept.map((bytes) => bytes?.toString('latin1')).join();
  for (const body of ['lost 1', 'lost 2', 'lost 3']) expect(keptText).toContain(body);
});

it('reseed: it empties its store and copies the whole log', async () => {
  await start('haDivergedSlave=reseed\n');
  expect(slave.asked).toBe('restart');
  expect(await slave.stop()).toEqual([]);
  await start('haDivergedSlave=reseed\n');
  await expectEqualLogs();
  // The order to empty it is forgotten: the next start keeps what was copied.
  expect(await slave.stop()).toEqual([]);
  const end = logEnd();
  await slave.run('haDivergedSlave=reseed\n');
  expect(slave.service.running().store.rawLog.writtenOffset).toBe(end);
});
