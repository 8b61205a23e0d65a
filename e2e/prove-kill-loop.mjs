import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const TIMEOUT_MS = 120_000;

function run(script, options) {
  const child = spawn(
    process.execPath,
    ['--import', './tools/dev/register.mjs', script, ...options],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS },
  );
  let [output, errors] = ['', ''];
  child.stdout.on('data', (bytes) => (output += bytes));
  child.stderr.on('data', (bytes) => (errors += bytes));
  return new Promise((done) => {
    child.once('close', (status) => {
      const said = output.trim().split('\n').at(-1) ?? '';
      // A broken broker may also end the loop by not coming back; a sound one must give figures.
      done({ status, said: said === '' ? errors.trim().split('\n').slice(-3).join(' | ') : said });
    });
  });
}

/**
 * Runs a kill loop once as it is, then, side by side, once for each way to break a promise: the first must find nothing,
 * each of the others something. Prints a line for each and ends the process, with 1 where that is not so.
 *
 * @param {{ script: string, claim: string, kills: string, mutants: string[],
 *   options?: string[] }} proof `script` from the repository's root
 */
export async function proveKillLoop({ script, claim, kills, mutants, options = [] }) {
  let failed = 0;
  const expect = (name, isMet, said) => {
    if (!isMet) failed++;
    console.log(`${isMet ? 'ok    ' : 'FAILED'} ${name}: ${said}`);
  };
  const sound = await run(script, ['--kills', kills, ...options]);
  expect(claim, sound.status === 0, sound.said);
  const broken = ['--kills', '1', '--settle-ms', '6000', ...options, '--mutant'];
  await Promise.all(
    mutants.map(async (mutant) => {
      const { status, said } = await run(script, [...broken, mutant]);
      expect(`${mutant} is caught`, status === 1 && said.startsWith('{'), said);
    }),
  );
  console.log(`${1 + mutants.length - failed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
