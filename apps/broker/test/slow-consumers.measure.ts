import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { silentLogger } from '@rocketmq-ts/kernel';
import { NodeClock, NodeNetwork } from '@rocketmq-ts/platform';
import { UpdateBrokerConfig } from '@rocketmq-ts/protocol';
import { RemotingClient } from '@rocketmq-ts/remoting';
import { type Program, Programs } from '@rocketmq-ts/testing';
import type { Order, Produced, Scanned } from './measured-clients.js';

const brokers = new Programs('apps/broker/src/main.ts');
const clients = new Programs('apps/broker/test/measured-clients.ts');
jest.setTimeout(600_000);

/** As long as cold reads are counted over: a phase sees one whole window, whenever it begins. */
const PHASE_MS = 5_000;
const BODY_BYTES = 4_096;
const COLD_MESSAGES = 20_000;
const SCANNERS = 4;
const MIB = 1_024 * 1_024;
/** The default of `coldReadBytesPerGroup`. */
const GROUP_LIMIT_BYTES = 3 * MIB;
const TOTAL_LIMIT_BYTES = 100 * MIB;

let broker: Program;
let address: string;

beforeAll(async () => {
  const settings = {
    listenPort: 0,
    httpPort: 0,
    bindAddress: '127.0.0.1',
    storePathRootDir: join(brokers.folder, 'store'),
    commitLogSegmentBytes: 64 * MIB,
    // What was written a moment ago counts as old: it comes from files.
    tailCacheBytes: MIB,
    readCacheBytes: 4 * MIB,
  };
  const args = Object.entries(settings).map(([key, value]) => `--${key}=${value}`);
  ({ program: broker, address } = await brokers.start(args));
});
afterAll(() => {
  clients.close();
  brokers.close();
});

/** A client in a process of its own, at work when this returns. */
async function start(order: Order): Promise<Program> {
  const client = clients.run([JSON.stringify(order)]);
  await client.says(/^ready$/m);
  return client;
}

/** What a client found, once it is over. */
async function resultOf<R>(client: Program): Promise<R> {
  const code = await client.ended;
  if (code !== 0) throw new Error(`a client ended with ${code}: ${client.stderr}`);
  return JSON.parse(client.stdout.trim().split('\n').at(-1)!) as R;
}

async function stopped<R>(client: Program): Promise<R> {
  client.child.kill('SIGTERM');
  return resultOf<R>(client);
}

interface Phase extends Produced {
  readonly what: string;
  readonly brokerMib: number;
  readonly scannedPerSecond: number | undefined;
}

const phases: Phase[] = [];

async function produce(limits: { forMs?: number; untilCount?: number }): Promise<Produced> {
  const order: Order = { role: 'produce', address, bodyBytes: BODY_BYTES, underWay: 32, ...limits };
  return resultOf<Produced>(await start(order));
}

/** Sends for a while. @returns what the producer saw, and what the scanners beside it were given */
async function phase(what: string, groupPrefix?: string): Promise<Phase & { scanned: number }> {
  const order = { address, groupCount: SCANNERS, messageCount: COLD_MESSAGES };
  const scanner = groupPrefix ? await start({ role: 'scan', groupPrefix, ...order }) : undefined;
  const produced = await produce({ forMs: PHASE_MS });
  const scanned = scanner && (await stopped<Scanned>(scanner));
  const status = readFileSync(`/proc/${broker.child.pid}/status`, 'utf8');
  const brokerMib = Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1_024);
  const seen = { what, ...produced, brokerMib, scannedPerSecond: scanned?.perSecond };
  phases.push(seen);
  return { ...seen, scanned: scanned?.messages ?? 0 };
}

async function configure(properties: string): Promise<void> {
  const client = new RemotingClient({
    network: new NodeNetwork(),
    clock: new NodeClock(),
    logger: silentLogger,
  });
  const message = { header: {}, body: properties };
  await client.call(address, UpdateBrokerConfig, message, { timeoutMs: 30_000 });
  client.close();
}

describe('producers', () => {
  it('are not held up by consumers that do not read, nor by one that reads old messages', async () => {
    await produce({ untilCount: COLD_MESSAGES });
    await produce({ forMs: 2_000 });
    const alone = await phase('nothing');
    const withScanner = await phase('scanners', 'free');

    await configure('coldReadControl=true\n');
    // A window in which nobody has read: each limit is there to be used up.
    await sleep(PHASE_MS);
    const atGroupLimit = await phase('scanners at the limit of a group', 'limited');
    await configure(`coldReadBytesPerGroup=${TOTAL_LIMIT_BYTES}\n`);
    await sleep(PHASE_MS);
    const atTotalLimit = await phase('scanners at the limit of all', 'together');
    await configure('coldReadControl=false\n');

    const deaf = await start({
      role: 'deaf',
      address,
      consumerCount: 100,
      pullsOfEach: 20,
      messageCount: COLD_MESSAGES,
    });
    const withDeaf = await phase('consumers that do not read');
    const again = await phase('the same consumers, later');
    await stopped(deaf);
    console.table(phases);

    for (const { failures } of phases) expect(failures).toBe(0);
    expect(withScanner.perSecond).toBeGreaterThan(alone.perSecond * 0.5);
    expect(withScanner.scanned).toBeGreaterThan(COLD_MESSAGES);
    // Three windows at most are touched by a phase, and each group may go past its limit by one answer.
    const groupMessagesMax = (3 * SCANNERS * (GROUP_LIMIT_BYTES + 2 * 65_536)) / BODY_BYTES;
    expect(atGroupLimit.scanned).toBeGreaterThan(groupMessagesMax / 6);
    expect(atGroupLimit.scanned).toBeLessThan(groupMessagesMax);
    expect(atGroupLimit.perSecond).toBeGreaterThan(alone.perSecond * 0.7);
    const totalMessagesMax = (3 * (TOTAL_LIMIT_BYTES + 2 * SCANNERS * 65_536)) / BODY_BYTES;
    expect(atTotalLimit.scanned).toBeGreaterThan(totalMessagesMax / 6);
    expect(atTotalLimit.scanned).toBeLessThan(totalMessagesMax);
    expect(atTotalLimit.perSecond).toBeGreaterThan(alone.perSecond * 0.5);
    expect(withDeaf.perSecond).toBeGreaterThan(alone.perSecond * 0.5);
    expect(withDeaf.p99Ms).toBeLessThan(Math.max(alone.p99Ms * 5, 250));
    // A hundred peers that do not read may cost what the limits allow, not what they ask for.
    expect(again.brokerMib).toBeLessThan(alone.brokerMib + 512);
  });
});
