#!/usr/bin/env node
/** Starts our broker and Apache's in turn, under the same load, and prints the ratios. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LoadGenerator } from './harness/load-generator.mjs';
import { describeMachine, settleDisk } from './harness/machine.mjs';
import { fillPageCache } from './harness/page-cache.mjs';
import { points, selectPoints } from './harness/points.mjs';
import { runToEnd } from './harness/processes.mjs';
import { buildRows, markdownReport, textTable } from './harness/report.mjs';
import { paces } from './harness/session-parts.mjs';
import { measureCeiling, sessions } from './harness/sessions.mjs';
import { apacheSide, assertOursIsBuilt, ourSide } from './harness/sides.mjs';

const benchRoot = path.dirname(fileURLToPath(import.meta.url));
const repositoryRoot = path.dirname(benchRoot);
const libraryDirectory = path.join(benchRoot, 'apache', 'target', 'lib');
const probeClasses = path.join(benchRoot, 'apache', 'target', 'classes');

const usage = `node bench/run.mjs [options]
  --points a,b,c      only these points (default: all but the optional ones)
  --rounds N          measured rounds, default 5
  --once a,b,c        sessions that the first round alone measures
  --warm-up-rounds N  rounds at the quick pace that do not count, default 1 (0 with --quick)
  --quick             short durations and small backlogs: shows that it works, not how fast
  --only ours|apache  one side only
  --work-dir DIR      where stores are written, default the system's temporary directory
  --node FILE         the node binary for our services
  --prof [DIR]        CPU profile of our broker, default bench/results/profiles
  --json              write bench/results/<date>.json
  --write             the same, and bench/RESULTS.md
  --list              the points and their targets`;

function parseOptions(argv) {
  const { values } = parseArgs({
    args: argv.flatMap((arg, at) =>
      arg === '--prof' && !isValue(argv[at + 1]) ? ['--prof='] : [arg],
    ),
    options: {
      points: { type: 'string' },
      rounds: { type: 'string' },
      once: { type: 'string', default: '' },
      'warm-up-rounds': { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      'work-dir': { type: 'string', default: os.tmpdir() },
      node: { type: 'string', default: process.execPath },
      prof: { type: 'string' },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const count = (text, fallback, least) => {
    const value = text === undefined ? fallback : Number(text);
    if (!Number.isInteger(value) || value < least) throw new Error(`not a count: ${text}`);
    return value;
  };
  if (values.only !== undefined && !['ours', 'apache'].includes(values.only)) {
    throw new Error(`--only takes ours or apache, not ${values.only}`);
  }
  const once = values.once.split(',').filter(Boolean);
  const unknown = once.filter((name) => !(name in sessions));
  if (unknown.length > 0) throw new Error(`no such session: ${unknown.join(' ')}`);
  return {
    ...values,
    points: selectPoints(values.points?.split(',')),
    once,
    rounds: count(values.rounds, values.quick ? 1 : 5, 1),
    warmUpRounds: count(
      values['warm-up-rounds'],
      values.quick || values.prof !== undefined ? 0 : 1,
      0,
    ),
    profileDirectory:
      values.prof === undefined
        ? undefined
        : path.resolve(values.prof || path.join(benchRoot, 'results', 'profiles')),
  };
}

const isValue = (arg) => arg !== undefined && !arg.startsWith('-');

const log = (text) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

/** Builds what is compiled: the generator always, Apache's class path and the probe when missing. */
async function build(options) {
  const generator = new LoadGenerator(path.join(benchRoot, 'loadgen'));
  await generator.build();
  const needsJava =
    options.only !== 'ours' ||
    options.points.some(({ session }) => session === 'end-to-end' || session === 'official');
  if (needsJava && !existsSync(path.join(probeClasses, 'bench', 'EndToEnd.class'))) {
    log('collecting the jars');
    await runToEnd('mvn', ['-q', '-B', 'package'], { cwd: path.join(benchRoot, 'apache') });
  }
  return generator;
}

function chooseSides(options) {
  const sides = [];
  if (options.only !== 'apache') {
    assertOursIsBuilt(repositoryRoot);
    if (options.profileDirectory) mkdirSync(options.profileDirectory, { recursive: true });
    const { node: nodeBinary, profileDirectory } = options;
    sides.push(ourSide(repositoryRoot, { nodeBinary, profileDirectory }));
  }
  if (options.only !== 'ours') sides.push(apacheSide(libraryDirectory));
  return sides;
}

/** One session on one side; a failure is a result too, and the other points go on. */
async function runSession(name, points, side, pace, shared) {
  try {
    return await sessions[name]({
      ...shared,
      side,
      pace,
      points,
      log: (text) => log(`  ${side.name} ${text}`),
    });
  } catch (error) {
    log(`  ${side.name} ${name} FAILED: ${error.message}`);
    return Object.fromEntries(points.map((point) => [point.name, { failure: error.message }]));
  }
}

async function runRound(index, options, sides, pace, shared) {
  const round = Object.fromEntries(sides.map((side) => [side.name, {}]));
  const names = [...new Set(options.points.map((point) => point.session))].filter(
    (name) => index === 0 || !options.once.includes(name),
  );
  for (const [at, name] of names.entries()) {
    const points = options.points.filter((point) => point.session === name);
    // who goes first changes from round to round, and from session to session
    const order = (index + at) % 2 === 0 ? sides : [...sides].reverse();
    for (const side of order) {
      log(`session ${name}, ${side.name}`);
      const metrics = await runSession(name, points, side, pace, shared);
      for (const point of points) {
        if (metrics[point.name]) round[side.name][point.name] = metrics[point.name];
      }
    }
  }
  return round;
}

function writeResults(options, result) {
  const directory = path.join(benchRoot, 'results');
  mkdirSync(directory, { recursive: true });
  const stamp = result.machine.date.slice(0, 19).replaceAll(':', '');
  const file = path.join(directory, `${stamp}.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
  log(`wrote ${path.relative(repositoryRoot, file)}`);
  if (options.write) {
    writeFileSync(path.join(benchRoot, 'RESULTS.md'), markdownReport(result));
    log('wrote bench/RESULTS.md');
  }
}

function printPoints(points) {
  for (const point of points) {
    const targets = point.targets
      .filter((target) => target.floor !== undefined || target.aim !== undefined)
      .map(
        ({ metric, kind, floor, aim }) =>
          `${metric} ${kind} floor ${floor ?? '–'} aim ${aim ?? '–'}`,
      );
    console.log(`${point.name.padEnd(18)} ${point.title} [${targets.join('; ')}]`);
  }
}

async function main() {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) return console.log(usage);
  if (options.list) return printPoints(points);
  const sides = chooseSides(options);
  const generator = await build(options);
  const directory = mkdtempSync(path.join(options['work-dir'], 'rocketmq-bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const shared = { generator, directory, libraryDirectory, probeClasses };
  await settleDisk();
  if (!options.quick) {
    log('filling the page cache');
    if (!(await fillPageCache(directory))) log('too little disk for it: figures will depend on it');
  }
  log('measuring the generator against an echo server');
  const ceiling = await measureCeiling(generator, directory);
  for (let round = 0; round < options.warmUpRounds; round++) {
    log(`warm-up round ${round + 1} of ${options.warmUpRounds}`);
    await runRound(round, options, sides, paces.quick, shared);
  }
  const settings = {
    warmUpRounds: options.warmUpRounds,
    once: options.once,
    pace: options.quick ? 'quick' : 'full',
    sides: Object.fromEntries(sides.map((side) => [side.name, side.settings])),
  };
  const machine = describeMachine(repositoryRoot, options.node);
  const rounds = [];
  let rows = [];
  for (let round = 0; round < options.rounds; round++) {
    log(`round ${round + 1} of ${options.rounds}`);
    const pace = options.quick ? paces.quick : paces.full;
    rounds.push(await runRound(round, options, sides, pace, shared));
    rows = buildRows(options.points, rounds);
    // After each round: a run of hours that is ended early has shown what it had seen.
    if (options.json || options.write) {
      const measured = { rounds: rounds.length, ...settings };
      writeResults(options, { machine, settings: measured, ceiling, rows, rounds });
    }
  }
  console.log(textTable(rows));
  const failures = rows.flatMap((row) => row.errors.failures ?? []);
  for (const failure of new Set(failures)) console.log(`failed: ${failure}`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
main().catch((error) => {
  console.error(`bench: ${error.message}`);
  process.exit(2);
});
