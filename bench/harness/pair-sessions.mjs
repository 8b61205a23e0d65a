/** Sessions of a master with its slave: what a copy costs, how late it comes, and how fast one is made. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { catchUpFigures, growthOf } from './catch-up-figures.mjs';
import { LogFollower } from './commit-log-files.mjs';
import { measureSequentialWrite, settleDisk } from './machine.mjs';
import { Pair } from './pair.mjs';
import { wallClockMs } from './processes.mjs';
import { inSeconds, measureLoad, metricsOf, warmUp } from './session-parts.mjs';

/** @typedef {import('./session-parts.mjs').SessionContext} SessionContext */

/**
 * @param {SessionContext} context
 * @param {('ASYNC_MASTER'|'SYNC_MASTER')[]} roles a pair of each
 * @param {(...pairs: Pair[]) => Promise<Record<string, object>>} measure
 */
async function withPairs(context, roles, measure) {
  const pairs = roles.map((role) => {
    const directory = path.join(context.directory, `${context.side.name}-${role}`);
    return new Pair(context.side, context.generator, { directory, role });
  });
  try {
    const metrics = await measure(...pairs);
    // what a clean stop takes is measured elsewhere; a profile is written only by one
    if (context.side.isProfiled) for (const pair of pairs) await pair.stop();
    return metrics;
  } finally {
    for (const pair of pairs) await pair.remove();
    await settleDisk();
  }
}

/** The pace of pairs: two of them are measured in turn, so that what is compared is seconds apart. */
function pairPace({ pace }) {
  return {
    ...pace,
    sessionWarmUpSeconds: pace.pairWarmUpSeconds,
    pointWarmUpSeconds: pace.pairPointWarmUpSeconds,
    measuredSeconds: pace.pairMeasuredSeconds,
  };
}

const loadOn = (context, pair, load) => measureLoad(context, pair.master, load);

/** What one request and its answer take between two processes of this machine, with nothing done for it. */
async function loopbackRoundTripMs(context) {
  const { echo, port } = await context.generator.startEcho(context.directory);
  try {
    const result = await context.generator.run('send', {
      broker: `127.0.0.1:${port}`,
      connections: 1,
      inFlight: 1,
      create: false,
      check: false,
      warmUp: '500ms',
      duration: '1500ms',
    });
    return result.latencyUs.p50 / 1000;
  } finally {
    await echo.stop();
  }
}

/**
 * A pair in each mode, both with their slaves, loaded in turn; then the async one again without its slave.
 */
async function syncDoubleSession(given) {
  const context = { ...given, pace: pairPace(given) };
  return withPairs(context, ['ASYNC_MASTER', 'SYNC_MASTER'], async (async_, sync) => {
    for (const pair of [async_, sync]) {
      await pair.start();
      context.log(`master is process ${pair.master.broker.pid}, slave ${pair.slave.pid}`);
      await warmUp(context, pair.master);
      pair.freeze();
    }
    const metrics = {};
    for (const [at, point] of context.points.entries()) {
      const measured = new Map();
      for (const pair of at % 2 === 0 ? [async_, sync] : [sync, async_]) {
        pair.thaw();
        measured.set(pair, await loadOn(context, pair, point.load));
        await settleDisk();
        pair.freeze();
      }
      const [plain, waiting] = [measured.get(async_), measured.get(sync)];
      metrics[point.name] = {
        ...waiting,
        asyncThroughput: plain.throughput,
        asyncP50Ms: plain.p50Ms,
        asyncP99Ms: plain.p99Ms,
        shareOfAsyncRate: waiting.throughput / plain.throughput,
        extraP50Ms: waiting.p50Ms - plain.p50Ms,
      };
    }
    await addExtraLatency(context, metrics);
    for (const pair of [async_, sync]) {
      pair.thaw();
      const { from, to } = await pair.assertSameLogs();
      context.log(`both logs hold the same ${to - from} bytes`);
    }
    await sync.assertWaitsForCopies();
    sync.freeze();
    await async_.slave.kill();
    for (const point of context.points) {
      await settleDisk();
      const alone = await loadOn(context, async_, point.load);
      const metric = metrics[point.name];
      metric.aloneThroughput = alone.throughput;
      metric.shareOfAloneRate = metric.throughput / alone.throughput;
      context.log(describeSync(point.name, metric));
    }
    return metrics;
  });
}

async function addExtraLatency(context, metrics) {
  const roundTripMs = await loopbackRoundTripMs(context);
  for (const metric of Object.values(metrics)) {
    metric.loopbackRoundTripMs = roundTripMs;
    metric.extraMicrosBeyondRoundTrip = (metric.extraP50Ms - roundTripMs) * 1000;
  }
}

function describeSync(name, metric) {
  const rates = [metric.aloneThroughput, metric.asyncThroughput, metric.throughput].map(Math.round);
  const share = metric.shareOfAsyncRate.toFixed(2);
  const [asyncP50, p50] = [metric.asyncP50Ms, metric.p50Ms].map((ms) => ms.toFixed(3));
  return `${name}: alone, async, sync ${rates.join(', ')} msg/s, share ${share}, p50 ${asyncP50} and ${p50} ms`;
}

/** Half of its own full rate by the clock, and the ends of one queue at both brokers, asked for every millisecond. */
async function lagSession(given) {
  const context = { ...given, pace: pairPace(given) };
  return withPairs(context, ['ASYNC_MASTER'], async (pair) => {
    await pair.start();
    await warmUp(context, pair.master);
    const topic = 'BenchLag';
    const load = { connections: 8, inFlight: 64, topic };
    const full = await loadOn(context, pair, { mode: 'send', ...load });
    await pair.waitUntilSame();
    await settleDisk();
    const rate = Math.floor(full.throughput / 2);
    const duration = inSeconds(context.pace.lagSeconds);
    const paced = context.generator.run('latency', {
      ...pair.target,
      ...load,
      rate,
      warmUp: '2s',
      duration,
    });
    const brokers = { broker: pair.target.broker, slave: pair.slaveAddress };
    const probe = context.generator.run('lag', { ...brokers, topic, warmUp: '2s', duration });
    const [sent, lag] = await Promise.all([paced, probe]);
    if (sent.throughput < 0.97 * rate) {
      throw new Error(`${sent.throughput} msg/s instead of ${rate}: not half of full load`);
    }
    context.log(`replication-lag at ${rate} msg/s: p99 ${lag.p99Ms.toFixed(2)} ms`);
    await pair.assertSameLogs();
    const { p50Ms, p99Ms, maxMs, ...probed } = lag;
    return {
      'replication-lag': {
        ...probed,
        fullThroughput: full.throughput,
        rate,
        sendP99Ms: metricsOf(sent).p99Ms,
        lagP50Ms: p50Ms,
        lagP99Ms: p99Ms,
        lagMaxMs: maxMs,
      },
    };
  });
}

const sampleEveryMs = 250;

/** Where both logs end, until told to stop. */
function watchLogs(pair) {
  const samples = [];
  const [ofMaster, ofSlave] = [new LogFollower(pair.masterLog), new LogFollower(pair.slaveLog)];
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const master = ofMaster.extent();
      const slave = ofSlave.extent();
      samples.push({
        atMs: wallClockMs(),
        master: master.end,
        slave: slave.end,
        slaveFirst: slave.first,
      });
      await sleep(sampleEveryMs);
    }
    return samples;
  })();
  return () => {
    isOver = true;
    return watching;
  };
}

/** One load while both logs are watched. @returns the load's metrics, and how fast the master's log grew */
async function loadWatched(context, pair, load) {
  const stop = watchLogs(pair);
  const metrics = await loadOn(context, pair, load);
  return { ...metrics, logMbPerSecond: growthOf(await stop()) };
}

/** An empty slave comes to a master that has a log already and goes on taking sends. */
async function catchUpSession(given) {
  const context = { ...given, pace: pairPace(given) };
  const diskMbPerSecond = await measureSequentialWrite(context.directory);
  await settleDisk();
  return withPairs(context, ['ASYNC_MASTER'], async (pair) => {
    await pair.startMaster();
    await warmUp(context, pair.master);
    const fill = { topic: 'BenchOld', count: context.pace.catchUpCount, batch: 32, inFlight: 4 };
    await context.generator.run('fill', { ...pair.target, ...fill });
    await settleDisk();
    const load = { mode: 'send', connections: 8, inFlight: 64 };
    const alone = await loadWatched(context, pair, load);
    await settleDisk();
    const stop = watchLogs(pair);
    const duration = inSeconds(context.pace.catchUpSeconds);
    const sending = loadOn(context, pair, { ...load, duration });
    await sleep(context.pace.pointWarmUpSeconds * 1000);
    await pair.startSlave();
    const { errors, unanswered, p99Ms } = await sending;
    const figures = catchUpFigures(await stop());
    await pair.waitUntilSame();
    await settleDisk();
    const attached = await loadWatched(context, pair, load);
    await pair.assertSameLogs();
    const metric = {
      ...figures,
      errors,
      unanswered,
      p99Ms,
      diskMbPerSecond,
      shareOfWanted: figures.mbPerSecond / Math.min(200, 0.8 * diskMbPerSecond),
      aloneMbPerSecond: alone.logMbPerSecond,
      attachedMbPerSecond: attached.logMbPerSecond,
      shareOfAloneRate: figures.masterMbPerSecond / alone.logMbPerSecond,
      shareOfAttachedRate: figures.masterMbPerSecond / attached.logMbPerSecond,
    };
    context.log(describeCatchUp(metric));
    return { 'catch-up': metric };
  });
}

function describeCatchUp(metric) {
  const how = metric.isCaughtUp ? 'caught up' : 'did not catch up';
  const [mb, rate, disk] = [metric.copiedMb, metric.mbPerSecond, metric.diskMbPerSecond].map(
    Math.round,
  );
  const [during, alone, attached] = [
    metric.masterMbPerSecond,
    metric.aloneMbPerSecond,
    metric.attachedMbPerSecond,
  ].map(Math.round);
  return `catch-up: ${how}, ${mb} MB in ${metric.seconds.toFixed(1)} s, ${rate} MB/s (disk ${disk}); master's log grew by ${during} MB/s (alone ${alone}, slave attached ${attached})`;
}

/** How long the reader of the slave is watched: from before the master's loss until well after the switch. */
const outageSeconds = 45;

/** The master is killed, the slave told to be it; one program sends, another one reads. */
async function promotionSession(given) {
  const context = { ...given, pace: pairPace(given) };
  return withPairs(context, ['ASYNC_MASTER'], async (pair) => {
    await pair.start();
    const topic = 'BenchPromotion';
    const fill = { topic, count: context.pace.backlogCount / 5, batch: 32, inFlight: 4 };
    await context.generator.run('fill', { ...pair.target, ...fill });
    await pair.waitUntilSame();
    const { brokerName } = pair.target;
    const slave = { broker: pair.slaveAddress, brokerName, topic };
    const duration = inSeconds(outageSeconds);
    const reading = context.generator.run('outage', { ...slave, duration });
    reading.catch(() => {}); // awaited below
    await sleep(1000);
    await pair.master.broker.kill();
    const sending = context.generator.run('first-ack', { ...slave, timeout: '60s' });
    sending.catch(() => {}); // awaited below
    await sleep(500);
    const sinceMs = await pair.promote();
    const [sent, read] = await Promise.all([sending, reading]);
    const sendMs = sent.acknowledgedAtMs - sinceMs;
    if (sendMs < 0) throw new Error('the slave took a send before it was told to be the master');
    context.log(
      `promotion: first send after ${Math.round(sendMs)} ms, not readable for ${Math.round(read.longestGapMs)} ms`,
    );
    return { promotion: { sendMs, readGapMs: read.longestGapMs } };
  });
}

export const pairSessions = {
  'sync-double': syncDoubleSession,
  'replication-lag': lagSession,
  'catch-up': catchUpSession,
  promotion: promotionSession,
};
