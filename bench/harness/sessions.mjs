/**
 * How the points of each session are measured on one side in one round. A session gets a fresh
 * directory and fresh processes; it returns the metrics of its points by name.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from './cluster.mjs';
import { lastJsonLine } from './load-generator.mjs';
import { settleDisk } from './machine.mjs';
import { pairSessions } from './pair-sessions.mjs';
import {
  MemorySampler,
  ServiceProcess,
  cpuSecondsOf,
  memoryOf,
  runToEnd,
  wallClockMs,
} from './processes.mjs';
import {
  inSeconds,
  measureLoad,
  measureLoads,
  metricsOf,
  warmUp,
  withCluster,
} from './session-parts.mjs';
import { median, slope } from './statistics.mjs';

/** @typedef {import('./session-parts.mjs').SessionContext} SessionContext */

async function sendSession(context, options = {}) {
  return withCluster(context, options.cluster ?? {}, async (cluster) => {
    await warmUp(context, cluster);
    return measureLoads(context, cluster, { cpu: options.loadCpu });
  });
}

/** One topic before and after, so that a machine that drifts does not show as a share. */
async function topicsSession(context) {
  return withCluster(context, {}, async (cluster) => {
    await warmUp(context, cluster);
    const [point] = context.points;
    const { mode, connections, inFlight } = point.load;
    const one = { mode, connections, inFlight };
    // each of the 8 000 queues must have got its file before it counts, and those are made in the background
    const many = { ...point.load, warmUp: inSeconds(context.pace.pointWarmUpSeconds * 5) };
    const measured = [];
    for (const load of [one, many, one]) {
      measured.push(await measureLoad(context, cluster, load));
      await settleDisk();
    }
    const [before, topics, after] = measured;
    topics.oneTopicThroughput = (before.throughput + after.throughput) / 2;
    topics.shareOfOneTopicRate = topics.throughput / topics.oneTopicThroughput;
    const rates = measured.map(({ throughput }) => Math.round(throughput)).join(', ');
    context.log(`${point.name}: one topic, all, one topic ${rates} msg/s`);
    return { [point.name]: topics };
  });
}

async function pullSession(context) {
  return withCluster(context, {}, async (cluster) => {
    const topic = 'BenchBacklog';
    await context.generator.run('fill', {
      ...cluster.target,
      topic,
      count: context.pace.backlogCount,
    });
    // proves content and count once, and warms the path
    const once = { ...cluster.target, topic, passes: 1, verify: true };
    const { messages } = await context.generator.run('pull', once);
    if (messages !== context.pace.backlogCount) throw new Error(`${messages} messages pulled`);
    await settleDisk();
    const warm = inSeconds(context.pace.sessionWarmUpSeconds / 2);
    const busy = { connections: 8, inFlight: 8, warmUp: '0s', duration: warm };
    await context.generator.run('pull', { ...cluster.target, topic, ...busy });
    const metrics = {};
    for (const point of context.points) {
      const load = { ...point.load, topic };
      const measured = await measureLoad(context, cluster, load);
      if (load.lockEvery) {
        // plain between two ordered ones, so that what drifts during the session counts for neither
        const plain = { ...load, lockEvery: undefined };
        const between = await measureLoad(context, cluster, plain);
        const again = await measureLoad(context, cluster, load);
        measured.shareOfPlainPullRate =
          (measured.throughput + again.throughput) / 2 / between.throughput;
      }
      metrics[point.name] = measured;
      context.log(`${point.name}: ${Math.round(metrics[point.name].throughput)} msg/s`);
    }
    return metrics;
  });
}

/**
 * The scan that counts lies within the sends, and goes on for as long as they do: what it reads without them beside it
 * is counted by the points of `pull`. Its backlog is older than what a broker keeps in memory of its own.
 */
async function coldScanSession(context) {
  return withCluster(context, {}, async (cluster) => {
    const topic = 'BenchOld';
    await fillQuickly(context, cluster, topic, context.pace.backlogCount);
    await warmUp(context, cluster);
    const load = { mode: 'send', connections: 8, inFlight: 64 };
    const plain = await measureLoad(context, cluster, load);
    await settleDisk();
    const scanning = context.generator.run('pull', {
      ...cluster.target,
      topic,
      connections: 8,
      inFlight: 8,
      warmUp: inSeconds(context.pace.pointWarmUpSeconds + 0.5),
      duration: inSeconds(context.pace.measuredSeconds - 0.5),
    });
    const [scan, beside] = await Promise.all([scanning, measureLoad(context, cluster, load)]);
    context.log(
      `plain ${Math.round(plain.throughput)} msg/s, beside the scan ${Math.round(beside.throughput)}, read ${Math.round(scan.throughput)}`,
    );
    return {
      'send-beside-cold-scan': {
        ...beside,
        plainThroughput: plain.throughput,
        plainP99Ms: plain.p99Ms,
        shareOfPlainRate: beside.throughput / plain.throughput,
        scanned: scan.throughput,
        scanErrors: scan.errors,
      },
    };
  });
}

/** Messages that one group pops and acknowledges; a group each to warm up and to measure. */
const POP_COUNT = 150_000;

async function popSession(context) {
  return withCluster(context, {}, async (cluster) => {
    const topic = 'BenchPop';
    await context.generator.run('fill', { ...cluster.target, topic, count: POP_COUNT });
    await settleDisk();
    const [point] = context.points;
    const { mode, ...load } = point.load;
    const run = { ...cluster.target, ...load, topic, count: POP_COUNT, timeout: '120s' };
    await context.generator.run(mode, run);
    await settleDisk();
    const metrics = metricsOf(await context.generator.run(mode, run));
    context.log(`${point.name}: ${Math.round(metrics.throughput)} msg/s`);
    return { [point.name]: metrics };
  });
}

/** Plain sends before and after, so that a machine that drifts does not show as a share. */
async function transactionsSession(context) {
  return withCluster(context, {}, async (cluster) => {
    const [point] = context.points;
    await warmUp(context, cluster);
    await warmUp(context, cluster, { mode: point.load.mode });
    const plain = { ...point.load, mode: 'send' };
    const measured = [];
    for (const load of [plain, point.load, plain]) {
      measured.push(await measureLoad(context, cluster, load));
      await settleDisk();
    }
    const [before, transactions, after] = measured;
    const mean = (metric) => (before[metric] + after[metric]) / 2;
    transactions.plainThroughput = mean('throughput');
    transactions.plainCpuMicrosPerMessage = mean('cpuMicrosPerMessage');
    transactions.shareOfPlainRate = transactions.throughput / transactions.plainThroughput;
    const rates = measured.map(({ throughput }) => Math.round(throughput)).join(', ');
    const cpu = measured.map(({ cpuMicrosPerMessage: micros }) => micros?.toFixed(1)).join(', ');
    context.log(`${point.name}: plain, transactions, plain ${rates} msg/s, CPU ${cpu} µs`);
    return { [point.name]: transactions };
  });
}

async function endToEndSession(context) {
  return withCluster(context, {}, async (cluster) => {
    await warmUp(context, cluster);
    const topic = 'BenchEndToEnd';
    await context.generator.run('create', { broker: cluster.brokerAddress, topic, queues: 8 });
    const output = await runToEnd('java', [
      '-Xms512m',
      '-Xmx512m',
      `-Duser.home=${cluster.directory}`,
      '-cp',
      `${context.probeClasses}:${context.libraryDirectory}/*`,
      'bench.EndToEnd',
      cluster.nameserverAddress,
      topic,
      '1000',
      String(context.pace.endToEndWarmUpSeconds),
      String(context.pace.endToEndSeconds),
      '1024',
    ]);
    const { latencyUs, arrived, expected, failures, duplicates } = lastJsonLine(output);
    return {
      'end-to-end': {
        p50Ms: latencyUs.p50 / 1000,
        p99Ms: latencyUs.p99 / 1000,
        p999Ms: latencyUs.p999 / 1000,
        maxMs: latencyUs.max / 1000,
        errors: failures + expected - arrived,
        duplicates,
      },
    };
  });
}

/** A figure of the last line that one of Apache's benchmark classes printed: its mean over the last ten reports. */
function lastReported(log, pattern) {
  return Number([...log.matchAll(pattern)].at(-1)[1]);
}

/** One of Apache's own benchmark classes as a process; `-ri`: it reports each second. */
function officialBenchmark(context, cluster, name, options) {
  const logFile = path.join(cluster.directory, `${name}.out`);
  const jvm = ['-Xms512m', '-Xmx512m', `-Duser.home=${cluster.directory}`];
  const classPath = ['-cp', `${context.libraryDirectory}/*`];
  const main = `org.apache.rocketmq.example.benchmark.${name}`;
  const common = ['-n', cluster.nameserverAddress, '-t', 'BenchOfficial', '-ri', '1000'];
  const args = [...jvm, ...classPath, main, ...common, ...options];
  return new ServiceProcess({ command: 'java', args }, logFile);
}

/** Reports begin ten seconds after the start; only those count that saw messages. */
const OFFICIAL_LIMIT_SECONDS = 90;

async function officialSession(context) {
  return withCluster(context, {}, async (cluster) => {
    await warmUp(context, cluster);
    const topic = { broker: cluster.brokerAddress, topic: 'BenchOfficial', queues: 8 };
    await context.generator.run('create', topic);
    const started = [];
    const report = async (name, options) => {
      const benchmark = officialBenchmark(context, cluster, name, options);
      started.push(benchmark);
      for (let waitedSeconds = 0; waitedSeconds < OFFICIAL_LIMIT_SECONDS; waitedSeconds++) {
        await sleep(1000);
        benchmark.assertAlive();
        const log = readFileSync(benchmark.logFile, 'utf8');
        if ((log.match(/TPS: [1-9]/g) ?? []).length >= context.pace.officialReports) return log;
      }
      throw new Error(`too few reports: ${benchmark.logTail()}`);
    };
    try {
      const sent = await report('Producer', ['-w', '64', '-s', '1024']);
      const throughput = lastReported(sent, /Send TPS: (\d+)/g);
      const meanMs = lastReported(sent, /Average RT\(ms\): +([\d.]+)/g);
      context.log(`official-producer: ${Math.round(throughput)} msg/s`);
      // it begins at the end of the queues: what the producer goes on sending is what it gets
      const consumed = await report('Consumer', ['-w', '20']);
      const consumeTps = lastReported(consumed, /Consume TPS: (\d+)/g);
      return { 'official-producer': { throughput, meanMs }, 'official-both': { consumeTps } };
    } finally {
      for (const benchmark of started) await benchmark.kill();
    }
  });
}

async function memorySession(context) {
  return withCluster(context, { heap: 'small' }, async (cluster) => {
    await sleep(context.pace.restSeconds * 1000);
    const atRest = memoryOf(cluster.broker.pid);
    await warmUp(context, cluster);
    const load = { mode: 'send', connections: 8, inFlight: 64 };
    const loaded = await measureLoad(context, cluster, load);
    return {
      'memory-at-rest': atRest,
      'memory-loaded': loaded,
      'nameserver-memory': memoryOf(cluster.nameserver.pid),
    };
  });
}

async function startSession(context) {
  const brokerMs = [];
  const clusterMs = [];
  for (let repeat = 0; repeat < context.pace.startRepeats; repeat++) {
    const directory = path.join(context.directory, context.side.name);
    const cluster = new Cluster(context.side, context.generator, { directory });
    try {
      await cluster.prepare();
      await cluster.startNameserver();
      brokerMs.push(await cluster.startBroker());
      await cluster.stop();
      await cluster.remove();
      await settleDisk();
      await cluster.prepare();
      const sinceMs = wallClockMs();
      await cluster.startNameserver();
      const ownMs = await cluster.startBroker({ needsRoute: true });
      clusterMs.push(cluster.broker.startedAtMs - sinceMs + ownMs);
      await cluster.stop();
    } finally {
      await cluster.remove();
      await settleDisk();
    }
  }
  return {
    'broker-start': { ms: median(brokerMs) },
    'cluster-start': { ms: median(clusterMs) },
  };
}

async function restartSession(context) {
  return withCluster(context, {}, async (cluster) => {
    const topic = 'BenchRestart';
    const count = context.pace.restartCount;
    await fillQuickly(context, cluster, topic, count);
    await cluster.broker.kill();
    const crashMs = await cluster.startBroker();
    context.log(`crash-restart: ${Math.round(crashMs)} ms`);
    const once = { ...cluster.target, topic, passes: 1, verify: true };
    const { messages } = await context.generator.run('pull', once);
    if (messages !== count) throw new Error(`${messages} of ${count} messages after kill -9`);
    const stopMs = await cluster.broker.stop();
    context.log(`clean-stop: ${Math.round(stopMs)} ms`);
    const cleanMs = await cluster.startBroker();
    return {
      'crash-restart': { ms: crashMs },
      'clean-stop': { ms: stopMs },
      'clean-restart': { ms: cleanMs },
    };
  });
}

function fillQuickly(context, cluster, topic, count) {
  return context.generator.run('fill', { ...cluster.target, topic, count, batch: 32, inFlight: 4 });
}

async function heldPullsSession(context) {
  return withCluster(context, {}, async (cluster) => {
    await warmUp(context, cluster);
    // held for 15 s by request: a window of 8 s that begins 4 s in sees nothing but holding
    const windowSeconds = 8;
    const before = cpuSecondsOf(cluster.broker.pid);
    await sleep(windowSeconds * 1000);
    const idleShare = (cpuSecondsOf(cluster.broker.pid) - before) / windowSeconds;
    const result = await context.generator.run('hold', {
      ...cluster.target,
      topic: 'BenchHold',
      connections: 100,
      inFlight: 100,
      warmUp: '4s',
      duration: inSeconds(windowSeconds),
    });
    const cpuShare = result.targetCpuSeconds / windowSeconds;
    const extraCpuShare = Math.max(0, cpuShare - idleShare);
    return { 'held-pulls': { cpuShare, idleShare, extraCpuShare, errors: result.errors } };
  });
}

async function bigStoreSession(context) {
  const startsMs = [];
  for (const count of context.pace.bigStoreMessages) {
    await withCluster(context, {}, async (cluster) => {
      await fillQuickly(context, cluster, 'BenchBigStore', count);
      await cluster.broker.stop();
      await settleDisk();
      startsMs.push(await cluster.startBroker());
      context.log(`start with ${count} messages: ${Math.round(startsMs.at(-1))} ms`);
    });
  }
  const [smallMs, bigMs] = startsMs;
  return { 'big-store-start': { ms: bigMs, smallMs, timesSmallStore: bigMs / smallMs } };
}

async function soakSession(context) {
  return withCluster(context, {}, async (cluster) => {
    await warmUp(context, cluster);
    const sampler = new MemorySampler(cluster.broker.pid, 2000);
    const result = await context.generator.run('latency', {
      ...cluster.target,
      topic: 'BenchSoak',
      rate: 5000,
      warmUp: '0s',
      duration: `${context.pace.soakMinutes}m`,
    });
    const { samples, rssAnonMb, rssMb } = sampler.stop();
    const second = samples.slice(samples.length >> 1);
    const perHour = second.map((sample) => [sample.atMs / 3_600_000, sample.rssAnonMb]);
    const slopeMbPerHour = slope(perHour);
    return { soak: { ...metricsOf(result), slopeMbPerHour, rssAnonMb, rssMb } };
  });
}

/** @type {Record<string, (context: SessionContext) => Promise<Record<string, object>>>} */
export const sessions = {
  send: sendSession,
  pinned: (context) => sendSession(context, { cluster: { brokerCpu: 0 }, loadCpu: 1 }),
  sync: (context) => sendSession(context, { cluster: { flush: 'SYNC_FLUSH' } }),
  topics: topicsSession,
  pull: pullSession,
  'cold-scan': coldScanSession,
  pop: popSession,
  transactions: transactionsSession,
  'end-to-end': endToEndSession,
  official: officialSession,
  memory: memorySession,
  start: startSession,
  restart: restartSession,
  'held-pulls': heldPullsSession,
  'big-store': bigStoreSession,
  soak: soakSession,
  ...pairSessions,
};

/** The generator against a server that answers at once and stores nothing. */
export async function measureCeiling(generator, directory) {
  const { echo, port } = await generator.startEcho(directory);
  const target = { broker: `127.0.0.1:${port}`, pid: echo.pid, warmUp: '1s', duration: '2s' };
  const ceiling = {};
  try {
    for (const [name, mode, connections, inFlight] of [
      ['send 8×64', 'send', 8, 64],
      ['send 64×1', 'send', 64, 1],
      ['send 1×1', 'send', 1, 1],
      ['pull 8×8', 'pull', 8, 8],
    ]) {
      const load = { connections, inFlight, create: false, check: false };
      const result = await generator.run(mode, { ...target, ...load });
      ceiling[name] = {
        throughput: result.throughput,
        generatorCpuMicrosPerMessage: result.generatorCpuMicrosPerMessage,
      };
    }
  } finally {
    await echo.stop();
  }
  return ceiling;
}
