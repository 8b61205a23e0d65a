import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { RoleMarkerFile } from '@rocketmq-ts/config';
import { silentLogger } from '@rocketmq-ts/kernel';
import {
  codec,
  GetBrokerMemberGroup,
  MessageSysFlag,
  RegisterBroker,
  ResponseCode,
  UnregisterBroker,
  UpdateAndCreateTopic,
} from '@rocketmq-ts/protocol';
import { RemotingServer } from '@rocketmq-ts/remoting';
import { pop } from './pop-requests.js';
import { bodiesIn } from './pull-answer.js';
import { newTopic } from './requests.js';
import { newWorld, SimulatedBroker, type World } from './simulated-broker.js';

const NAMESERVER = 'namesrvAddr=10.0.0.1:9876\n';
const OLD = '10.0.0.1:10911';
const NEW = '10.0.0.1:10931';

/** As a nameserver does, it takes whoever came last for the master. */
class OneGroupNameserver {
  master: string | undefined;
  private readonly server: RemotingServer;

  constructor({ network, clock }: World) {
    const listeners = [{ name: 'main', host: '0.0.0.0', port: 9_876 }];
    this.server = new RemotingServer({ network, clock, logger: silentLogger, listeners });
    this.server.route(RegisterBroker.code, (frame, connection) => {
      this.master = codec(RegisterBroker).decodeRequest(frame.ext(), frame.body).header.brokerAddr;
      const body = { table: new Map<string, string>() };
      const answer = codec(RegisterBroker).encodeResponse({ header: {}, body });
      connection.answer(frame, 0, undefined, answer.ext, answer.body);
    });
    this.server.route(UnregisterBroker.code, (frame, connection) => {
      const { header } = codec(UnregisterBroker).decodeRequest(frame.ext(), frame.body);
      if (header.brokerAddr === this.master) this.master = undefined;
      connection.answer(frame, 0, undefined, new Map());
    });
    this.server.route(GetBrokerMemberGroup.code, (frame, connection) => {
      const brokerAddrs = new Map(this.master === undefined ? [] : [[0, this.master]]);
      const brokerMemberGroup = { cluster: 'DefaultCluster', brokerName: 'broker-a', brokerAddrs };
      const answer = codec(GetBrokerMemberGroup).encodeResponse({
        header: {},
        body: { brokerMemberGroup },
      });
      connection.answer(frame, 0, undefined, answer.ext, answer.body);
    });
  }

  listen(): Promise<void> {
    return this.server.listen();
  }
}

let world: World;
let nameserver: OneGroupNameserver;
let old: SimulatedBroker;
let successor: SimulatedBroker;

beforeEach(async () => {
  world = newWorld();
  nameserver = new OneGroupNameserver(world);
  await nameserver.listen();
  old = await SimulatedBroker.start(NAMESERVER, world);
  await old.call(UpdateAndCreateTopic, newTopic('orders'));
  const marker = new RoleMarkerFile(world.disk, '/store-b');
  await old.settled(
    marker.save({ role: 'ASYNC_MASTER', epoch: 1, sinceMs: world.clock.nowMs(), fromOffset: 0 }),
  );
});
afterEach(async () => {
  expect(await successor.stop()).toEqual([]);
});

const startSuccessor = async (): Promise<void> => {
  const settings = `${NAMESERVER}listenPort=10931\nstorePathRootDir=/store-b\n`;
  successor = await SimulatedBroker.start(settings, world);
};
const ready = async (): Promise<{ status: number; text: string }> => {
  const { status, body } = await old.service.readiness.page();
  return { status, text: body.toString() };
};

it('a master that sees one of a later epoch takes nothing any more, and says so', async () => {
  const { clock } = world;
  await old.sent('orders', 'before');
  await old.sent('orders', 'delayed', { properties: { DELAY: '4' } });
  const dueMs = { TIMER_DELIVER_MS: String(clock.nowMs() + 40_000) };
  await old.sent('orders', 'timed', { properties: dueMs });
  await old.sent('orders', 'half', {
    properties: { TRAN_MSG: 'true', PGROUP: 'producers', UNIQ_KEY: 'k' },
    header: { sysFlag: MessageSysFlag.TRANSACTION_PREPARED },
  });
  expect((await ready()).status).toBe(200);
  await startSuccessor();
  await old.pass(6_000);

  expect((await ready()).status).toBe(503);
  expect((await ready()).text).toContain(`epoch: ${NEW} is the master of broker-a since epoch 1`);
  const loud = old.logger.lines.filter(({ level }) => level === 'error');
  expect(loud.map(({ event }) => event).join('\n')).toContain('It takes no messages any more');
  const { rawLog } = old.service.running().store;
  const end = rawLog.writtenOffset;
  const refused = await old.send('orders', 'after');
  expect([refused.code, refused.remark]).toEqual([
    ResponseCode.SERVICE_NOT_AVAILABLE,
    expect.stringContaining(`${NEW} is the master of broker-a`),
  ]);
  await pop(old);
  await old.pass(120_000);
  expect(rawLog.writtenOffset).toBe(end);
  expect(bodiesIn(await old.pull('orders', 0))).toEqual(['before']);
  expect(nameserver.master).toBe(NEW);
  expect(await old.stop()).toEqual([]);
  expect(rawLog.writtenOffset).toBe(end);
});

it('a master that comes back after another has taken its place does not start', async () => {
  expect(await old.stop()).toEqual([]);
  await startSuccessor();
  await expect(old.startAgain(NAMESERVER)).rejects.toThrow(/it must not be master beside it/);
});

it('the successor takes its place at the nameserver back from an outdated master', async () => {
  await startSuccessor();
  nameserver.master = OLD;
  await old.pass(12_000);
  expect([nameserver.master, (await ready()).status]).toEqual([NEW, 503]);
  expect(await old.stop()).toEqual([]);
  expect(nameserver.master).toBe(NEW);
});
