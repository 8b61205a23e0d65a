import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareLogs } from './commit-logs.mjs';
import { freeClusterPorts } from './free-ports.mjs';
import { compiledJava, SteadyClients } from './java-programs.mjs';
import { mqadmin } from './mqadmin-command.mjs';
import { E2E_DIR } from './tools.mjs';

const REPOSITORY_DIR = join(E2E_DIR, '..');
const EXAMPLES_DIR = join(REPOSITORY_DIR, 'docs', 'examples');
const CLUSTER = 'DefaultCluster';
const MESSAGES_PER_TOPIC = 400;
const READY_WITHIN_MS = 90_000;
const STOP_WITHIN_MS = 40_000;
/** Shares of a round-robin over queues are exact; a send that was tried again may go anywhere. */
const SHARE_TOLERANCE = 0.02;

/**
 * Each cluster of `docs/examples` as `npm start` starts it: topics made with Apache's tool, Apache's client sending to and
 * receiving from all masters, slaves byte-equal to them, a clean stop.
 *
 * @param {{ outputDir: string, test?: string, children: Set<import('node:child_process').ChildProcess> }} context
 * @returns {Promise<import('./reports.mjs').Counts>}
 */
export async function runTopologies({ outputDir, test, children }) {
  const result = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const classPath = await compiledJava({ outputDir, children });
  for (const topology of readdirSync(EXAMPLES_DIR)) {
    if (test && test !== topology) continue;
    const dir = mkdtempSync(join(tmpdir(), 'rocketmq-e2e-topology-'));
    try {
      const figures = await tryTopology({ topology, dir, classPath, children });
      console.log(`  ${topology}: ${figures}`);
      result.passed++;
    } catch (error) {
      result.failed++;
      result.failures.push(`${topology}: ${error.stack}`);
    }
    rmSync(dir, { recursive: true, force: true });
  }
  return result;
}

async function tryTopology({ topology, dir, classPath, children }) {
  const brokers = readdirSync(join(EXAMPLES_DIR, topology))
    .map((file) => file.slice(0, -5))
    .sort();
  const masters = brokers.filter((name) => !name.endsWith('-s'));
  const ports = await freeClusterPorts(brokers.length);
  const cluster = await startCluster(topology, ports, dir);
  const figures = [`ready in ${cluster.readyMs} ms`];
  try {
    const namesrv = `127.0.0.1:${ports.nameserver}`;
    const addressOf = (name) => `127.0.0.1:${ports.broker + 10 * brokers.indexOf(name)}`;
    const topics = [
      await makeTopic({
        name: 'Even',
        queues: masters.map(() => 4),
        namesrv,
        dir,
        masters,
        addressOf,
      }),
    ];
    if (masters.length > 1)
      topics.push(
        await makeTopic({ name: 'Uneven', queues: [3, 1], namesrv, dir, masters, addressOf }),
      );
    for (const topic of topics) {
      figures.push(await sendAndReceive({ topic, masters, namesrv, classPath, dir, children }));
    }
  } finally {
    await cluster.stop();
  }
  for (const name of masters.filter((master) => brokers.includes(`${master}-s`))) {
    const storeOf = (broker) => join(dir, 'data', 'store', broker);
    const { from, to, records } = compareLogs(storeOf(name), storeOf(`${name}-s`));
    if (from !== 0) throw new Error(`the slave of ${name} has nothing below ${from}`);
    figures.push(`${name} and its slave equal in ${records} records, ${to} bytes`);
  }
  return figures.join('; ');
}

/** Through Apache's tool: for the whole cluster where all brokers get as many queues, else broker by broker. */
async function makeTopic({ name, queues, namesrv, dir, masters, addressOf }) {
  const words = (count) => ['-n', namesrv, '-t', name, '-r', `${count}`, '-w', `${count}`];
  if (queues.every((count) => count === queues[0])) {
    await mqadmin(['updateTopic', '-c', CLUSTER, ...words(queues[0])], { dir });
  } else {
    for (const [index, master] of masters.entries()) {
      await mqadmin(['updateTopic', '-b', addressOf(master), ...words(queues[index])], { dir });
    }
  }
  return { name, queues };
}

async function sendAndReceive({ topic, masters, namesrv, classPath, dir, children }) {
  const group = `readers-of-${topic.name}`;
  const clients = new SteadyClients({
    ...{ classPath, namesrv, dir, children },
    topic: topic.name,
    group,
    name: topic.name,
  });
  try {
    await clients.goesOn(MESSAGES_PER_TOPIC);
    const { acknowledged, missing, sentTo, receivedFrom } = await clients.finish();
    if (missing > 0) throw new Error(`${missing} of ${acknowledged} messages were not received`);
    const total = topic.queues.reduce((sum, count) => sum + count, 0);
    masters.forEach((master, index) => {
      const wanted = topic.queues[index] / total;
      for (const counts of [sentTo, receivedFrom]) {
        const share = (counts[master] ?? 0) / acknowledged;
        if (Math.abs(share - wanted) > SHARE_TOLERANCE)
          throw new Error(
            `${master} has ${share} of ${topic.name}, not ${wanted}: ${JSON.stringify(counts)}`,
          );
      }
    });
    return `${topic.name} ${topic.queues.join(' + ')}: ${masters.map((master) => sentTo[master]).join(' + ')} messages`;
  } finally {
    clients.kill();
  }
}

async function startCluster(topology, ports, dir) {
  const child = spawn(
    process.execPath,
    [
      ...[join(REPOSITORY_DIR, 'tools/start/start.mjs'), '--topology', topology],
      ...['--nameserver-port', `${ports.nameserver}`, '--broker-port', `${ports.broker}`],
      ...['--data-dir', join(dir, 'data')],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  // It ends its services itself, given the chance.
  const endIt = () => child.kill('SIGTERM');
  process.once('exit', endIt);
  const startedMs = Date.now();
  let said = '';
  const ended = new Promise((resolve) => child.once('close', resolve));
  const ready = new Promise((resolve) => {
    const listen = (text) => {
      said += text;
      if (said.includes('rocketmq-ts is running')) resolve(true);
    };
    child.stdout.setEncoding('utf8').on('data', listen);
    child.stderr.setEncoding('utf8').on('data', listen);
  });
  const isReady = await Promise.race([ready, ended.then(() => false), after(READY_WITHIN_MS)]);
  if (!isReady) {
    child.kill('SIGTERM');
    throw new Error(`npm start -- --topology ${topology} says:\n${said}`);
  }
  return {
    readyMs: Date.now() - startedMs,
    async stop() {
      process.off('exit', endIt);
      child.kill('SIGTERM');
      const exitCode = await Promise.race([ended, after(STOP_WITHIN_MS)]);
      if (exitCode !== 0 || /killed|unexpectedly/.test(said))
        throw new Error(`the stop: ${exitCode}\n${said}`);
    },
  };
}

const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms, false).unref());
