import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { silentLogger } from '@rocketmq-ts/kernel';
import { NodeClock, NodeNetwork } from '@rocketmq-ts/platform';
import { UpdateBrokerConfig } from '@rocketmq-ts/protocol';
import { RemotingClient } from '@rocketmq-ts/remoting';
import type { Order, Produced, Scanned } from './measured-clients.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
jest.setTimeout(180_000);

/** As long as cold reads are counted over: a phase sees one whole window, whenever it begins. */
const PHASE_MS = 5_000;
const BODY_BYTES = 4_096;
const COLD_MESSAGES = 20_000;
const SCANNERS = 4;
const MIB = 1_024 * 1_024;
/** The default of `coldReadBytesPerGroup`. */
const GROUP_LIMIT_BYTES = 3 * MIB;
const TOTAL_LIMIT_BYTES = 100 * MIB;

let folder: string;
let broker: ChildProcess;
let address: string;
const clients: ChildProcess[] = [];

const run = (script: string, args: string[]): ChildProcess =>
  spawn(process.execPath, ['--import', './tools/dev/register.mjs', script, ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: ['pipe', 'pipe', 'inherit'],
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slow-consumers-'));
  const settings = {
    listenPort: 0,
    httpPort: -1,
    bindAddress: '127.0.0.1',
    storePathRootDir: join(folder, 'store'),
    commitLogSegmentBytes: 64 * MIB,
    // What was written a moment ago counts as old: it comes from files.
    tailCacheBytes: MIB,
    readCacheBytes: 4 * MIB,
  };
  const args = Object.entries(settings).map(([key, value]) => `--${key}=${value}`);
  broker = run('apps/broker/src/main.ts', args);
  for await (const line of createInterface(broker.stdout!)) {
    const found = /boot success.* address"?[=:]"?([^\s"]+)"?[\s,]/.exec(line);
    if (!found) continue;
    address = found[1]!;
    break;
  }
  broker.stdout!.resume();
});
afterAll(async () => {
  for (const process of [...clients, broker]) {
    if (process.exitCode !== null || process.signalCode !== null) continue;
    process.kill('SIGKILL');
    await once(process, 'close');
  }
  rmSync(folder, { recursive: true, force: true });
});

interface Client<R> {
  /** Lets it come to its end. */
  finish(): Promise<R>;
}

/** A client in a process of its own, at work when this returns. */
async function start<R>(order: Order): Promise<Client<R>> {
  const child = run('apps/broker/test/measured-clients.ts', [JSON.stringify(order)]);
  clients.push(child);
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`a client that should ${order.role} ended too early`);
    return value;
  };
  expect(await next()).toBe('ready');
  return {
    finish: async () => {
      child.stdin!.end();
      return JSON.parse(await next()) as R;
    },
  };
}

interface Phase extends Produced {
  readonly what: string;
  readonly brokerMib: number;
  readonly scannedPerSecond: number | undefined;
}

const phases: Phase[] = [];

async function produce(limits: { forMs?: number; untilCount?: number }): Promise<Produced> {
  const order = { role: 'produce', address, bodyBytes: BODY_BYTES, underWay: 32, ...limits };
  return (await start<Produced>(order as Order)).finish();
}

/** Sends for a while. @returns what the producer saw, and what the scanners beside it were given */
async function phase(what: string, groupPrefix?: string): Promise<Phase & { scanned: number }> {
  const scanOrder = { role: 'scan', address, groupCount: SCANNERS, messageCount: COLD_MESSAGES };
  const scanner =
    groupPrefix === undefined
      ? undefined
      : await start<Scanned>({ ...scanOrder, groupPrefix } as Order);
  const produced = await produce({ forMs: PHASE_MS });
  const status = readFileSync(`/proc/${broker.pid}/status`, 'utf8');
  const brokerMib = Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1_024);
  const scanned = await scanner?.finish();
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

    const deaf = await start<object>({
      role: 'deaf',
      address,
      consumerCount: 100,
      pullsOfEach: 20,
      messageCount: COLD_MESSAGES,
    });
    const withDeaf = await phase('consumers that do not read');
    const again = await phase('the same consumers, later');
    await deaf.finish();
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
