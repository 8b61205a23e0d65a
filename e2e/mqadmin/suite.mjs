import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startApache, startOurs, stop } from '../cluster.mjs';
import { E2E_DIR } from '../tools.mjs';
import { adminClassPath, runScript } from './admin-process.mjs';
import { judge } from './compare.mjs';
import { describe } from './document.mjs';
import { steps } from './script.mjs';

const DOCUMENT = join(E2E_DIR, '..', 'docs', 'mqadmin.md');

/**
 * Gives Apache's admin tool to a cluster of Apache's and to the one under test, both in the same state, and compares.
 * With `server` `apache` both are Apache's: that tries the rules, and nothing may differ.
 *
 * @param {{ server: 'ours' | 'apache', outputDir: string, write?: boolean,
 *   children: Set<import('node:child_process').ChildProcess> }} context `write`: bring docs/mqadmin.md up to date
 * @returns {Promise<import('../reports.mjs').Counts>} one test per invocation, and those of the table
 */
export async function runMqadmin({ server, outputDir, write, children }) {
  const workDir = join(outputDir, 'mqadmin');
  const classPath = adminClassPath(join(E2E_DIR, 'target', 'mqadmin'));
  const context = { classPath, workDir, children };
  const script =
    server === 'ours'
      ? steps
      : steps.map((step) => ({
          ...step,
          differs: undefined,
          notOffered: undefined,
          stricter: undefined,
          neither: undefined,
        }));
  // Both at once: most of the time is spent waiting.
  const [reference, tested] = await Promise.all([
    runAgainst(startApache, 'reference', context),
    runAgainst(server === 'ours' ? startOurs : startApache, server, context),
  ]);
  const judgements = judge(script, reference, tested);
  const failures = [
    ...reference.complaints.map((text) => `Apache: ${text}`),
    ...tested.complaints,
    ...judgements
      .filter(({ verdict }) => verdict === 'wrong')
      .map(({ step, problem }) => `mqadmin ${step.id}: ${problem}`),
    ...reference.subCommands
      .filter((name) => !steps.some((step) => step.run === name))
      .map((name) => `mqadmin ${name}: not in the script`),
  ];
  if (server === 'ours') failures.push(...checkDocument(reference, judgements, write));
  return {
    passed: judgements.filter(({ verdict }) => verdict !== 'wrong').length,
    failed: failures.length,
    skipped: 0,
    failures,
  };
}

async function runAgainst(start, name, context) {
  // As Apache's is started: a send may wait long on a machine under load.
  const cluster = await start({ brokerConfig: { waitTimeMillsInSendQueue: 30_000 } });
  try {
    const report = await runScript(steps, {
      ...context,
      name,
      names: {
        namesrv: cluster.namesrv,
        broker: `127.0.0.1:${cluster.ports.broker}`,
        home: cluster.dir,
        dir: join(context.workDir, `${name}-files`),
      },
    });
    return { ...report, complaints: [...report.failedActs, ...cluster.complaints] };
  } finally {
    await stop(cluster);
  }
}

function checkDocument(reference, judgements, write) {
  const document = describe(reference.subCommands, judgements);
  if (write) writeFileSync(DOCUMENT, document);
  const committed = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : '';
  if (committed === document) return [];
  return ['docs/mqadmin.md is not what this run saw; run it with --write'];
}
