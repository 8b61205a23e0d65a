/**
 * A short kill loop of timed messages, and one for each way to break a promise: all of those must be caught.
 *
 *   node --import ./tools/dev/register.mjs e2e/timer/prove-checker.mjs [--kills 3]
 */
import { parseArgs } from 'node:util';
import { proveKillLoop } from '../prove-kill-loop.mjs';

const { values } = parseArgs({ options: { kills: { type: 'string', default: '3' } } });
await proveKillLoop({
  script: 'e2e/timer/kill-loop.mjs',
  claim: 'timed messages survive kills of the broker',
  kills: values.kills,
  options: ['--delay-max-ms', '5000'],
  mutants: ['ask-too-early', 'lose-tail-at-start'],
});
