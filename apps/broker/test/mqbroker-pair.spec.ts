import { existsSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { silentLogger } from '@rocketmq-ts/kernel';
import { NodeClock, NodeNetwork } from '@rocketmq-ts/platform';
import {
  decodeRecords,
  PromoteSlave,
  PullMessage,
  ReplicationRole,
  ResponseCode,
  SendMessageV2,
} from '@rocketmq-ts/protocol';
import { RemotingClient } from '@rocketmq-ts/remoting';
import { Programs, type StartedProgram } from '@rocketmq-ts/testing';
import { pullRequest, sendRequest } from './requests.js';

const CALL = { timeoutMs: 30_000 };
const NO_FIELDS = { header: {}, body: null };
// Starts from sources compile them, on a machine that others use too.
jest.setTimeout(300_000);

const nameservers = new Programs('apps/nameserver/src/main.ts');
const brokers = new Programs('apps/broker/src/main.ts');
let nameserver: StartedProgram;
let client: RemotingClient;
beforeAll(async () => {
  nameserver = await nameservers.start([
    '--listenPort=0',
    '--bindAddress=127.0.0.1',
    '--httpPort=0',
  ]);
  client = new RemotingClient({
    network: new NodeNetwork(),
    clock: new NodeClock(),
    logger: silentLogger,
  });
});
afterAll(() => {
  client.close();
  brokers.close();
  nameservers.close();
});

/** A port that was free, with free ones beside it most likely. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** As Apache's sample files, with what keeps two brokers apart on one machine. */
function configFile(name: string, role: string, brokerId: number, port: number): string {
  return brokers.writeFile(
    `${name}.properties`,
    `brokerClusterName=DefaultCluster
brokerName=broker-a
brokerId=${brokerId}
deleteWhen=04
fileReservedTime=48
brokerRole=${role}
flushDiskType=ASYNC_FLUSH
namesrvAddr=${nameserver.address}
bindAddress=127.0.0.1
brokerIP1=127.0.0.1
listenPort=${port}
fastListenPort=-1
haListenPort=0
httpPort=0
mappedFileSizeCommitLog=4194304
storePathRootDir=${join(brokers.folder, name)}
`,
  );
}

const send = (address: string, body: string) =>
  client.exchange(address, SendMessageV2, sendRequest('orders', body, {}), CALL);

async function bodiesOf(address: string): Promise<string[]> {
  const bodies: string[] = [];
  for (let offset = 0; ;) {
    const answer = await client.exchange(
      address,
      PullMessage,
      pullRequest('orders', offset, {}),
      CALL,
    );
    if (answer.code !== ResponseCode.SUCCESS) return bodies;
    for (const { bodyBytes, bodyStart, bodyEnd } of decodeRecords(answer.body))
      bodies.push(bodyBytes.toString('utf8', bodyStart, bodyEnd));
    offset = Number(answer.ext().get('nextBeginOffset'));
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (await holds().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`it did not come to this: ${what}`);
}

it('loses nothing of what it acknowledged with the disk of the master, and the slave takes its place', async () => {
  const [masterPort, slavePort] = [await freePort(), await freePort()];
  const masterFile = configFile('broker-a', 'SYNC_MASTER', 0, masterPort);
  const slaveFile = configFile('broker-a-s', 'SLAVE', 1, slavePort);
  const master = await brokers.start(['-c', masterFile]);
  expect(master.program.stdout).toContain('wait for 2 copies');
  // Without its slave it says so, and stores the message all the same.
  expect((await send(master.address, 'alone')).code).toBe(ResponseCode.SLAVE_NOT_AVAILABLE);
  // `mqbroker` given the file of a slave starts the slave.
  const slave = await brokers.start(['-c', slaveFile]);
  await until('the slave is in sync', async () => (await send(master.address, 'probe')).code === 0);

  const acknowledged = new Set<string>();
  let killed = false;
  const produce = async (producer: number): Promise<void> => {
    for (let i = 0; !killed; i++) {
      const body = `${producer}-${i}`;
      const answer = await send(master.address, body).catch(() => undefined);
      if (answer?.code === ResponseCode.SUCCESS) acknowledged.add(body);
    }
  };
  const producing = [1, 2, 3, 4].map(produce);
  await until('300 are acknowledged', () => Promise.resolve(acknowledged.size >= 300));
  await master.program.stop('SIGKILL');
  killed = true;
  rmSync(join(brokers.folder, 'broker-a'), { recursive: true });
  await Promise.all(producing);

  // Reading goes on while nobody is master.
  expect((await bodiesOf(slave.address)).length).toBeGreaterThanOrEqual(acknowledged.size);
  const promoted = await client.call(slave.address, PromoteSlave, NO_FIELDS, CALL);
  expect(promoted.header.epoch).toBe(1);
  await until('the slave is master', async () => {
    const { header } = await client.call(slave.address, ReplicationRole, NO_FIELDS, CALL);
    return header.role === 'ASYNC_MASTER' && header.epoch === 1;
  });
  const kept = new Set(await bodiesOf(slave.address));
  expect([...acknowledged].filter((body) => !kept.has(body))).toEqual([]);
  expect(kept.has('alone')).toBe(true);
  expect((await send(slave.address, 'new')).code).toBe(ResponseCode.SUCCESS);

  // The old master may not come back beside it, with or without its disk.
  const { code, stderr } = await brokers.failing(['-c', masterFile]);
  expect(code).toBe(1);
  expect(stderr).toContain('is the master of broker-a since epoch 1, this broker knows epoch 0');
  expect(existsSync(join(brokers.folder, 'broker-a', 'commitlog'))).toBe(false);

  // It comes back as a slave, and gets everything.
  const again = await brokers.start(['-c', configFile('broker-a', 'SLAVE', 1, masterPort)]);
  await until('the old master has everything', async () =>
    (await bodiesOf(again.address)).includes('new'),
  );
  expect((await again.program.stop('SIGTERM')).code).toBe(0);
  const { code: stopCode, tookMs } = await slave.program.stop('SIGTERM');
  expect([stopCode, tookMs < 10_000]).toEqual([0, true]);

  // Started with the file of a slave it is master still.
  const restarted = await brokers.start(['-c', slaveFile]);
  const { header } = await client.call(restarted.address, ReplicationRole, NO_FIELDS, CALL);
  expect(header).toMatchObject({ role: 'ASYNC_MASTER', brokerId: 0, epoch: 1 });
  await restarted.program.stop('SIGTERM');
});

it('says in one sentence why a slave cannot start', async () => {
  const file = brokers.writeFile('lonely.properties', 'brokerRole=SLAVE\nbrokerId=1\n');
  const { code, stderr } = await brokers.failing(['-c', file]);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(
      /^mqbroker-slave: a slave finds its master through namesrvAddr, or .*\n$/,
    ),
  ]);
});
