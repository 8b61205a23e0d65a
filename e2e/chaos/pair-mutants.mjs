import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { logFiles, walkLog } from '../commit-logs.mjs';

/**
 * Ways to break what a pair promises, each of which the campaign must find.
 *
 * @type {Record<string, { mode?: 'async', beforeComparing?(pair: import('./pair.mjs').Pair): void }>}
 */
export const pairMutants = {
  /** A master that calls itself synchronous and acknowledges before anybody has a copy. */
  'acknowledges without a copy': { mode: 'async' },
  /** A slave on which one bit of an old message is not as the master wrote it. */
  'flips a bit of the slave': { beforeComparing: ({ slave }) => flipBit(slave.storeDir) },
};

function flipBit(storeDir) {
  const { from, to } = walkLog(storeDir);
  const place = from + Math.floor((to - from) / 2);
  const file = logFiles(storeDir).find((candidate) => candidate.to > place);
  const handle = openSync(file.path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(handle, byte, 0, 1, place - file.from);
  byte[0] ^= 1;
  writeSync(handle, byte, 0, 1, place - file.from);
  closeSync(handle);
}
