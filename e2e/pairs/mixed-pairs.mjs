import { checkHistory, isClean } from '../../libs/testing/src/history/checker.ts';
import { addressOf, Pair } from '../chaos/pair.mjs';
import { compareLogs } from '../commit-logs.mjs';
import { mqadmin } from '../mqadmin-command.mjs';
import { commitOffset, metadataOf } from './metadata.mjs';

const sleep = (ms) => new Promise((next) => setTimeout(next, ms));
/** Enough for several files of the log before the slave joins. */
const BEFORE_JOINING_MS = 4_000;
const AFTER_JOINING_MS = 3_000;
/** Apache's slaves ask for all of this once a minute, and again only a minute after they asked in vain. */
const METADATA_WITHIN_MS = 150_000;
/** Apache's slave tries again 5 s after it lost its connection. */
const RECONNECTED_AFTER_MS = 6_000;
/** Starts of Apache's take long; what is sent meanwhile has to be copied and compared as well. */
const PACE_MS = 100;
const NAMES = { topics: ['Chaos', 'MixedOrders'], groups: ['mixed-readers'] };

/** Every pair of one of ours and one of Apache's. */
const CASES = [
  { master: 'apache', slave: 'ours', apacheVersion: '5.5.0' },
  { master: 'ours', slave: 'apache', apacheVersion: '5.5.0' },
];
const CONTROL = [{ master: 'apache', slave: 'apache', apacheVersion: '5.5.0' }];

/**
 * Our slave under Apache's master and the other way round: what was sent is on both, byte by byte, and so is what they know
 * of topics, groups and offsets; with copies waited for, an acknowledgement means that the other origin's slave has it.
 *
 * With `server` `apache` both sides are Apache's: that tries the procedure.
 *
 * @param {{ server: 'ours' | 'apache', test?: string, children: Set<import('node:child_process').ChildProcess> }} context
 * @returns {Promise<import('../reports.mjs').Counts>}
 */
export async function runMixedPairs({ server, test, children }) {
  const result = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const one of server === 'ours' ? CASES : CONTROL) {
    const name = `${one.slave} slave under ${one.master} master, Apache ${one.apacheVersion}`;
    if (test && !name.includes(test)) continue;
    try {
      console.log(`  ${name}: ${await tryPair(one, children)}`);
      result.passed++;
    } catch (error) {
      result.failed++;
      result.failures.push(`${name}: ${error.stack}`);
    }
  }
  return result;
}

async function tryPair({ master: server, slave: slaveServer, apacheVersion }, children) {
  const pair = await Pair.start({
    ...{ server, slaveServer, apacheVersion, mode: 'async', slaveLater: true },
  });
  const { master, slave, fleet } = pair;
  try {
    pair.send({ paceMs: PACE_MS });
    await describe(pair, children);
    await sleep(BEFORE_JOINING_MS);
    await slave.start();
    await pair.inStep();
    await sleep(AFTER_JOINING_MS);
    await slave.kill9();
    await sleep(1_000);
    await slave.start();
    await pair.inStep();
    await pair.driver.stopProducing();
    await slave.caughtUpWith(master);
    const joined = compareLogs(master.storeDir, slave.storeDir);
    // Apache's slaves have only the newest file of an Apache master.
    const isWhole = joined.from === 0 || server === slaveServer;
    if (!isWhole) throw new Error(`the slave has nothing below ${joined.from}`);

    await waitForCopies(pair);
    pair.send({ paceMs: PACE_MS });
    await sleep(AFTER_JOINING_MS);
    await pair.driver.stopProducing();
    await slave.caughtUpWith(master);
    const equal = compareLogs(master.storeDir, slave.storeDir);
    await pair.drain(master, 'master');
    await pair.drain(slave, 'slave');
    await sameMetadata(pair);
    const report = checkHistory(pair.driver.events());
    if (!isClean(report)) throw new Error(JSON.stringify(report, null, 1).slice(0, 2_000));
    if (fleet.complaints.length > 0) throw new Error(fleet.complaints.join('\n'));
    return (
      `${report.ackedCount} acknowledged, ${report.weakCount} without a copy, lost ${report.lost.length}; ` +
      `logs equal in ${equal.from}…${equal.to}, SHA-256 ${equal.sha256.slice(0, 16)}`
    );
  } finally {
    await pair.end();
  }
}

/** A topic, a group and offsets that only a copy of the master's knowledge can have. */
async function describe({ master, fleet }, children) {
  const options = { dir: fleet.dir, children };
  const at = ['-n', fleet.namesrv, '-b', addressOf(master)];
  const queues = ['-r', '5', '-w', '3', '-p', '6'];
  await mqadmin(['updateTopic', ...at, '-t', 'MixedOrders', ...queues], options);
  await mqadmin(['updateSubGroup', ...at, '-g', 'mixed-readers', '-r', '7'], options);
  for (let queueId = 0; queueId < 3; queueId++) {
    const offset = 10 * (queueId + 1);
    await commitOffset(master, { group: 'mixed-readers', topic: 'MixedOrders', queueId, offset });
  }
}

/** From now on an acknowledgement waits for the slave's copy. */
async function waitForCopies(pair) {
  const { master } = pair;
  await master.kill9();
  master.configure({ brokerRole: 'SYNC_MASTER', inSyncReplicas: 2 });
  await master.start();
  await sleep(RECONNECTED_AFTER_MS);
  await pair.inStep();
}

async function sameMetadata({ master, slave }) {
  const place = { group: 'mixed-readers', topic: 'MixedOrders', queueId: 0 };
  await commitOffset(master, { ...place, offset: 77 });
  let [wanted, got] = ['', undefined];
  const isSame = async () => {
    wanted = await metadataOf(master, NAMES);
    got = await metadataOf(slave, NAMES);
    return wanted === got && wanted.includes('77');
  };
  try {
    const what = 'knows what its master knows';
    await slave.process.until(isSame, { what, limitMs: METADATA_WITHIN_MS });
  } catch (error) {
    const tables = `master: ${wanted}\nslave: ${got}`;
    throw new Error(`${error.message}\n${tables}`, { cause: error });
  }
}
