/**
 * A short kill loop, and one for each way to break a promise: all of those must be caught.
 *
 *   node --import ./tools/dev/register.mjs e2e/transactions/prove-checker.mjs [--kills 4]
 */
import { parseArgs } from 'node:util';
import { proveKillLoop } from '../prove-kill-loop.mjs';

const { values } = parseArgs({ options: { kills: { type: 'string', default: '4' } } });
await proveKillLoop({
  script: 'e2e/transactions/kill-loop.mjs',
  claim: 'transactions survive kills of the broker',
  kills: values.kills,
  mutants: ['confuse-decisions', 'lose-tail-at-start'],
});
