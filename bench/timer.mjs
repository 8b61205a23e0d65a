/**
 * What waiting messages cost and how late they come.
 *
 *   node --import ./tools/dev/register.mjs bench/timer.mjs [--pending 1000000] [--rate 5000] [--seconds 30] [--body 100]
 *
 * 1. Memory: a broker at rest, after plain messages that fill its caches, and with `pending` timed messages spread over a
 *    day. 2. Lateness: `rate` messages fall due per second for `seconds`, beside those; each delivered message tells when it
 * was due and when it was stored. Prints one line of JSON. Exit code 1: early, lost or repeated messages.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { judge, pause, TimerClient } from '../e2e/timer/timer-client.mjs';

const { values } = parseArgs({
  options: {
    pending: { type: 'string', default: '1000000' },
    rate: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '30' },
    body: { type: 'string', default: '100' },
    plain: { type: 'string', default: '200000' },
    flush: { type: 'string', default: 'ASYNC_FLUSH' },
  },
});
const [pending, rate, seconds, bodyBytes, plain] = [
  values.pending,
  values.rate,
  values.seconds,
  values.body,
  values.plain,
].map(Number);
const DAY_MS = 86_400_000;
// the build, as it is deployed: from sources, the compiler's own memory would count
const BROKER = new URL('../apps/broker/bin/mqbroker.js', import.meta.url).pathname;

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const directory = mkdtempSync(join(tmpdir(), 'rocketmq-timer-'));
const [port, httpPort] = [await freePort(), await freePort()];
const conf = join(directory, 'broker.conf');
writeFileSync(
  conf,
  [
    'brokerName=broker-a',
    'brokerIP1=127.0.0.1',
    `listenPort=${port}`,
    `httpPort=${httpPort}`,
    `storePathRootDir=${join(directory, 'store')}`,
    `flushDiskType=${values.flush}`,
    'bindAddress=127.0.0.1',
  ].join('\n'),
);
const broker = spawn(process.execPath, [BROKER, '-c', conf], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
const client = new TimerClient(`127.0.0.1:${port}`);
let brokerEnded = false;
broker.once('exit', () => (brokerEnded = true));

/** Resident memory that is the process's own, MiB. */
const memoryMiB = () => {
  const status = readFileSync(`/proc/${broker.pid}/status`, 'latin1');
  return Number(/RssAnon:\s+(\d+)/.exec(status)[1]) / 1024;
};
const metric = async (name) => {
  const page = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
  const line = page.split('\n').find((text) => text.startsWith(name));
  return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ')));
};
/** What of it V8 knows, MiB. */
const memoryParts = async () => {
  const inMiB = async (name) => Math.round((await metric(name)) / 1_048_576);
  return {
    heapUsed: await inMiB('nodejs_heap_size_used_bytes'),
    heapTotal: await inMiB('nodejs_heap_size_total_bytes'),
    external: await inMiB('nodejs_external_memory_bytes'),
  };
};
const body = Buffer.alloc(bodyBytes, 'x');

async function settled() {
  while ((await metric('rocketmq_timer_enqueue_lag')) > 0) await pause(200);
  await pause(4_000);
}

async function run() {
  for (;;) {
    if (brokerEnded) throw new Error('the broker ended');
    if (await metric('rocketmq_topic_number').catch(() => 0)) break;
    await pause(100);
  }
  await pause(1_000);
  const restMiB = memoryMiB();
  await client.send('timer-due', 0, {}, body);
  await client.sendAll('timer-plain', plain, () => ({ properties: {}, body }));
  await pause(4_000);
  const plainMiB = memoryMiB();
  const plainParts = await memoryParts();

  const beginMs = Date.now();
  const first = beginMs + 3_600_000;
  await client.sendAll('timer-pending', pending, (number) => {
    const dueMs = first + Math.floor((((number * 7_919) % pending) * DAY_MS) / pending);
    return { properties: { TIMER_DELIVER_MS: String(dueMs) }, body };
  });
  const sendSeconds = (Date.now() - beginMs) / 1_000;
  await settled();
  const pendingMiB = memoryMiB();
  const pendingParts = await memoryParts();
  const waiting = await metric('rocketmq_timer_dequeue_lag');

  const count = rate * seconds;
  const dueFrom = Date.now() + 8_000 + Math.ceil(count / 8);
  const names = Array.from({ length: count }, (_, number) => `due-${number}`);
  await client.sendAll('timer-due', count, (number) => {
    const dueMs = dueFrom + Math.floor((number * 1_000) / rate);
    const named = Buffer.from(names[number]);
    return { properties: { TIMER_DELIVER_MS: String(dueMs) }, body: named };
  });
  const headroomMs = dueFrom - Date.now();
  await pause(Math.max(0, dueFrom - Date.now()) + seconds * 1_000 + 3_000);
  const dueMiB = memoryMiB();
  const delivered = await client.delivered('timer-due');
  const judged = judge(
    names,
    delivered.filter(({ body: text }) => text.startsWith('due-')),
  );
  const result = {
    pending,
    waiting,
    bodyBytes,
    flush: values.flush,
    sendsPerSecond: Math.round(pending / sendSeconds),
    memoryMiB: {
      rest: Math.round(restMiB),
      afterPlain: Math.round(plainMiB),
      withPending: Math.round(pendingMiB),
      aboveRest: Math.round(pendingMiB - restMiB),
      abovePlain: Math.round(pendingMiB - plainMiB),
      whileDue: Math.round(dueMiB),
      plainParts,
      pendingParts,
    },
    lateness: { rate, seconds, headroomMs, ...judged },
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  const { lost, early, repeated } = judged;
  if (lost > 0 || early > 0 || repeated > 0 || headroomMs < 0) process.exitCode = 1;
}

try {
  await run();
} finally {
  client.close();
  broker.kill('SIGTERM');
  await new Promise((resolve) => (brokerEnded ? resolve() : broker.once('exit', resolve)));
  rmSync(directory, { recursive: true, force: true });
}
