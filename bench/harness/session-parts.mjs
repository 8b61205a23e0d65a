/** What every session is made of: paces, a cluster that goes away again, and one measured run of load. */
import path from 'node:path';
import { Cluster } from './cluster.mjs';
import { settleDisk, unusedMebibytes } from './machine.mjs';
import { MemorySampler } from './processes.mjs';

/** Durations and sizes. Both sides always get the same. */
export const paces = {
  full: {
    sessionWarmUpSeconds: 15,
    pointWarmUpSeconds: 2,
    measuredSeconds: 8,
    backlogCount: 1_000_000,
    restartCount: 2_000_000,
    endToEndWarmUpSeconds: 10,
    endToEndSeconds: 15,
    officialReports: 15,
    startRepeats: 3,
    restSeconds: 5,
    bigStoreMessages: [1_000_000, 42_000_000],
    soakMinutes: 60,
    pairWarmUpSeconds: 14,
    pairPointWarmUpSeconds: 1.5,
    pairMeasuredSeconds: 6,
    lagSeconds: 20,
    catchUpSeconds: 35,
    catchUpCount: 3_200_000,
  },
  quick: {
    sessionWarmUpSeconds: 6,
    pointWarmUpSeconds: 1,
    measuredSeconds: 3,
    backlogCount: 200_000,
    restartCount: 200_000,
    endToEndWarmUpSeconds: 4,
    endToEndSeconds: 5,
    officialReports: 2,
    startRepeats: 1,
    restSeconds: 2,
    bigStoreMessages: [100_000, 500_000],
    soakMinutes: 1,
    pairWarmUpSeconds: 4,
    pairPointWarmUpSeconds: 1,
    pairMeasuredSeconds: 2,
    lagSeconds: 4,
    catchUpSeconds: 25,
    catchUpCount: 400_000,
  },
};

/**
 * @typedef {object} SessionContext
 * @property {import('./sides.mjs').Side} side
 * @property {import('./load-generator.mjs').LoadGenerator} generator
 * @property {typeof paces.full} pace
 * @property {import('./points.mjs').Point[]} points those of the session that were chosen
 * @property {string} directory
 * @property {string} libraryDirectory jars for the official clients
 * @property {string} probeClasses the end-to-end probe
 * @property {(text: string) => void} log
 */

/** What a point keeps of a load generator's result. */
export function metricsOf(result) {
  return {
    throughput: result.throughput,
    p50Ms: result.latencyUs.p50 / 1000,
    p99Ms: result.latencyUs.p99 / 1000,
    p999Ms: result.latencyUs.p999 / 1000,
    maxMs: result.latencyUs.max / 1000,
    cpuMicrosPerMessage: result.targetCpuMicrosPerMessage,
    generatorCpuMicrosPerMessage: result.generatorCpuMicrosPerMessage,
    mebibytesPerSecond: result.mebibytesPerSecond,
    errors: result.errors,
    errorsByCode: result.errorsByCode,
    firstRemark: result.firstRemark,
    unanswered: result.unanswered,
    perSecond: result.perSecond,
  };
}

/**
 * @param {SessionContext} context
 * @param {object} options of the cluster
 * @param {(cluster: Cluster) => Promise<Record<string, object>>} measure
 */
export async function withCluster(context, options, measure) {
  const directory = path.join(context.directory, context.side.name);
  const cluster = new Cluster(context.side, context.generator, { directory, ...options });
  try {
    await cluster.start();
    const metrics = await measure(cluster);
    await cluster.stop();
    return metrics;
  } finally {
    await cluster.remove();
    await settleDisk();
  }
}

/** A duration as the load generator takes it. */
export const inSeconds = (seconds) => `${seconds}s`;

/** Lets compilers and page tables see the load before anything is measured. */
export async function warmUp(context, cluster, { mode = 'send', ...load } = {}) {
  await context.generator.run(mode, {
    ...cluster.target,
    topic: 'BenchWarmUp',
    warmUp: '0s',
    duration: inSeconds(context.pace.sessionWarmUpSeconds),
    ...load,
  });
  await settleDisk();
}

/** One run of the load generator under memory sampling. */
export async function measureLoad(context, cluster, { mode, ...load }, extra = {}) {
  const sampler = new MemorySampler(cluster.broker.pid);
  try {
    const result = await context.generator.run(
      mode,
      {
        ...cluster.target,
        warmUp: inSeconds(context.pace.pointWarmUpSeconds),
        duration: inSeconds(context.pace.measuredSeconds),
        ...load,
      },
      extra.cpu,
    );
    const { rssAnonMb, rssMb } = sampler.stop();
    return { ...metricsOf(result), rssAnonMb, rssMb, unusedMebibytes: unusedMebibytes() };
  } finally {
    sampler.stop();
  }
}

/** Every chosen point after the other on the same broker, the disk at rest before each. */
export async function measureLoads(context, cluster, extra) {
  const metrics = {};
  for (const point of context.points) {
    metrics[point.name] = await measureLoad(context, cluster, point.load, extra);
    context.log(`${point.name}: ${Math.round(metrics[point.name].throughput)} msg/s`);
    await settleDisk();
  }
  return metrics;
}
