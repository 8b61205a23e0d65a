/**
 * A short kill loop, and one for each way to break a promise: all of those must be caught.
 *
 *   node --import ./tools/dev/register.mjs e2e/transactions/prove-checker.mjs [--kills 4]
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { values } = parseArgs({ options: { kills: { type: 'string', default: '4' } } });
const MUTANTS = ['confuse-decisions', 'lose-tail-at-start'];

function killLoop(...options) {
  const script = ['--import', './tools/dev/register.mjs', 'e2e/transactions/kill-loop.mjs'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...script, ...options], {
    cwd: root,
    encoding: 'utf8',
    timeout: 120_000,
  });
  const said = stdout.trim().split('\n').at(-1) ?? '';
  // A broken broker may also end the loop by not coming back; a sound one must give figures.
  return { status, said: said === '' ? stderr.trim().split('\n').slice(-3).join(' | ') : said };
}

let failed = 0;
function expect(name, isMet, said) {
  if (!isMet) failed++;
  console.log(`${isMet ? 'ok    ' : 'FAILED'} ${name}: ${said}`);
}

const sound = killLoop('--kills', values.kills);
expect('transactions survive kills of the broker', sound.status === 0, sound.said);
for (const mutant of MUTANTS) {
  const { status, said } = killLoop('--kills', '1', '--settle-ms', '6000', '--mutant', mutant);
  expect(`${mutant} is caught`, status === 1 && said.startsWith('{'), said);
}
console.log(`${1 + MUTANTS.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
