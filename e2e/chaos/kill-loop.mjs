#!/usr/bin/env node
// The kill loop: a real broker process is ended with SIGKILL at random moments, half of them while it recovers, under a
// driver that does not share our codec; then everything is read back and checked against the promises.
//
//   node --import ./tools/dev/register.mjs e2e/chaos/kill-loop.mjs [--rounds 200] [--flush async|sync] [--seed N]
//        [--mutant NAME] [--json FILE] [--keep]
//
// `--mutant` starts a broker that is broken on purpose: the run must then end with findings.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkHistory, isClean } from '../../libs/testing/src/history/checker.ts';
import { parseHistory } from '../../libs/testing/src/history/history.ts';
import { seededRandom } from './seeded-random.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const QUEUES = 4;
/** Small segments, so that a run crosses many of their ends. */
const SEGMENT_BYTES = 4 * 1024 * 1024;
const START_DEADLINE_MS = 30_000;

const sleep = (ms) => new Promise((next) => setTimeout(next, ms));

async function freePort() {
  const server = createServer();
  await new Promise((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

const accepts = (port) =>
  new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });

function startBroker(run) {
  const log = openSync(join(run.folder, 'broker.log'), 'a');
  const script = run.mutant
    ? 'apps/broker/test/mutants/mutant-broker.ts'
    : 'apps/broker/bin/mqbroker.js';
  const child = spawn(
    process.execPath,
    [
      ...(run.mutant ? ['--import', './tools/dev/register.mjs'] : []),
      script,
      '-c',
      run.configuration,
    ],
    {
      cwd: root,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...(run.mutant ? { ROCKETMQ_MUTANT: run.mutant } : {}) },
    },
  );
  return {
    child,
    startedMs: performance.now(),
    ended: new Promise((done) => child.once('close', done)),
  };
}

/** @returns ms from the start of the process until its port accepts; it listens only after recovery. */
async function untilAccepting(broker, port) {
  while (performance.now() - broker.startedMs < START_DEADLINE_MS) {
    if (broker.child.exitCode !== null)
      throw new Error(`the broker ended with ${broker.child.exitCode} while starting`);
    if (await accepts(port)) return performance.now() - broker.startedMs;
    await sleep(5);
  }
  throw new Error(`the broker does not accept after ${START_DEADLINE_MS / 1000} s`);
}

async function kill(broker) {
  broker.child.kill('SIGKILL');
  await broker.ended;
}

function percentile(sorted, share) {
  return sorted.length === 0
    ? 0
    : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** What every command of the driver works on. */
const targetOf = (run) => [
  '-broker',
  `127.0.0.1:${run.port}`,
  '-topic',
  'Chaos',
  '-queues',
  String(QUEUES),
];

function drain(run, reader) {
  const path = join(run.folder, `${reader}.jsonl`);
  const result = spawnSync(
    run.driver,
    ['drain', ...targetOf(run), '-reader', reader, '-history', path],
    { encoding: 'utf8' },
  );
  if (result.status !== 0) throw new Error(`reader ${reader}: ${result.stderr.trim()}`);
  return path;
}

async function campaign(run) {
  const broker = { current: startBroker(run) };
  run.broker = broker;
  await untilAccepting(broker.current, run.port);
  const history = join(run.folder, 'produce.jsonl');
  const driverLog = openSync(join(run.folder, 'driver.log'), 'a');
  const producer = spawn(
    run.driver,
    ['produce', ...targetOf(run), '-run', run.name, '-history', history],
    { stdio: ['pipe', driverLog, driverLog] },
  );
  run.producer = producer;
  const producerEnded = new Promise((done) => producer.once('close', done));

  const recoveriesMs = [];
  let kills = 0;
  while (kills < run.rounds) {
    await sleep(200 + run.random() * run.maxPauseMs);
    await kill(broker.current);
    kills++;
    broker.current = startBroker(run);
    if (run.random() < 0.5 && kills < run.rounds) {
      await sleep(50 + run.random() * 450); // most of these hit the recovery itself
      await kill(broker.current);
      kills++;
      broker.current = startBroker(run);
    }
    recoveriesMs.push(await untilAccepting(broker.current, run.port));
    if (kills % 20 < 2)
      console.log(`${kills} kills, newest recovery ${recoveriesMs.at(-1).toFixed(0)} ms`);
  }
  await sleep(1000);
  producer.stdin.end();
  await producerEnded;

  const histories = [history, drain(run, 'scan')];
  await kill(broker.current);
  broker.current = startBroker(run);
  await untilAccepting(broker.current, run.port);
  histories.push(drain(run, 'scan-after-restart'));
  const stopStartedMs = performance.now();
  broker.current.child.kill('SIGTERM');
  const exitCode = await broker.current.ended;
  const stopMs = performance.now() - stopStartedMs;

  const events = histories.flatMap((path) => parseHistory(readFileSync(path, 'utf8')));
  return {
    report: checkHistory(events),
    kills,
    recoveriesMs: recoveriesMs.sort((a, b) => a - b),
    stopMs,
    exitCode,
  };
}

function print({ report, kills, recoveriesMs, stopMs, exitCode }, run) {
  const findings = Object.entries(report).filter(
    ([, value]) => Array.isArray(value) && value.length > 0,
  );
  console.log(`
flush ${run.flush}, seed ${run.seed}${run.mutant ? `, mutant ${run.mutant}` : ''}
kills ${kills}, acknowledged ${report.ackedCount}, unknown ${report.unknownCount}, refused ${report.failedCount}, reads ${report.readCount}
lost ${report.lost.length}, phantom ${report.phantom.length}, duplicated ${report.duplicatedPlaces.length}, damaged ${report.damaged.length}, order ${report.producerOrder.length + report.realTimeOrder.length}
recovery p50 ${percentile(recoveriesMs, 0.5).toFixed(0)} ms, p99 ${percentile(recoveriesMs, 0.99).toFixed(0)} ms, max ${(recoveriesMs.at(-1) ?? 0).toFixed(0)} ms; clean stop ${stopMs.toFixed(0)} ms, exit ${exitCode}
95 % upper bound for a loss per kill: ${(300 / kills).toFixed(2)} %`);
  for (const [rule, list] of findings)
    console.log(`${rule}: ${list.length}, for example ${JSON.stringify(list.slice(0, 3))}`);
}

async function main() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '200' },
      flush: { type: 'string', default: 'async' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      'max-pause-ms': { type: 'string', default: '2500' },
      mutant: { type: 'string' },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'rocketmq-ts-chaos-'));
  const seed = Number(values.seed);
  const run = {
    folder,
    seed,
    rounds: Number(values.rounds),
    flush: values.flush,
    mutant: values.mutant,
    maxPauseMs: Number(values['max-pause-ms']),
    name: `s${seed}`,
    random: seededRandom(seed),
    port: await freePort(),
    configuration: join(folder, 'broker.conf'),
    driver: join(folder, 'chaos-driver'),
  };
  const build = spawnSync('go', ['build', '-o', run.driver, '.'], {
    cwd: join(root, 'e2e/chaos/driver'),
    stdio: 'inherit',
  });
  if (build.status !== 0) throw new Error('the driver does not build; is Go installed?');
  mkdirSync(join(folder, 'store'));
  writeFileSync(
    run.configuration,
    `brokerName=broker-a\nbindAddress=127.0.0.1\nbrokerIP1=127.0.0.1\nlistenPort=${run.port}\nhttpPort=0\nstorePathRootDir=${join(folder, 'store')}\n` +
      `defaultTopicQueueNums=${QUEUES}\nmappedFileSizeCommitLog=${SEGMENT_BYTES}\nflushDiskType=${run.flush === 'sync' ? 'SYNC_FLUSH' : 'ASYNC_FLUSH'}\n`,
  );
  try {
    const result = await campaign(run);
    print(result, run);
    const clean = isClean(result.report) && result.report.ackedCount > 0 && result.exitCode === 0;
    if (values.json)
      writeFileSync(
        values.json,
        JSON.stringify(
          { ...result, clean, seed, flush: run.flush, mutant: run.mutant ?? null },
          null,
          2,
        ),
      );
    process.exitCode = clean ? 0 : 1;
  } finally {
    run.producer?.kill('SIGKILL');
    run.broker?.current.child.kill('SIGKILL');
    if (!values.keep && (process.exitCode === 0 || run.mutant))
      rmSync(folder, { recursive: true, force: true });
    else console.log(`kept: ${folder}`);
  }
}

await main();
