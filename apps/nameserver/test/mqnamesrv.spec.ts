import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { silentLogger } from '@rocketmq-ts/kernel';
import { NodeClock, NodeNetwork } from '@rocketmq-ts/platform';
import { GetRouteinfoByTopic, PutKvConfig, RegisterBroker } from '@rocketmq-ts/protocol';
import { RemotingClient } from '@rocketmq-ts/remoting';
import { registration } from './simulated-nameserver.js';

/** From the sources: the build is not needed for this test and is not tested by it. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const COMMAND = ['--import', './tools/dev/register.mjs', 'apps/nameserver/src/main.ts'];
const STOP_WITHIN_MS = 10_000;
// A start from sources compiles them, on a machine that others use too.
jest.setTimeout(60_000);

let folder: string;
const running = new Set<ChildProcess>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mqnamesrv-'));
});
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A process with what it has written so far. */
class Program {
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | string>;
  readonly child: ChildProcess;

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    this.child = spawn(process.execPath, [...COMMAND, ...args], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], HOME: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this.child);
    this.child.stdout!.on('data', (text) => (this.stdout += String(text)));
    this.child.stderr!.on('data', (text) => (this.stderr += String(text)));
    this.ended = once(this.child, 'close').then(([code, signal]) => {
      running.delete(this.child);
      return (code ?? signal) as number | string;
    });
  }

  /** Resolves when a line matches. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.stdout);
      if (found) return found;
      const more = once(this.child.stdout!, 'data').then(() => true);
      const ended = this.ended.then(() => false);
      if (!(await Promise.race([more, ended])) && !pattern.test(this.stdout))
        throw new Error(`ended without ${String(pattern)}: ${this.stdout}${this.stderr}`);
    }
  }

  /** @returns exit code and how long it took. */
  async stop(signal: NodeJS.Signals): Promise<{ code: number | string; tookMs: number }> {
    const startedMs = performance.now();
    this.child.kill(signal);
    const code = await this.ended;
    return { code, tookMs: performance.now() - startedMs };
  }
}

const start = async (args: readonly string[] = [], env?: Record<string, string>) => {
  const program = new Program(['--listenPort=0', ...args], env);
  const [, port, httpPort] = await program.says(
    /boot success.*address"?[=:]"?[^\s"]+:(\d+)"?[\s,].*httpPort"?[=:](\d+)/,
  );
  return { program, address: `127.0.0.1:${port}`, http: `http://127.0.0.1:${httpPort}` };
};
const newClient = () =>
  new RemotingClient({ network: new NodeNetwork(), clock: new NodeClock(), logger: silentLogger });
const configFile = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe('mqnamesrv', () => {
  it('serves, keeps its key-value entries over a restart, and stops cleanly on SIGTERM with clients connected', async () => {
    const conf = configFile(
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
    expect(tookMs).toBeLessThan(900);
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
    const conf = configFile('print.conf', 'listenPort=19876\nserverWorkerThreads=16\n');
    const print = new Program(['-c', conf, '-p']);
    expect(await print.ended).toBe(0);
    expect(print.stdout).toMatch(/^listenPort +19876 +port +print\.conf:1 +listenPort$/m);
    expect(print.stdout).toContain(
      'note: keys of Apache without effect here (file): serverWorkerThreads',
    );
    const help = new Program(['-h']);
    expect(await help.ended).toBe(0);
    expect(help.stdout).toContain('Usage: mqnamesrv');
  });
});

describe('mqnamesrv, when it cannot start', () => {
  const failing = async (args: readonly string[]) => {
    const program = new Program(args);
    const code = await program.ended;
    expect(program.stdout).not.toContain('boot success');
    return { code, stderr: program.stderr };
  };

  it('names the port that is in use', async () => {
    const other: Server = createServer().listen(0, '0.0.0.0');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await failing([`--listenPort=${port}`, '--httpPort=-1']);
    other.close();
    expect(code).toBe(1);
    expect(stderr).toBe(
      `mqnamesrv: port ${port} on 0.0.0.0 is in use by another process; stop that one or choose another port.\n`,
    );
  });

  it('names the settings that are wrong', async () => {
    const conf = configFile('bad.conf', 'listenPort=abc\nscanNotActiveBrokerIntervall=1\n');
    expect(await failing(['-c', conf])).toEqual({
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
    const { code, stderr } = await failing([
      '--listenPort=0',
      '--httpPort=-1',
      `--kvConfigPath=${path}`,
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mqnamesrv: the folder of kvConfigPath=\S+ cannot be written: .*\n$/);
  });

  it('refuses entries that it cannot read instead of starting without them', async () => {
    const path = configFile('damaged.json', '{"configTable":{"n":');
    const { code, stderr } = await failing([
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
