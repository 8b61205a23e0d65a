import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { silentLogger } from '@rocketmq-ts/kernel';
import { NodeClock, NodeNetwork } from '@rocketmq-ts/platform';
import { decodeRecords, PullMessage, ResponseCode, SendMessageV2 } from '@rocketmq-ts/protocol';
import { RemotingClient } from '@rocketmq-ts/remoting';
import { Programs } from '@rocketmq-ts/testing';
import { pullRequest, sendRequest } from './requests.js';

const STOP_WITHIN_MS = 10_000;
const CALL = { timeoutMs: 20_000 };
/** Acknowledged messages, not a time: a loaded machine needs seconds for what another does at once. */
const ANSWERS_BEFORE_A_KILL = 300;
// A start from sources compiles them, four times in one test, on a machine that others use too.
jest.setTimeout(240_000);

const programs = new Programs('apps/broker/src/main.ts');
const { folder } = programs;
afterAll(() => programs.close());
let storeCount = 0;

const newStore = (): string => join(folder, `store-${++storeCount}`);
const onStore = (store: string): string[] => [
  '--listenPort=0',
  '--bindAddress=127.0.0.1',
  `--storePathRootDir=${store}`,
  '--commitLogSegmentBytes=4194304',
  '--tailCacheBytes=1048576',
];
const newClient = () =>
  new RemotingClient({ network: new NodeNetwork(), clock: new NodeClock(), logger: silentLogger });

/** Everything in queue 0 of `orders`. */
async function bodiesOf(client: RemotingClient, address: string): Promise<string[]> {
  const bodies: string[] = [];
  for (let offset = 0; ;) {
    const answer = await client.exchange(
      address,
      PullMessage,
      pullRequest('orders', offset, {}),
      CALL,
    );
    if (answer.code !== ResponseCode.SUCCESS) {
      // Any other answer, or one before the end, would make what is there look lost.
      const { code, remark } = answer;
      expect({ code, remark, maxOffset: answer.ext().get('maxOffset') }).toEqual({
        code: ResponseCode.PULL_NOT_FOUND,
        remark: expect.any(String),
        maxOffset: String(offset),
      });
      return bodies;
    }
    for (const record of decodeRecords(answer.body)) {
      bodies.push(record.bodyBytes.toString('utf8', record.bodyStart, record.bodyEnd));
    }
    offset = Number(answer.ext().get('nextBeginOffset'));
  }
}

describe('mqbroker', () => {
  it('serves, stops cleanly on SIGTERM with a pull held, and has everything after a restart', async () => {
    const store = newStore();
    const first = await programs.start(onStore(store));
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

    const second = await programs.start(onStore(store));
    expect(await bodiesOf(client, second.address)).toEqual(['a', 'b']);
    await second.program.stop('SIGTERM');
    client.close();
  });

  it('loses nothing that it answered when it is killed', async () => {
    const store = newStore();
    const answered = new Set<string>();
    for (let round = 0; round < 3; round++) {
      const { program, address } = await programs.start(onStore(store));
      const client = newClient();
      const goal = answered.size + ANSWERS_BEFORE_A_KILL;
      let stopped = false;
      const produce = async (producer: number, reached: () => void): Promise<void> => {
        for (let i = 0; !stopped; i++) {
          const body = `${round}-${producer}-${i}`;
          const request = sendRequest('orders', body, {});
          const answer = await client
            .exchange(address, SendMessageV2, request, CALL)
            .catch(() => undefined);
          if (answer?.code === ResponseCode.SUCCESS) answered.add(body);
          if (answered.size >= goal) reached();
        }
      };
      let producers: Promise<void>[] = [];
      const enough = new Promise<void>((resolve) => {
        producers = Array.from({ length: 8 }, (_, i) => produce(i, resolve));
      });
      const ended = program.ended.then((code) => {
        throw new Error(`ended with ${code}: ${program.stdout}${program.stderr}`);
      });
      await Promise.race([enough, ended]);
      await program.stop('SIGKILL');
      stopped = true;
      await Promise.all(producers);
      client.close();
    }
    const { program, address } = await programs.start(onStore(store));
    const client = newClient();
    const stored = await bodiesOf(client, address);
    client.close();
    await program.stop('SIGTERM');
    const found = new Set(stored);
    expect([...answered].filter((body) => !found.has(body))).toEqual([]);
    expect(found.size).toBe(stored.length);
  });

  it('prints its settings and its help, and takes Apache’s flags', async () => {
    const conf = programs.writeFile(
      'broker.conf',
      'brokerName = broker-b\nsendMessageThreadPoolNums=16\n',
    );
    const print = programs.run(['-n', '10.0.0.9:9876', '-c', conf, '-p']);
    expect(await print.ended).toBe(0);
    expect(print.stdout).toMatch(/^brokerName +broker-b /m);
    expect(print.stdout).toMatch(/^namesrvAddr +10\.0\.0\.9:9876 /m);
    expect(print.stdout).toContain('sendMessageThreadPoolNums');
    const help = programs.run(['-h']);
    expect(await help.ended).toBe(0);
    expect(help.stdout).toContain('Usage: mqbroker');
  });
});

describe('mqbroker, when it cannot start', () => {
  const blocked = async (work: (port: number) => Promise<void>): Promise<void> => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    await work((other.address() as AddressInfo).port);
    other.close();
  };

  it('names the port that is in use, and leaves the store to others', async () => {
    const store = newStore();
    await blocked(async (port) => {
      const { code, stderr } = await programs.failing([...onStore(store), `--listenPort=${port}`]);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        new RegExp(`^mqbroker: port ${port} on 127.0.0.1 is in use by another process; .*\\n$`),
      );
      const fast = await programs.failing([...onStore(store), `--fastListenPort=${port}`]);
      expect(fast.code).toBe(1);
      expect(fast.stderr).toMatch(new RegExp(`^mqbroker: port ${port} on 127.0.0.1 is in use`));
    });
    const { program } = await programs.start(onStore(store));
    await program.stop('SIGTERM');
  });

  it('says that another broker has the store', async () => {
    const store = newStore();
    const { program } = await programs.start(onStore(store));
    const { code, stderr } = await programs.failing(onStore(store));
    await program.stop('SIGTERM');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mqbroker: the store is in use by another process \(lock file .*\)\n$/);
  });

  it('names the folder that it cannot write', async () => {
    // A file where a folder should be: holds for root too, whom permissions do not stop.
    const file = programs.writeFile('file', '');
    const { code, stderr } = await programs.failing(onStore(join(file, 'store')));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mqbroker: .*file.*\n$/);
  });

  it('names the settings that are wrong', async () => {
    const conf = programs.writeFile('bad.conf', 'listenPort=abc\nbrokerNam=b\n');
    const { code, stderr } = await programs.failing(['-c', conf]);
    expect(code).toBe(1);
    expect(stderr).toContain('bad.conf:1: listenPort=abc wants a whole number');
    expect(stderr).toContain(
      'bad.conf:2: brokerNam is not known; the nearest known key is brokerName',
    );
  });

  it('says which delay levels it cannot read', async () => {
    const { code, stderr } = await programs.failing([
      ...onStore(newStore()),
      '--messageDelayLevel=1s 5x',
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/"5x" is no delay/);
  });

  it('names the table that it cannot read instead of starting without it', async () => {
    const store = newStore();
    mkdirSync(join(store, 'config'), { recursive: true });
    writeFileSync(join(store, 'config', 'topics.json'), '{"topicConfigTable":{');
    const { code, stderr } = await programs.failing(onStore(store));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mqbroker: .*topics\.json and its backup cannot be read .*\n$/);
  });
});
