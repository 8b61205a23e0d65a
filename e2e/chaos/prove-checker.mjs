#!/usr/bin/env node
// Runs a short kill loop against each broken broker: every one of them must be caught, and the sound one must pass.
//   node --import ./tools/dev/register.mjs e2e/chaos/prove-checker.mjs [--rounds 6]
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutants } from '../../apps/broker/test/mutants/broken-disk.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '6' } } });

function killLoop(...args) {
  const result = spawnSync(
    process.execPath,
    [
      '--import',
      './tools/dev/register.mjs',
      'e2e/chaos/kill-loop.mjs',
      '--rounds',
      values.rounds,
      '--max-pause-ms',
      '900',
      ...args,
    ],
    { cwd: root, encoding: 'utf8', timeout: 180_000 },
  );
  return { clean: result.status === 0, text: `${result.stdout}${result.stderr}`.trim() };
}

let passed = 0;
let failed = 0;
function expect(name, holds, text) {
  if (holds) passed++;
  else failed++;
  const finding = text
    .split('\n')
    .filter((line) => /^\w+: \d+, for example|Error:|lost \d/.test(line))
    .slice(-2)
    .join(' | ');
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${name}: ${finding.slice(0, 240)}`);
  if (!holds) console.log(text);
}

for (const flush of ['async', 'sync']) {
  const { clean, text } = killLoop('--flush', flush);
  expect(`the broker survives its kills (${flush} flush)`, clean, text);
}
let caught = 0;
for (const mutant of mutants) {
  const { clean, text } = killLoop('--mutant', mutant);
  if (!clean) caught++;
  expect(`a broker that is broken by ${mutant} is caught`, !clean, text);
}
console.log(`mutants caught ${caught}/${mutants.length}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
