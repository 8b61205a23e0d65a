import { addressOf } from '../chaos/pair.mjs';
import { compareLogs, walkLog } from '../commit-logs.mjs';
import { Fleet } from '../fleet.mjs';
import { compiledJava, SteadyClients } from '../java-programs.mjs';
import { mqadmin } from '../mqadmin-command.mjs';
import { promote } from './promote.mjs';

const sleep = (ms) => new Promise((next) => setTimeout(next, ms));
const TOPIC = 'Migrated';
/** Messages of which the clients must have sent and received so many more before the next step. */
const GOES_ON_COUNT = 300;
/** Producers look at the route every 30 s, and the broker's first answer after a switch may come late. */
const SWITCHED_WITHIN_MS = 120_000;
/** What consumers committed last has to be on the slave as well; slaves ask every 3 s. */
const OFFSETS_COPIED_MS = 7_000;

/**
 * A cluster of Apache's becomes one of ours under clients that never pause, with the steps of `docs/migration.md`: nothing
 * that was acknowledged is lost, and the log stays what it was, byte by byte.
 *
 * @param {{ outputDir: string, children: Set<import('node:child_process').ChildProcess> }} context
 * @returns {Promise<import('../reports.mjs').Counts>}
 */
export async function runMigration({ outputDir, children }) {
  const classPath = await compiledJava({ outputDir, children });
  const fleet = new Fleet({ nameserver: 'apache' });
  const options = { dir: fleet.dir, children };
  const startedMs = Date.now();
  const say = (text) => console.log(`  ${((Date.now() - startedMs) / 1000).toFixed(0)} s: ${text}`);
  let clients;
  try {
    await fleet.start();
    const apache = await fleet.add({ name: 'apache-master', kind: 'apache' });
    const apacheSlave = await fleet.add({ name: 'apache-slave', kind: 'apache', brokerId: 1 });
    await apache.start();
    await apacheSlave.start();
    await mqadmin(
      ['updateTopic', '-n', fleet.namesrv, '-c', 'DefaultCluster', '-t', TOPIC],
      options,
    );
    clients = new SteadyClients({
      ...{ classPath, namesrv: fleet.namesrv, topic: TOPIC, group: 'migrated-readers' },
      ...{ dir: outputDir, name: 'migration', children },
    });
    await clients.goesOn(GOES_ON_COUNT);
    say('clients run on a master and a slave of Apache');

    await fleet.replaceNameserver('ours');
    for (const broker of [apache, apacheSlave]) await broker.ready();
    await clients.goesOn(GOES_ON_COUNT);
    say('the nameserver is ours, both of Apache have registered again');

    const ours = await fleet.add({ name: 'our-slave', kind: 'ours', brokerId: 2 });
    await ours.start();
    await ours.has(await apache.logEnd());
    await clients.goesOn(GOES_ON_COUNT);
    say(`our slave has joined and has all ${await ours.logEnd()} bytes`);

    await setPermission(apache, 4, options);
    await ours.caughtUpWith(apache);
    await sleep(OFFSETS_COPIED_MS);
    // It writes some records of its own until it has stopped.
    await apache.stop();
    const end = walkLog(apache.storeDir).to;
    await ours.has(end);
    const before = compareLogs(apache.storeDir, ours.storeDir);
    if (before.from !== 0 || before.to !== end)
      throw new Error(`our slave has ${before.from}…${before.to} of 0…${end}`);
    say(
      `Apache's master takes no more sends, our slave has all of it: equal in ${before.to} bytes; it has stopped`,
    );

    say(await promote(ours));
    await clients.goesOn(GOES_ON_COUNT, SWITCHED_WITHIN_MS);
    say('our slave is the master; clients go on');

    await apacheSlave.kill9();
    const ourSlave = await fleet.add({ name: 'our-new-slave', kind: 'ours', brokerId: 1 });
    await ourSlave.start();
    await ourSlave.has(await ours.logEnd());
    await clients.goesOn(GOES_ON_COUNT);
    say('Apache is gone, a slave of ours takes its place');

    const report = await clients.finish();
    await ourSlave.caughtUpWith(ours);
    const kept = compareLogs(apache.storeDir, ours.storeDir);
    if (kept.to !== before.to || kept.sha256 !== before.sha256)
      throw new Error(
        `what Apache wrote is not what it was: ${before.sha256}, then ${kept.sha256}`,
      );
    const equal = compareLogs(ours.storeDir, ourSlave.storeDir);
    if (equal.from !== 0) throw new Error(`our new slave has nothing below ${equal.from}`);
    say(
      `acknowledged ${report.acknowledged}, missing ${report.missing}, repeated ${report.repeated}, ` +
        `longest pause of sends ${report.longestSendPauseMs} ms, of receipts ${report.longestReceivePauseMs} ms`,
    );
    const failures = [...fleet.complaints];
    if (report.missing > 0) failures.push(`${report.missing} acknowledged messages are missing`);
    return { passed: failures.length === 0 ? 1 : 0, failed: failures.length, skipped: 0, failures };
  } finally {
    clients?.kill();
    await fleet.end();
  }
}

/** 6 reads and writes, 4 reads alone; the broker follows at once. */
function setPermission(broker, permission, options) {
  const words = ['-n', broker.fleet.namesrv, '-b', addressOf(broker)];
  return mqadmin(
    ['updateBrokerConfig', ...words, '-k', 'brokerPermission', '-v', `${permission}`],
    options,
  );
}
