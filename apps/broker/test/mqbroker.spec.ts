import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { silentLogger } from '@rocketmq-ts/kernel';
import { NodeClock, NodeNetwork } from '@rocketmq-ts/platform';
import { decodeRecords, PullMessage, ResponseCode, SendMessageV2 } from '@rocketmq-ts/protocol';
import { RemotingClient } from '@rocketmq-ts/remoting';
import { pullRequest, sendRequest } from './simulated-broker.js';

/** From the sources: the build is not needed for this test and is not tested by it. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const COMMAND = ['--import', './tools/dev/register.mjs', 'apps/broker/src/main.ts'];
const STOP_WITHIN_MS = 10_000;
const CALL = { timeoutMs: 20_000 };
// A start from sources compiles them, on a machine that others use too.
jest.setTimeout(90_000);

let folder: string;
let storeCount = 0;
const running = new Set<ChildProcess>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mqbroker-'));
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

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [...COMMAND, ...args], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], HOME: folder },
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

const newStore = (): string => join(folder, `store-${++storeCount}`);
const onStore = (store: string): string[] => [
  '--listenPort=0',
  '--bindAddress=127.0.0.1',
  `--storePathRootDir=${store}`,
  '--commitLogSegmentBytes=4194304',
  '--tailCacheBytes=1048576',
];
const start = async (args: readonly string[]) => {
  const program = new Program(args);
  const [, address, httpPort] = await program.says(
    /boot success.* address"?[=:]"?([^\s"]+)"?[\s,].*httpPort"?[=:](\d+)/,
  );
  return { program, address: address!, http: `http://127.0.0.1:${httpPort}` };
};
const newClient = () =>
  new RemotingClient({ network: new NodeNetwork(), clock: new NodeClock(), logger: silentLogger });
const configFile = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

async function bodiesOf(client: RemotingClient, address: string): Promise<string[]> {
  const bodies: string[] = [];
  for (let offset = 0; ;) {
    const answer = await client.exchange(
      address,
      PullMessage,
      pullRequest('orders', offset, {}),
      CALL,
    );
    if (answer.code !== ResponseCode.SUCCESS) return bodies;
    for (const record of decodeRecords(answer.body)) {
      bodies.push(record.bodyBytes.toString('utf8', record.bodyStart, record.bodyEnd));
    }
    offset = Number(answer.ext().get('nextBeginOffset'));
  }
}

describe('mqbroker', () => {
  it('serves, stops cleanly on SIGTERM with a pull held, and has everything after a restart', async () => {
    const store = newStore();
    const first = await start(onStore(store));
    const client = newClient();
    for (const body of ['a', 'b']) {
      const answer = await client.exchange(
        first.address,
        SendMessageV2,
        sendRequest('orders', body, {}),
        CALL,
      );
      expect(answer.code).toBe(ResponseCode.SUCCESS);
    }
    expect(await (await fetch(`${first.http}/healthz`)).text()).toBe('alive\n');
    expect(await (await fetch(`${first.http}/readyz`)).text()).toBe('ready\n');
    const metrics = await (await fetch(`${first.http}/metrics`)).text();
    expect(metrics).toMatch(/^rocketmq_messages_in_total\{.*topic="orders".*\} 2$/m);

    const held = client.exchange(
      first.address,
      PullMessage,
      pullRequest('orders', 2, { holdMs: 15_000 }),
      CALL,
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { code, tookMs } = await first.program.stop('SIGTERM');
    expect((await held).code).toBe(ResponseCode.PULL_NOT_FOUND);
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(STOP_WITHIN_MS);
    expect(first.program.stderr).toBe('');
    expect(first.program.stdout).toMatch(/INFO {2}stopped\n$/);

    const second = await start(onStore(store));
    expect(await bodiesOf(client, second.address)).toEqual(['a', 'b']);
    await second.program.stop('SIGTERM');
    client.close();
  });

  it('loses nothing that it answered when it is killed', async () => {
    const store = newStore();
    const answered = new Set<string>();
    for (let round = 0; round < 3; round++) {
      const { program, address } = await start(onStore(store));
      const client = newClient();
      let stopped = false;
      const produce = async (producer: number): Promise<void> => {
        for (let i = 0; !stopped; i++) {
          const body = `${round}-${producer}-${i}`;
          const request = sendRequest('orders', body, {});
          const answer = await client
            .exchange(address, SendMessageV2, request, CALL)
            .catch(() => undefined);
          if (answer?.code === ResponseCode.SUCCESS) answered.add(body);
        }
      };
      const producers = Array.from({ length: 8 }, (_, i) => produce(i));
      await new Promise((resolve) => setTimeout(resolve, 300));
      await program.stop('SIGKILL');
      stopped = true;
      await Promise.all(producers);
      client.close();
    }
    const { program, address } = await start(onStore(store));
    const client = newClient();
    const stored = await bodiesOf(client, address);
    client.close();
    await program.stop('SIGTERM');
    expect(answered.size).toBeGreaterThan(100);
    expect([...answered].filter((body) => !stored.includes(body))).toEqual([]);
    expect(new Set(stored).size).toBe(stored.length);
  });

  it('prints its settings and its help, and takes Apache’s flags', async () => {
    const conf = configFile('broker.conf', 'brokerName = broker-b\nsendMessageThreadPoolNums=16\n');
    const print = new Program(['-n', '10.0.0.9:9876', '-c', conf, '-p']);
    expect(await print.ended).toBe(0);
    expect(print.stdout).toMatch(/^brokerName +broker-b /m);
    expect(print.stdout).toMatch(/^namesrvAddr +10\.0\.0\.9:9876 /m);
    expect(print.stdout).toContain('sendMessageThreadPoolNums');
    const help = new Program(['-h']);
    expect(await help.ended).toBe(0);
    expect(help.stdout).toContain('Usage: mqbroker');
  });
});

describe('mqbroker, when it cannot start', () => {
  const failing = async (args: readonly string[]) => {
    const program = new Program(args);
    const code = await program.ended;
    expect(program.stdout).not.toContain('boot success');
    return { code, stderr: program.stderr };
  };
  const blocked = async (work: (port: number) => Promise<void>): Promise<void> => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    await work((other.address() as AddressInfo).port);
    other.close();
  };

  it('names the port that is in use, and leaves the store to others', async () => {
    const store = newStore();
    await blocked(async (port) => {
      const { code, stderr } = await failing([...onStore(store), `--listenPort=${port}`]);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        new RegExp(`^mqbroker: port ${port} on 127.0.0.1 is in use by another process; .*\\n$`),
      );
      const fast = await failing([...onStore(store), `--fastListenPort=${port}`]);
      expect(fast.code).toBe(1);
      expect(fast.stderr).toMatch(new RegExp(`^mqbroker: port ${port} on 127.0.0.1 is in use`));
    });
    const { program } = await start(onStore(store));
    await program.stop('SIGTERM');
  });

  it('says that another broker has the store', async () => {
    const store = newStore();
    const { program } = await start(onStore(store));
    const { code, stderr } = await failing(onStore(store));
    await program.stop('SIGTERM');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mqbroker: the store is in use by another process \(lock file .*\)\n$/);
  });

  it('names the folder that it cannot write', async () => {
    // A file where a folder should be: holds for root too, whom permissions do not stop.
    const file = configFile('file', '');
    const { code, stderr } = await failing(onStore(join(file, 'store')));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mqbroker: .*file.*\n$/);
  });

  it('names the settings that are wrong', async () => {
    const conf = configFile('bad.conf', 'listenPort=abc\nbrokerNam=b\n');
    const { code, stderr } = await failing(['-c', conf]);
    expect(code).toBe(1);
    expect(stderr).toContain('bad.conf:1: listenPort=abc wants a whole number');
    expect(stderr).toContain(
      'bad.conf:2: brokerNam is not known; the nearest known key is brokerName',
    );
  });

  it('says which delay levels it cannot read', async () => {
    const { code, stderr } = await failing([...onStore(newStore()), '--messageDelayLevel=1s 5x']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/"5x" is no delay/);
  });

  it('names the table that it cannot read instead of starting without it', async () => {
    const store = newStore();
    mkdirSync(join(store, 'config'), { recursive: true });
    writeFileSync(join(store, 'config', 'topics.json'), '{"topicConfigTable":{');
    const { code, stderr } = await failing(onStore(store));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mqbroker: .*topics\.json and its backup cannot be read .*\n$/);
  });
});
