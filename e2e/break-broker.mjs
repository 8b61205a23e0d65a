import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Makes the broker of a cluster one that is broken on purpose, from its next start on.
 *
 * @param {import('./cluster.mjs').Cluster} cluster of ours
 * @param {string} mutant one of `apps/broker/test/mutants/broken-disk.ts`
 */
export function breakBroker(cluster, mutant) {
  const { broker } = cluster.parts;
  const [, [, ...options]] = broker.command;
  const script = join(root, 'apps/broker/test/mutants/mutant-broker.ts');
  const hooks = ['--import', join(root, 'tools/dev/register.mjs')];
  broker.command = [
    'env',
    [`ROCKETMQ_MUTANT=${mutant}`, process.execPath, ...hooks, script, ...options],
  ];
}
