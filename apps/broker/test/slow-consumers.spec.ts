import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { silentLogger } from '@rocketmq-ts/kernel';
import type { Network } from '@rocketmq-ts/kernel';
import { NodeClock, NodeNetwork } from '@rocketmq-ts/platform';
import {
  PullMessage,
  ResponseCode,
  SendMessageV2,
  UpdateBrokerConfig,
} from '@rocketmq-ts/protocol';
import { RemotingClient } from '@rocketmq-ts/remoting';
import { pullRequest, sendRequest } from './simulated-broker.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
jest.setTimeout(180_000);

const CALL = { timeoutMs: 30_000 };
const SENDS_UNDER_WAY = 32;
const PHASE_MS = 3_000;
const BODY = Buffer.alloc(4_096, 'x');
const COLD_MESSAGES = 10_000;
const STUCK_CONSUMERS = 100;
const PULLS_OF_EACH = 20;

let folder: string;
let child: ChildProcess;
let address: string;
const clients: RemotingClient[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slow-consumers-'));
  const args = ['--import', './tools/dev/register.mjs', 'apps/broker/src/main.ts'];
  const settings = {
    listenPort: 0,
    httpPort: -1,
    bindAddress: '127.0.0.1',
    storePathRootDir: join(folder, 'store'),
    commitLogSegmentBytes: 64 * 1_024 * 1_024,
    // What was written a moment ago counts as old: it comes from files.
    tailCacheBytes: 1_048_576,
    readCacheBytes: 4_194_304,
  };
  child = spawn(
    process.execPath,
    [...args, ...Object.entries(settings).map(([key, value]) => `--${key}=${value}`)],
    {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], HOME: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let said = '';
  for await (const text of child.stdout!) {
    said += String(text);
    const found = /boot success.* address"?[=:]"?([^\s"]+)"?[\s,]/.exec(said);
    if (!found) continue;
    address = found[1]!;
    break;
  }
  child.stdout!.resume();
});
afterAll(async () => {
  for (const client of clients) client.close();
  child.kill('SIGKILL');
  await once(child, 'close');
  rmSync(folder, { recursive: true, force: true });
});

function newClient(network: Network = new NodeNetwork()): RemotingClient {
  const client = new RemotingClient({ network, clock: new NodeClock(), logger: silentLogger });
  clients.push(client);
  return client;
}

/** Connections from which nothing is ever read. */
const deafNetwork = (): Network => {
  const network = new NodeNetwork();
  return {
    listen: (...to) => network.listen(...to),
    connect: (to, onConnection) =>
      network.connect(to, (socket) => {
        const events = onConnection(socket);
        socket.pause();
        return events;
      }),
  };
};

interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
  readonly brokerMib: number;
}

/** Sends with a fixed number of messages under way, for a while or for a number of messages. */
async function produce(client: RemotingClient, untilCount = Infinity): Promise<Figures> {
  const times: number[] = [];
  let failures = 0;
  let started = 0;
  const startMs = performance.now();
  const endMs = untilCount === Infinity ? startMs + PHASE_MS : Infinity;
  const worker = async (): Promise<void> => {
    while (performance.now() < endMs && started++ < untilCount) {
      const sentMs = performance.now();
      const { code } = await client.exchange(
        address,
        SendMessageV2,
        sendRequest('orders', BODY, {}),
        CALL,
      );
      times.push(performance.now() - sentMs);
      if (code !== ResponseCode.SUCCESS) failures++;
    }
  };
  await Promise.all(Array.from({ length: SENDS_UNDER_WAY }, worker));
  const tookMs = performance.now() - startMs;
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)]!;
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return {
    perSecond: Math.round((times.length * 1_000) / tookMs),
    p50Ms: Number(at(0.5).toFixed(2)),
    p99Ms: Number(at(0.99).toFixed(2)),
    failures,
    brokerMib: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1_024),
  };
}

const pull = (client: RemotingClient, group: string, queueOffset: number) =>
  client.exchange(
    address,
    PullMessage,
    pullRequest('orders', queueOffset, { group, maxMsgNums: 32, holdMs: 2_000 }),
    CALL,
  );

/** Reads everything from the start again and again, four pulls under way. */
function scan(client: RemotingClient): { stop: () => Promise<number> } {
  let stopped = false;
  let messages = 0;
  const worker = async (from: number): Promise<void> => {
    for (let offset = from; !stopped;) {
      const answer = await pull(client, `scanner-${from}`, offset);
      const next = Number(answer.ext().get('nextBeginOffset') ?? offset);
      if (answer.code === ResponseCode.FLOW_CONTROL) continue;
      messages += Math.max(next - offset, 0);
      offset = next >= COLD_MESSAGES || next <= offset ? 0 : next;
    }
  };
  const done = Promise.all([0, 2_500, 5_000, 7_500].map(worker));
  return {
    stop: async () => {
      stopped = true;
      await done;
      return messages;
    },
  };
}

// A measurement needs the machine for itself; beside other tests it says nothing, and takes their time.
const measured = process.env['ROCKETMQ_MEASURE'] === '1' ? it : it.skip;

describe('producers', () => {
  measured(
    'are not held up by consumers that do not read, nor by one that reads old messages',
    async () => {
      const producer = newClient();
      await produce(producer, COLD_MESSAGES);
      const alone = await produce(producer);

      const scanner = scan(newClient());
      const withScanner = await produce(producer);
      const scanned = await scanner.stop();
      expect(scanned).toBeGreaterThan(1_000);

      const limit = { header: {}, body: 'coldReadControl=true\n' };
      await producer.call(address, UpdateBrokerConfig, limit, CALL);
      const limited = scan(newClient());
      const withLimitedScanner = await produce(producer);
      const scannedLimited = await limited.stop();

      for (let i = 0; i < STUCK_CONSUMERS; i++) {
        const deaf = newClient(deafNetwork());
        for (let p = 0; p < PULLS_OF_EACH; p++) {
          // Never answered, as far as this side looks.
          pull(deaf, `stuck-${i}`, (p * 97) % COLD_MESSAGES).catch(() => undefined);
        }
      }
      const withStuck = await produce(producer);
      const again = await produce(producer);

      const report = {
        alone,
        withScanner,
        scanned,
        withLimitedScanner,
        scannedLimited,
        withStuck,
        again,
      };
      const path = process.env['SLOW_CONSUMERS_REPORT'];
      if (path !== undefined) writeFileSync(path, JSON.stringify(report, null, 2));
      for (const figures of [alone, withScanner, withLimitedScanner, withStuck, again])
        expect(figures.failures).toBe(0);
      // The scanner runs in this process and on these cores too: what is asked for is that nobody starves.
      expect(withScanner.perSecond).toBeGreaterThan(alone.perSecond * 0.15);
      expect(withLimitedScanner.perSecond).toBeGreaterThan(alone.perSecond * 0.5);
      expect(scannedLimited).toBeLessThan(scanned / 2);
      expect(withStuck.perSecond).toBeGreaterThan(alone.perSecond * 0.5);
      expect(withStuck.p99Ms).toBeLessThan(Math.max(alone.p99Ms * 5, 250));
      // A hundred peers that do not read may cost what the limits allow, not what they ask for.
      expect(withStuck.brokerMib).toBeLessThan(alone.brokerMib + 512);
    },
  );
});
