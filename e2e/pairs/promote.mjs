import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { addressOf } from '../chaos/pair.mjs';
import { E2E_DIR } from '../tools.mjs';

const PROMOTED_WITHIN_MS = 60_000;

/**
 * Makes a slave the master with the command that operators have, and waits until the nameserver knows.
 *
 * @param {import('../fleet.mjs').FleetBroker} slave
 * @param {{ force?: boolean }} [options] `force`: although its master may be alive
 * @returns {Promise<string>} what the command said
 * @throws when it refuses
 */
export async function promote(slave, { force = false } = {}) {
  const program = join(E2E_DIR, '..', 'node_modules', '.bin', 'mqpromote');
  if (!existsSync(program)) throw new Error(`not there: ${program}; npm install links it`);
  const { status, stdout, stderr } = spawnSync(
    program,
    ['-b', addressOf(slave), ...(force ? ['--force'] : [])],
    { encoding: 'utf8', timeout: PROMOTED_WITHIN_MS },
  );
  if (status !== 0) throw new Error(`mqpromote ended with ${status}: ${stdout}${stderr}`);
  slave.brokerId = 0;
  await slave.ready();
  return stdout.trim();
}
