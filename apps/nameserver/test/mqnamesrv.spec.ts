import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { silentLogger } from '@rocketmq-ts/kernel';
import { NodeClock, NodeNetwork } from '@rocketmq-ts/platform';
import { GetRouteinfoByTopic, PutKvConfig, RegisterBroker } from '@rocketmq-ts/protocol';
import { RemotingClient } from '@rocketmq-ts/remoting';
import { Programs } from '@rocketmq-ts/testing';
import { registration } from './simulated-nameserver.js';

const STOP_WITHIN_MS = 10_000;
// A start from sources compiles them, on a machine that others use too.
jest.setTimeout(120_000);

const programs = new Programs('apps/nameserver/src/main.ts');
const { folder } = programs;
afterAll(() => programs.close());

const start = (args: readonly string[] = [], env?: Record<string, string>) =>
  programs.start(['--listenPort=0', ...args], env);
const newClient = () =>
  new RemotingClient({ network: new NodeNetwork(), clock: new NodeClock(), logger: silentLogger });

describe('mqnamesrv', () => {
  it('serves, keeps its key-value entries over a restart, and stops cleanly on SIGTERM with clients connected', async () => {
    const conf = programs.writeFile(
      'namesrv.conf',
      `kvConfigPath=${join(folder, 'deep', 'er', 'kv.json')}\n`,
    );
    const { program, address, http } = await start(['-c', conf]);
    const client = newClient();
    const options = { timeoutMs: 5_000 };
    await client.call(address, RegisterBroker, registration(), options);
    const topic = { header: { topic: 'TopicTest' }, body: null };
    expect(
      (await client.call(address, GetRouteinfoByTopic, topic, options)).body.toString(),
    ).toContain('broker-a');
    const entry = { header: { namespace: 'n', key: 'k', value: 'v' }, body: null };
    await client.call(address, PutKvConfig, entry, options);
    expect(await (await fetch(`${http}/readyz`)).text()).toBe('ready\n');
    expect(await (await fetch(`${http}/metrics`)).text()).toContain(
      'rocketmq_nameserver_brokers{node_type="nameserver"} 1',
    );

    const { code, tookMs } = await program.stop('SIGTERM');
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(STOP_WITHIN_MS);
    expect(program.stderr).toBe('');
    expect(program.stdout).toMatch(/INFO {2}stopping signal=SIGTERM\n.*INFO {2}stopped\n$/);
    client.close();
    expect(JSON.parse(readFileSync(join(folder, 'deep', 'er', 'kv.json'), 'utf8'))).toEqual({
      configTable: { n: { k: 'v' } },
    });
  });

  it('ends at once on a second signal', async () => {
    const { program, address } = await start();
    // A peer that does not close its side makes the stop wait.
    const [host, port] = address.split(':');
    const peer = connect({ host: host!, port: Number(port), allowHalfOpen: true });
    await once(peer, 'connect');
    peer.resume().on('error', () => undefined);
    program.child.kill('SIGTERM');
    await program.says(/stopping/);
    const { code, tookMs } = await program.stop('SIGINT');
    peer.destroy();
    expect(tookMs).toBeLessThan(2_500);
    expect(code).toBe(1);
    expect(program.stdout).toContain('second signal');
  });

  it('logs JSON on request, and takes settings from the environment', async () => {
    const { program } = await start([], {
      ROCKETMQ_LOG_FORMAT: 'json',
      ROCKETMQ_BIND_ADDRESS: '127.0.0.1',
    });
    await program.stop('SIGINT');
    const lines = program.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({ level: 'info', event: 'nameserver boot success' });
    expect(String(lines[0]!['address'])).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it('prints its settings and its help', async () => {
    const conf = programs.writeFile('print.conf', 'listenPort=19876\nserverWorkerThreads=16\n');
    const print = programs.run(['-c', conf, '-p']);
    expect(await print.ended).toBe(0);
    expect(print.stdout).toMatch(/^listenPort +19876 +port +print\.conf:1 +listenPort$/m);
    expect(print.stdout).toContain(
      'note: keys of Apache without effect here (file): serverWorkerThreads',
    );
    const help = programs.run(['-h']);
    expect(await help.ended).toBe(0);
    expect(help.stdout).toContain('Usage: mqnamesrv');
  });
});

describe('mqnamesrv, when it cannot start', () => {
  it('names the port that is in use', async () => {
    const other: Server = createServer().listen(0, '0.0.0.0');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await programs.failing([`--listenPort=${port}`, '--httpPort=-1']);
    other.close();
    expect(code).toBe(1);
    expect(stderr).toBe(
      `mqnamesrv: port ${port} on 0.0.0.0 is in use by another process; stop that one or choose another port.\n`,
    );
  });

  it('names the settings that are wrong', async () => {
    const conf = programs.writeFile('bad.conf', 'listenPort=abc\nscanNotActiveBrokerIntervall=1\n');
    expect(await programs.failing(['-c', conf])).toEqual({
      code: 1,
      stderr:
        'mqnamesrv: the configuration cannot be used.\n' +
        'bad.conf:2: scanNotActiveBrokerIntervall is not known; the nearest known key is scanNotActiveBrokerInterval\n' +
        'bad.conf:1: listenPort=abc wants a whole number\n',
    });
  });

  it('names the folder that it cannot write', async () => {
    // A file where a folder should be: holds for root too, whom permissions do not stop.
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'readonly'));
    chmodSync(join(folder, 'readonly'), 0o500);
    const path = join(folder, 'file', 'kv.json');
    const { code, stderr } = await programs.failing([
      '--listenPort=0',
      '--httpPort=-1',
      `--kvConfigPath=${path}`,
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mqnamesrv: the folder of kvConfigPath=\S+ cannot be written: .*\n$/);
  });

  it('refuses entries that it cannot read instead of starting without them', async () => {
    const path = programs.writeFile('damaged.json', '{"configTable":{"n":');
    const { code, stderr } = await programs.failing([
      '--listenPort=0',
      '--httpPort=-1',
      `--kvConfigPath=${path}`,
    ]);
    expect([code, stderr.split('\n')[0]]).toEqual([
      1,
      expect.stringContaining('damaged.json and its backup cannot be read'),
    ]);
  });
});
