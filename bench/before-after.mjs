#!/usr/bin/env node
/**
 * Two builds of our broker under the same load, a few seconds each in turn: what did a change do to the send path?
 * Both brokers stay up and the idle one costs nothing, so that the two halves of a pair are seconds apart.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Cluster } from './harness/cluster.mjs';
import { LoadGenerator } from './harness/load-generator.mjs';
import { settleDisk } from './harness/machine.mjs';
import { fillPageCache } from './harness/page-cache.mjs';
import { selectPoints } from './harness/points.mjs';
import { memoryOf } from './harness/processes.mjs';
import { assertOursIsBuilt, ourSide } from './harness/sides.mjs';
import { pairedRatios, spread } from './harness/statistics.mjs';

const benchRoot = path.dirname(fileURLToPath(import.meta.url));

const { values: options } = parseArgs({
  options: {
    before: { type: 'string' },
    after: { type: 'string', default: path.dirname(benchRoot) },
    'before-options': { type: 'string', default: '' },
    'after-options': { type: 'string', default: '' },
    points: { type: 'string', default: 'send-8x64' },
    pairs: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '4' },
    'work-dir': { type: 'string', default: os.tmpdir() },
    help: { type: 'boolean', default: false },
  },
});

if (options.help || options.before === undefined) {
  console.log(`node bench/before-after.mjs --before CHECKOUT [--after CHECKOUT] [--points send-8x64,send-1x1]
  [--pairs 9] [--seconds 4] [--before-options="--flag"] [--after-options="--flag"] [--work-dir DIR]
Both checkouts are built ("npm run build"). The options are Node's, for the broker of that side.`);
  process.exit(options.help ? 0 : 2);
}

async function startSide(name, checkout, nodeOptions, generator, directory) {
  const root = path.resolve(checkout);
  assertOursIsBuilt(root);
  const side = ourSide(root, { nodeBinary: process.execPath });
  const plain = side.broker;
  side.broker = (how) => {
    const service = plain(how);
    return { ...service, args: [...nodeOptions.split(' ').filter(Boolean), ...service.args] };
  };
  const cluster = new Cluster(side, generator, { directory: path.join(directory, name) });
  await cluster.start();
  return { name, cluster, figures: [] };
}

async function measure(side, generator, load, seconds) {
  const { mode, ...shape } = load;
  const result = await generator.run(mode, {
    ...side.cluster.target,
    ...shape,
    warmUp: '1s',
    duration: `${seconds}s`,
  });
  if (result.errors > 0) {
    throw new Error(`${side.name}: ${result.errors} errors, the first: ${result.firstRemark}`);
  }
  await settleDisk();
  return result;
}

/** Messages for the points that pull. */
const BACKLOG = { topic: 'BenchBacklog', count: 500_000 };

async function comparePoint(point, sides, generator) {
  const seconds = Number(options.seconds);
  const load = point.load.mode === 'pull' ? { ...point.load, topic: BACKLOG.topic } : point.load;
  if (load.topic === BACKLOG.topic) {
    for (const { cluster } of sides) {
      if (!cluster.isFilled) await generator.run('fill', { ...cluster.target, ...BACKLOG });
      cluster.isFilled = true;
    }
  }
  const rates = { before: [], after: [] };
  const cpu = { before: [], after: [] };
  for (const side of sides) await measure(side, generator, load, seconds * 2);
  for (let pair = 0; pair < Number(options.pairs); pair++) {
    for (const side of pair % 2 === 0 ? sides : [...sides].reverse()) {
      const result = await measure(side, generator, load, seconds);
      rates[side.name].push(result.throughput);
      cpu[side.name].push(result.targetCpuMicrosPerMessage);
    }
  }
  const show = (values, digits) => {
    const { median, min, max } = spread(values);
    return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
  };
  console.log(point.name);
  for (const name of ['before', 'after']) {
    console.log(
      `  ${name.padEnd(6)} ${show(rates[name], 0)} msg/s, ${show(cpu[name], 2)} µs CPU per message`,
    );
  }
  const memory = sides.map(({ name, cluster }) => {
    return `${name} ${memoryOf(cluster.broker.pid).rssAnonMb.toFixed(0)}`;
  });
  console.log(`  RssAnon now, MB: ${memory.join(', ')}`);
  console.log(`  after / before: ${show(pairedRatios(rates.after, rates.before), 3)} of the rate,`);
  console.log(
    `                  ${show(pairedRatios(cpu.after, cpu.before), 3)} of the CPU per message`,
  );
}

const generator = new LoadGenerator(path.join(benchRoot, 'loadgen'));
await generator.build();
const directory = mkdtempSync(path.join(options['work-dir'], 'before-after-'));
const sides = [];
try {
  if (!(await fillPageCache(directory))) console.error('too little disk to fill the page cache');
  for (const name of ['before', 'after']) {
    sides.push(
      await startSide(name, options[name], options[`${name}-options`], generator, directory),
    );
  }
  for (const point of selectPoints(options.points.split(','))) {
    await comparePoint(point, sides, generator);
  }
} finally {
  for (const { cluster } of sides) await cluster.remove();
  rmSync(directory, { recursive: true, force: true });
}
