import { spawnSync } from 'node:child_process';
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
  const program = join(E2E_DIR, '..', 'apps', 'promote-tool', 'bin', 'mqpromote.js');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [program, '-b', addressOf(slave), ...(force ? ['--force'] : [])],
    { encoding: 'utf8', timeout: PROMOTED_WITHIN_MS },
  );
  if (status !== 0) throw new Error(`mqpromote ended with ${status}: ${stdout}${stderr}`);
  slave.brokerId = 0;
  await slave.ready();
  return stdout.trim();
}
