#!/usr/bin/env node
/**
 * Holds a run against a stored one and fails when a ratio got worse. Ratios to Apache of the same
 * run are compared, not figures: machines and hours differ, and both sides of a ratio share them.
 */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { baselineOf, compareWithBaseline } from './harness/regression.mjs';

const benchRoot = path.dirname(fileURLToPath(import.meta.url));

const usage = `node bench/compare.mjs [options] [results.json]
  results.json      default: the newest file in bench/results
  --lane NAME       bench/baselines/<NAME>.json, default reference
  --update          store the run as the lane's new baseline (a commit of its own, saying why)
Exit codes: 0 no worse, 1 worse, 2 nothing could be compared.`;

function newestResults() {
  const directory = path.join(benchRoot, 'results');
  const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
  if (files.length === 0) throw new Error('bench/results holds no run: node bench/run.mjs --json');
  return path.join(directory, files.sort().at(-1));
}

const format = (value) => (Number.isFinite(value) ? value.toFixed(2) : '–');

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      lane: { type: 'string', default: 'reference' },
      update: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const result = JSON.parse(readFileSync(positionals[0] ?? newestResults(), 'utf8'));
  const laneFile = path.join(benchRoot, 'baselines', `${values.lane}.json`);
  if (values.update) {
    mkdirSync(path.dirname(laneFile), { recursive: true });
    writeFileSync(laneFile, `${JSON.stringify(baselineOf(result), null, 2)}\n`);
    return console.log(`stored as ${path.relative(process.cwd(), laneFile)}`);
  }
  const comparison = compareWithBaseline(result, JSON.parse(readFileSync(laneFile, 'utf8')));
  for (const { point, metric, before, now, change, isWorse } of comparison.compared) {
    const mark = isWorse ? 'WORSE' : 'ok';
    const line = `${mark.padEnd(6)} ${point.padEnd(18)} ${metric.padEnd(22)}`;
    console.log(`${line} ${format(before)} → ${format(now)} (${format(change)})`);
  }
  for (const { point, metric } of comparison.missing) console.log(`absent ${point} ${metric}`);
  if (comparison.compared.length === 0) throw new Error('the run and the baseline share no ratio');
  process.exitCode = comparison.compared.some((row) => row.isWorse) ? 1 : 0;
}

try {
  main();
} catch (error) {
  console.error(`compare: ${error.message}`);
  process.exitCode = 2;
}
