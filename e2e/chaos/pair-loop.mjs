#!/usr/bin/env node
// The pair campaign: faults hit a master and its slave while a driver that shares no code with us sends; after each of them
// the slave must be in step again, in the end the master's disk is lost while it is being written to.
//
//   node --import ./tools/dev/register.mjs e2e/chaos/pair-loop.mjs [--rounds 200] [--mode sync|async] [--seed N]
//        [--no-network] [--max-hold-ms 3000] [--server ours|apache] [--mutant NAME] [--json FILE] [--keep]
//
// `--mutant` breaks a promise on purpose: the run must then end with findings.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkHistory, isClean } from '../../libs/testing/src/history/checker.ts';
import { compareLogs } from '../commit-logs.mjs';
import { pairFaults, pickFault } from './pair-faults.mjs';
import { pairMutants } from './pair-mutants.mjs';
import { whyNoNamespaces } from './pair-network.mjs';
import { Pair } from './pair.mjs';
import { seededRandom } from './seeded-random.mjs';

const sleep = (ms) => new Promise((next) => setTimeout(next, ms));
/** One hold in thirty is longer than the silence after which both sides give a connection up. */
const LONG_HOLD_SHARE = 1 / 30;
const LONG_HOLD_MS = 25_000;
/** With the slave paused so long before the master is lost, what was acknowledged without a copy is lost for sure. */
const PAUSE_BEFORE_LOSS_MS = 1_500;
const LAST_READER = 'slave-alone';
/** What is sent while the master is lost. */
const LAST_RUN = 'r2';

function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '200' },
      mode: { type: 'string', default: 'sync' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      'max-hold-ms': { type: 'string', default: '3000' },
      'no-network': { type: 'boolean', default: false },
      server: { type: 'string', default: 'ours' },
      mutant: { type: 'string' },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const seed = Number(values.seed);
  return {
    ...values,
    seed,
    rounds: Number(values.rounds),
    maxHoldMs: Number(values['max-hold-ms']),
  };
}

async function campaign(options, pair, random) {
  const counts = {};
  const catchUpsMs = [];
  pair.send();
  for (let round = 1; round <= options.rounds; round++) {
    await sleep(200 + random() * 800);
    const name = pickFault(random, pair.network !== undefined);
    counts[name] = (counts[name] ?? 0) + 1;
    await pairFaults[name].run(pair, () => sleep(holdMs(options, random)));
    catchUpsMs.push(await inStepAgain(pair, `round ${round}, ${name}`));
    if (round % 20 === 0)
      console.log(
        `${round} rounds, newest: ${name}, in step after ${catchUpsMs.at(-1).toFixed(0)} ms`,
      );
  }
  await sleep(500);
  await pair.driver.stopProducing();
  await pair.slave.caughtUpWith(pair.master);
  options.mutation?.beforeComparing?.(pair);
  const equal = compareLogs(pair.master.storeDir, pair.slave.storeDir);
  await pair.drain(pair.master, 'master');
  await pair.drain(pair.slave, 'slave');
  await loseTheMaster(pair);
  return { counts, catchUpsMs: catchUpsMs.sort((a, b) => a - b), equal };
}

function holdMs({ maxHoldMs, rounds }, random) {
  const isLong = rounds >= 100 && random() < LONG_HOLD_SHARE;
  return isLong ? LONG_HOLD_MS : 100 + random() * maxHoldMs;
}

async function inStepAgain(pair, when) {
  try {
    return await pair.inStep();
  } catch (error) {
    throw new Error(`${when}: ${error.message}`, { cause: error });
  }
}

/** P3: the master dies while it is written to, and its disk with it; what was acknowledged is on the slave. */
async function loseTheMaster(pair) {
  pair.send();
  await sleep(2_000);
  pair.slave.process.pause();
  await sleep(PAUSE_BEFORE_LOSS_MS);
  await pair.master.kill9();
  pair.master.wipe();
  pair.slave.process.resume();
  await pair.driver.stopProducing();
  await pair.slave.kill9();
  await pair.slave.start();
  await pair.drain(pair.slave, LAST_READER);
}

/** All readers together, and the slave alone: what only the lost master had does not count there. */
function judge(pair) {
  const events = pair.driver.events();
  const isSeenBy = (event) => event.reader === undefined || event.reader === LAST_READER;
  return { all: checkHistory(events), alone: checkHistory(events.filter(isSeenBy)) };
}

/** Without a copy before the acknowledgement the newest sends go with the disk: a figure, not a finding. */
const isTail = ({ id, place }) => id.startsWith(`${LAST_RUN}-`) && place === 'postfix';

const holds = ({ mode }, { all, alone }) =>
  all.ackedCount > 0 &&
  [all, alone].every((report) => {
    const isAllowed = mode === 'async' ? isTail : () => false;
    return isClean({ ...report, lost: report.lost.filter((loss) => !isAllowed(loss)) });
  });

function print(options, { counts, catchUpsMs, equal }, { all, alone }) {
  const at = (share) => (catchUpsMs[Math.floor((catchUpsMs.length - 1) * share)] ?? 0).toFixed(0);
  const sum = (...lists) => lists.reduce((total, list) => total + list.length, 0);
  console.log(`
mode ${options.mode}, seed ${options.seed}${options.mutant ? `, mutant ${options.mutant}` : ''}
rounds ${options.rounds}: ${Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')}
acknowledged ${all.ackedCount}, without a copy ${all.weakCount}, unknown ${all.unknownCount}, refused ${all.failedCount}, reads ${all.readCount}
lost ${all.lost.length}, phantom ${all.phantom.length}, duplicated ${all.duplicatedPlaces.length}, damaged ${all.damaged.length}, rewritten ${all.rewritten.length}, order ${sum(all.producerOrder, all.realTimeOrder)}
with the master's disk lost: acknowledged ${alone.ackedCount}, lost ${alone.lost.length}, misplaced ${alone.misplaced.length}, gaps ${alone.gaps.length}
logs equal in ${equal.from}…${equal.to}, ${equal.records} records, SHA-256 ${equal.sha256.slice(0, 16)}
in step again p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`);
  for (const [whose, report] of Object.entries({ all, alone }))
    for (const [rule, list] of Object.entries(report))
      if (Array.isArray(list) && list.length > 0)
        console.log(
          `${rule} (${whose}): ${list.length}, for example ${JSON.stringify(list.slice(0, 3))}`,
        );
}

async function main() {
  const options = readOptions();
  const why = options['no-network'] ? 'not wanted' : whyNoNamespaces();
  if (why) console.log(`without network faults: ${why}`);
  options.mutation = options.mutant ? pairMutants[options.mutant] : undefined;
  const random = seededRandom(options.seed);
  const pair = await Pair.start({
    server: options.server,
    mode: options.mutation?.mode ?? options.mode,
    withNetwork: !why,
  });
  process.exitCode = 1;
  try {
    const result = await campaign(options, pair, random);
    const reports = judge(pair);
    print(options, result, reports);
    const { complaints } = pair.fleet;
    if (complaints.length > 0) console.log(complaints.join('\n'));
    const clean = holds(options, reports) && complaints.length === 0;
    if (options.json)
      writeFileSync(options.json, JSON.stringify({ ...result, ...reports, clean }, null, 2));
    process.exitCode = clean ? 0 : 1;
  } finally {
    if (options.keep) {
      console.log(`kept: ${pair.fleet.dir}`);
      pair.fleet.keep();
    }
    await pair.end();
  }
}

await main();
