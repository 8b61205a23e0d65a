/**
 * A short kill loop of pops, and one for each way to break a promise: all of those must be caught.
 *
 *   node --import ./tools/dev/register.mjs e2e/pop/prove-checker.mjs [--kills 2]
 */
import { parseArgs } from 'node:util';
import { proveKillLoop } from '../prove-kill-loop.mjs';

const { values } = parseArgs({ options: { kills: { type: 'string', default: '2' } } });
await proveKillLoop({
  script: 'e2e/pop/kill-loop.mjs',
  claim: 'popped messages survive kills of the broker',
  kills: values.kills,
  mutants: ['swallow-acks', 'lose-tail-at-start'],
});
