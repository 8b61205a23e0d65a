#!/usr/bin/env node
// Runs a short pair campaign on a sound pair, which must pass, and on each that breaks its promises, which must be caught.
//   node --import ./tools/dev/register.mjs e2e/chaos/prove-pair-checker.mjs [--rounds 6] [--server ours|apache]
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pairMutants } from './pair-mutants.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const TIMEOUT_MS = 300_000;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '6' },
    server: { type: 'string', default: 'ours' },
  },
});

function pairLoop(...words) {
  const child = spawn(
    process.execPath,
    [
      ...['--import', './tools/dev/register.mjs', 'e2e/chaos/pair-loop.mjs'],
      ...['--max-hold-ms', '900', '--server', values.server, ...words],
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS },
  );
  let text = '';
  child.stdout.on('data', (bytes) => (text += bytes));
  child.stderr.on('data', (bytes) => (text += bytes));
  return new Promise((resolve) => {
    child.once('close', (status) => resolve({ status, text: text.trim() }));
  });
}

let failed = 0;
function expect(name, isMet, text) {
  if (!isMet) failed++;
  const said = text
    .split('\n')
    .filter((line) => /\): \d+, for example|Error: |^with the master|^in step|^rounds/.test(line))
    .slice(-3)
    .join(' | ');
  console.log(`${isMet ? 'ok    ' : 'FAILED'} ${name}: ${said.slice(0, 400)}`);
  if (!isMet) console.log(text);
}

// Side by side: they mostly wait.
const sound = ['sync', 'async'].map(async (mode) => {
  const { status, text } = await pairLoop('--mode', mode, '--rounds', values.rounds);
  expect(`a pair keeps its promises (${mode})`, status === 0, text);
});
await Promise.all(sound);
/** What must be in the output: a run that ends for another reason has caught nothing. */
const findings = {
  'acknowledges without a copy': /lost \(alone\): [1-9]/,
  'flips a bit of the slave': /the logs differ at/,
};
await Promise.all(
  Object.keys(pairMutants).map(async (mutant) => {
    const { status, text } = await pairLoop('--mutant', mutant, '--rounds', '1', '--no-network');
    expect(`a pair that ${mutant} is caught`, status !== 0 && findings[mutant].test(text), text);
  }),
);
console.log(`${2 + Object.keys(pairMutants).length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
