#!/usr/bin/env node
/*
 * Runs suites of official clients against a cluster of real processes:
 *
 *   node e2e/run.mjs --server ours|apache --suite java-5.5.0,java-4.9.8,go,store-exchange,mqadmin,topologies
 *                    [--test Name] [--json file] [--write]
 *
 * --test takes one class of a Java suite (or Class#method) or a name pattern of the Go suite.
 * --write brings docs/mqadmin.md up to date.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { startControl } from './cluster-control.mjs';
import { startApache, startOurs, stop } from './cluster.mjs';
import { runMqadmin } from './mqadmin/suite.mjs';
import { readGoReport, readSurefireReports } from './reports.mjs';
import { runStoreExchange } from './store-exchange.mjs';
import { runTopologies } from './topologies.mjs';
import { E2E_DIR, endGroup, lastLines, missingTools, run } from './tools.mjs';

const SUITE_WITHIN_MS = 900_000;
/** Of this run alone: several people may run suites in one checkout. */
const OUTPUT_DIR = join(E2E_DIR, 'target', `run-${process.pid}`);
/** How many runs keep their output. */
const KEPT_RUN_COUNT = 5;

/** A suite that uses the checker, which is TypeScript; this process is not prepared for it from the start. */
const typed = (file, name) => async (context) => {
  await import('../tools/dev/register.mjs');
  const suite = await import(file);
  return suite[name](context);
};

const SUITES = {
  'java-5.5.0': { needs: ['java', 'mvn'], run: (context) => runJava(context, '5.5.0') },
  'java-4.9.8': { needs: ['java', 'mvn'], run: (context) => runJava(context, '4.9.8') },
  go: { needs: ['go'], run: runGo },
  'store-exchange': { needs: ['java', 'mvn'], run: runStoreExchange },
  mqadmin: { needs: ['java', 'mvn'], run: runMqadmin },
  'mixed-pairs': {
    needs: ['java', 'mvn', 'go'],
    run: typed('./pairs/mixed-pairs.mjs', 'runMixedPairs'),
  },
  migration: { needs: ['java', 'mvn'], run: typed('./pairs/migration.mjs', 'runMigration') },
  topologies: { needs: ['java', 'mvn'], run: runTopologies },
};

/** Suites that start and end their clusters themselves. */
const OWN_CLUSTERS = new Set([
  'store-exchange',
  'mqadmin',
  'mixed-pairs',
  'migration',
  'topologies',
]);

/** What Apache's broker has switched off and the clients' tests need; of ours the last three alone are off. */
const CLIENT_SUITES_CONFIG = {
  enablePropertyFilter: true,
  enableLmq: true,
  enableMultiDispatch: true,
  recallMessageEnable: true,
};

/** Programs of suites that run right now; they must not outlive this one. */
const children = new Set();
process.on('exit', () => children.forEach(endGroup));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

const options = readOptions();
removeOldRuns();
mkdirSync(OUTPUT_DIR, { recursive: true });
const results = [];
for (const suite of options.suites) {
  const startedMs = Date.now();
  const result = await runSuite(suite, options);
  result.seconds = Math.round((Date.now() - startedMs) / 1000);
  results.push(result);
  print(result);
}
if (options.json) {
  writeFileSync(
    options.json,
    `${JSON.stringify({ server: options.server, suites: results }, null, 2)}\n`,
  );
}
process.exit(results.some((result) => result.failed > 0) ? 1 : 0);

function readOptions() {
  const { values } = parseArgs({
    options: {
      server: { type: 'string', default: 'ours' },
      suite: { type: 'string', default: Object.keys(SUITES).join(',') },
      test: { type: 'string' },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const suites = values.suite.split(',');
  const unknown = suites.filter((suite) => !Object.hasOwn(SUITES, suite));
  if (unknown.length > 0 || !['ours', 'apache'].includes(values.server)) {
    console.error(`--server is ours or apache; --suite is of ${Object.keys(SUITES).join(', ')}`);
    process.exit(2);
  }
  return { ...values, suites };
}

/** One suite on a cluster of its own; whatever goes wrong with either is a failure of the suite. */
async function runSuite(suite, { server, test, write }) {
  const empty = { suite, passed: 0, failed: 0, skipped: 0, failures: [] };
  const needs = new Set(SUITES[suite].needs);
  if (server === 'apache') needs.add('java').add('mvn');
  const missing = missingTools([...needs]);
  if (missing) return { ...empty, skipped: 1, reason: missing };
  let cluster;
  let control;
  let result;
  try {
    if (!OWN_CLUSTERS.has(suite)) {
      const start = server === 'ours' ? startOurs : startApache;
      const startOne = (more = {}) => start({ brokerConfig: { ...CLIENT_SUITES_CONFIG, ...more } });
      cluster = await startOne();
      control = await startControl(startOne);
    }
    const namesrv = cluster?.namesrv;
    const controlUrl = control?.url;
    const context = { server, test, write, children, namesrv, controlUrl, outputDir: OUTPUT_DIR };
    result = { ...empty, ...(await SUITES[suite].run(context)) };
  } catch (error) {
    result = { ...empty, failed: 1, failures: [String(error.stack ?? error)] };
  }
  const complaints = (await control?.close()) ?? [];
  if (cluster) {
    await stop(cluster);
    complaints.push(...cluster.complaints);
  }
  result.failed += complaints.length;
  result.failures.push(...complaints);
  return result;
}

async function runJava({ namesrv, controlUrl, test, outputDir }, version) {
  const cwd = join(E2E_DIR, 'java');
  const reportsDir = join(outputDir, `java-${version}`);
  const outputFile = join(outputDir, `java-${version}.out`);
  const exitCode = await run(
    'mvn',
    [
      ...['-q', '-B', `-Drocketmq.version=${version}`],
      ...[`-Dnamesrv=${namesrv}`, `-De2e.control=${controlUrl}`, `-De2e.reports=${reportsDir}`],
      ...(test ? [`-Dtest=${test}`] : []),
      'test',
    ],
    { cwd, outputFile, timeoutMs: SUITE_WITHIN_MS, children },
  );
  return withExitCode(readSurefireReports(reportsDir), exitCode, outputFile);
}

async function runGo({ namesrv, controlUrl, test, outputDir }) {
  const outputFile = join(outputDir, 'go.out');
  const exitCode = await run(
    'go',
    [
      // Tests mostly wait, so more of them than there are cores.
      ...['test', '-count=1', '-json', '-timeout=10m', '-parallel=8'],
      ...(test ? [`-run=${test}`] : []),
      './...',
    ],
    {
      cwd: join(E2E_DIR, 'go'),
      env: {
        ...process.env,
        NAMESRV: namesrv,
        CONTROL: controlUrl,
        'rocketmq.client.localOffsetStoreDir': join(outputDir, 'go-offsets'),
      },
      ...{ outputFile, timeoutMs: SUITE_WITHIN_MS, children },
    },
  );
  return withExitCode(readGoReport(outputFile), exitCode, outputFile);
}

/** A run that failed without a failed test, or ran nothing at all, is a failure too. */
function withExitCode(counts, exitCode, outputFile) {
  const ran = counts.passed + counts.failed + counts.skipped;
  if ((exitCode === 0 && ran > 0) || counts.failed > 0) return counts;
  const failure = `exit code ${exitCode}, ${ran} tests ran\n${lastLines(outputFile)}`;
  return { ...counts, failed: 1, failures: [failure] };
}

function removeOldRuns() {
  const parent = dirname(OUTPUT_DIR);
  if (!existsSync(parent)) return;
  const runs = readdirSync(parent)
    .filter((name) => name.startsWith('run-'))
    .map((name) => join(parent, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const dir of [...runs.slice(KEPT_RUN_COUNT - 1), OUTPUT_DIR]) {
    rmSync(dir, { recursive: true, force: true });
  }
}

function print({ suite, passed, failed, skipped, failures, reason, seconds }) {
  for (const failure of failures) console.log(`FAILED ${suite}: ${failure}\n`);
  if (failures.length > 0) console.log(`output: ${OUTPUT_DIR}`);
  const why = reason ? ` (${reason})` : '';
  console.log(
    `${suite}: ${passed} passed, ${failed} failed, ${skipped} skipped${why} in ${seconds} s`,
  );
}
