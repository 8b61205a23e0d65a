#!/usr/bin/env node
// `npm test`: everything that can be checked on this machine, one step after the other; what had to be left out, and why,
// is listed at the end. `npm test -- --only unit,types` runs some steps, `npm test -- --list` names them.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findTool } from './tools.mjs';
import { startsOnOtherNode } from './other-node.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const scratch = mkdtempSync(join(tmpdir(), 'rocketmq-ts-test-'));

/**
 * ES modules of a test file that is over stay in memory: a process that runs all files ends at 1.4 GB and takes twice as
 * long.
 */
const FRESH_WORKERS = '--workerIdleMemoryLimit=400MB';

/** @typedef {{ passed: number, failed: number, skipped: { what: string, why: string }[] }} Outcome */

function run(command, args, { quiet = false } = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', quiet ? 'ignore' : 'inherit', 'inherit'],
    });
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`);
      done(127);
    });
    child.once('close', (code) => done(code ?? 1));
  });
}

/** A step that either holds or does not. @returns {Promise<Outcome>} */
async function check(command, ...args) {
  const code = await run(command, args);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [] };
}
const node = (...args) => check(process.execPath, ...args);

/** @returns {Promise<Outcome>} */
async function jest(...args) {
  const report = join(scratch, 'jest.json');
  rmSync(report, { force: true });
  const code = await run(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      '--json',
      `--outputFile=${report}`,
      ...args,
      // Last, because what follows it counts as another reporter.
      `--reporters=${join(root, 'tools/test/jest-reporter.mjs')}`,
    ],
    { quiet: true },
  );
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, testResults } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    const skipped = testResults
      .flatMap((suite) => suite.assertionResults)
      .filter((test) => test.status === 'pending')
      .map((test) => ({
        what: test.fullName,
        why: 'the test says that this machine lacks what it needs',
      }));
    return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites, skipped };
  } catch (error) {
    console.error(`Jest ended with ${code} and wrote no report: ${error.message}`);
    return { passed: 0, failed: 1, skipped: [] };
  }
}

const proveKillLoop = (feature) =>
  node('--import', './tools/dev/register.mjs', `e2e/${feature}/prove-checker.mjs`);

/** Steps side by side, for they wait more than they work. @returns {Promise<Outcome>} */
async function together(steps) {
  const outcomes = await Promise.all(steps);
  const sum = (name) => outcomes.reduce((total, outcome) => total + outcome[name], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: [] };
}

/** Suites of official clients; each needs its own toolchain. @returns {Promise<Outcome>} */
/** @param options of `e2e/run.mjs` */
async function interop(suites, ...options) {
  const report = join(scratch, 'interop.json');
  rmSync(report, { force: true });
  const code = await run(process.execPath, [
    'e2e/run.mjs',
    '--server',
    'ours',
    '--suite',
    suites.join(','),
    '--json',
    report,
    ...options,
  ]);
  try {
    const { suites: results } = JSON.parse(readFileSync(report, 'utf8'));
    const sum = (name) => results.reduce((total, result) => total + result[name], 0);
    const skipped = results
      .filter((result) => result.skipped > 0)
      .map(({ suite, skipped: count, reason }) => ({
        what: suite,
        why: reason ?? `${count} tests`,
      }));
    return {
      passed: sum('passed'),
      failed: sum('failed') + (code !== 0 && sum('failed') === 0 ? 1 : 0),
      skipped,
    };
  } catch (error) {
    console.error(`The interop run ended with ${code} and wrote no report: ${error.message}`);
    return { passed: 0, failed: 1, skipped: [] };
  }
}

const needs = (tools, step) => async () => {
  const missing = tools.filter((tool) => findTool(tool) === undefined);
  return missing.length === 0
    ? step()
    : { passed: 0, failed: 0, skipped: [{ what: '', why: `needs ${missing.join(' and ')}` }] };
};

const steps = [
  {
    name: 'lint',
    doc: 'ESLint, Prettier, tidy',
    run: async () => {
      const results = [
        await node('node_modules/eslint/bin/eslint.js', '.'),
        await node('node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'),
        await node('tools/tidy/tidy.mjs'),
      ];
      return {
        passed: results.filter((result) => result.failed === 0).length,
        failed: results.filter((result) => result.failed > 0).length,
        skipped: [],
      };
    },
  },
  {
    name: 'types',
    doc: 'TypeScript, strict',
    run: () => node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'),
  },
  {
    name: 'generated',
    doc: 'generated documents and files are current',
    run: () => node('tools/generate-docs/generate-docs.mjs', '--check'),
  },
  {
    name: 'golden',
    doc: "golden files equal what Apache's classes write",
    run: needs(['mvn', 'java'], () =>
      check('bash', 'tools/extract-java-protocol/extract.sh', '--check'),
    ),
  },
  {
    name: 'unit',
    doc: 'unit, golden, fuzz and simulated crash tests',
    run: () => jest('--maxWorkers=2', FRESH_WORKERS, 'libs', 'tools', 'apps/.*\\.fuzz\\.ts'),
  },
  { name: 'build', doc: 'one bundle per app', run: () => node('tools/build/build.mjs') },
  {
    name: 'process',
    doc: 'real processes: start, stop, kill, faults',
    // one file at a time, for they measure time
    run: () => jest('--maxWorkers=1', FRESH_WORKERS, 'apps/.*\\.spec\\.ts'),
  },
  {
    name: 'bench-tool',
    doc: 'the load generator and its reports',
    run: needs(['go'], () =>
      check('bash', '-c', 'node --test bench/harness/*.test.mjs && go -C bench/loadgen test ./...'),
    ),
  },
  {
    name: 'chaos',
    doc: 'a short kill loop, and every broker that is broken on purpose is caught',
    run: needs(['go'], () =>
      node('--import', './tools/dev/register.mjs', 'e2e/chaos/prove-checker.mjs'),
    ),
  },
  {
    name: 'chaos-pair',
    doc: 'a short campaign against master and slave, and every pair that breaks its promises is caught',
    run: needs(['go'], () =>
      node('--import', './tools/dev/register.mjs', 'e2e/chaos/prove-pair-checker.mjs'),
    ),
  },
  {
    name: 'kill-loops',
    doc: 'the broker is killed with transactions, popped and timed messages under way; what breaks their promises is caught',
    run: () => together(['transactions', 'pop', 'timer'].map(proveKillLoop)),
  },
  {
    name: 'other-node',
    doc: 'the services start on the current LTS of Node',
    run: () => startsOnOtherNode(root, scratch),
  },
  {
    name: 'interop',
    doc: 'official Java and Go clients, store exchange with Apache',
    run: () => interop(['java-5.5.0', 'java-4.9.8', 'go', 'store-exchange']),
  },
  {
    name: 'pairs',
    doc: 'two masters with slaves under official tools and clients; a migration from Apache (all of it: npx nx pairs)',
    run: () => interop(['topologies', 'migration'], '--test', '2m-2s-sync'),
  },
  {
    name: 'mqadmin',
    doc: "Apache's admin tool against both brokers, and its table is current",
    run: async () => {
      const rules = await check('bash', '-c', 'node --test e2e/mqadmin/*.test.mjs');
      const runs = await interop(['mqadmin']);
      return {
        passed: rules.passed + runs.passed,
        failed: rules.failed + runs.failed,
        skipped: runs.skipped,
      };
    },
  },
];

async function main() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      skip: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
  });
  if (values.list)
    return steps.forEach(({ name, doc }) => console.log(`${name.padEnd(12)} ${doc}`));
  const only = values.only?.split(',');
  const skip = values.skip?.split(',') ?? [];
  const unknown = [...(only ?? []), ...skip].filter(
    (name) => !steps.some((step) => step.name === name),
  );
  if (unknown.length > 0)
    throw new Error(`There is no step "${unknown[0]}"; npm test -- --list names them.`);

  const total = { passed: 0, failed: 0, skipped: [] };
  const lines = [];
  for (const step of steps) {
    if (skip.includes(step.name) || (only && !only.includes(step.name))) continue;
    console.log(`\n── ${step.name}: ${step.doc}`);
    const startedMs = performance.now();
    const outcome = await step.run();
    total.passed += outcome.passed;
    total.failed += outcome.failed;
    total.skipped.push(
      ...outcome.skipped.map(({ what, why }) => ({
        what: what ? `${step.name}: ${what}` : step.name,
        why,
      })),
    );
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    lines.push(
      `${step.name.padEnd(12)} ${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped.length} skipped, ${seconds} s`,
    );
    console.log(lines.at(-1));
  }
  console.log(`\n${lines.join('\n')}`);
  for (const { what, why } of total.skipped) console.log(`skipped: ${what} (${why})`);
  console.log(
    `\ntests: ${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped`,
  );
  if (total.failed > 0 || total.passed === 0) process.exitCode = 1;
}

main()
  .catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  })
  .finally(() => rmSync(scratch, { recursive: true, force: true }));
