#!/usr/bin/env node
// What a pair must survive beside kills: strangers at the replication port, a spoilt stream, a full disk, old and foreign
// stores. One line each; the exit code is 1 when one of them fails.
//
//   node --import ./tools/dev/register.mjs e2e/chaos/pair-scenarios.mjs [--only PART-OF-NAME]
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkHistory, isClean } from '../../libs/testing/src/history/checker.ts';
import { compareLogs, walkLog } from '../commit-logs.mjs';
import { beHostile, flood, hostilePeers } from './hostile-peers.mjs';
import { Pair } from './pair.mjs';
import { ReplicationProxy, spoilings } from './replication-proxy.mjs';

const sleep = (ms) => new Promise((next) => setTimeout(next, ms));
const FLOOD_CONNECTIONS = 200;
/** Strangers may cost a master so much memory and no more. */
const GROWTH_LIMIT_BYTES = 96 * 1024 * 1024;
const READY_AGAIN_MS = 60_000;
const SMALL_DISK = '48m';
const LARGER_DISK = '1g';
/** How long a slave must not follow a master whose history it does not share. */
const WATCHED_MS = 12_000;

class Skipped extends Error {}

const scenarios = {
  async 'strangers at the replication port'() {
    return withPair({ mode: 'sync' }, async (pair) => {
      const address = { host: pair.master.host, port: pair.master.port + 1 };
      pair.send();
      await sleep(1_000);
      const before = residentBytes(pair.master);
      const took = await Promise.all(
        Object.entries(hostilePeers).map(async ([name, peer]) => {
          const ms = await beHostile(address, peer, await pair.master.logEnd());
          if (ms === undefined) throw new Error(`${name}: not closed`);
          return ms;
        }),
      );
      const grown = residentBytes(pair.master) - before;
      await pair.inStep();
      await soundEnd(pair);
      if (grown > GROWTH_LIMIT_BYTES) throw new Error(`the master has grown by ${grown} bytes`);
      return `${took.length} of them closed after ${ms(Math.min(...took))}…${ms(Math.max(...took))}, grown by ${mib(grown)}`;
    });
  },

  async 'a flood of connections to the replication port'() {
    return withPair({ mode: 'sync' }, async (pair) => {
      const address = { host: pair.master.host, port: pair.master.port + 1 };
      pair.send();
      await sleep(1_000);
      const before = residentBytes(pair.master);
      const connections = await flood(address, FLOOD_CONNECTIONS);
      // A slave that has to come back must find its place among them.
      await pair.slave.kill9();
      await pair.slave.start();
      const inStepMs = await pair.inStep();
      connections.end();
      const grown = residentBytes(pair.master) - before;
      await soundEnd(pair);
      if (connections.open > FLOOD_CONNECTIONS / 4)
        throw new Error(`${connections.open} of ${FLOOD_CONNECTIONS} stayed open`);
      return `${connections.open} of ${FLOOD_CONNECTIONS} stayed open; a slave in step after ${ms(inStepMs)}, grown by ${mib(grown)}`;
    });
  },

  async 'an offset nobody can have does not count as a copy'() {
    return withPair({ mode: 'sync' }, async (pair) => {
      const address = { host: pair.master.host, port: pair.master.port + 1 };
      pair.send();
      await pair.slave.knowsTopic('Chaos');
      await pair.inStep();
      pair.slave.process.pause();
      for (let n = 0; n < 10; n++) {
        await beHostile(
          address,
          hostilePeers['an offset beyond the end'],
          await pair.master.logEnd(),
        );
        await sleep(100);
      }
      await pair.master.kill9();
      pair.slave.process.resume();
      await pair.driver.stopProducing();
      pair.master.wipe();
      await pair.drain(pair.slave, 'slave-alone');
      const report = checkHistory(pair.driver.events().filter((event) => event.reader !== 'live'));
      if (report.lost.length > 0)
        throw new Error(`${report.lost.length} were acknowledged without a copy`);
      return `acknowledged ${report.ackedCount}, without a copy ${report.weakCount}, lost 0`;
    });
  },

  async 'a stream that is spoilt on its way'() {
    const proxied = {};
    return withPair(
      {
        mode: 'async',
        slaveLater: true,
      },
      async (pair) => {
        const proxy = await ReplicationProxy.before({
          host: pair.master.host,
          port: pair.master.port + 1,
        });
        try {
          pair.slave.configure({ haMasterAddress: `127.0.0.1:${proxy.port}` });
          await pair.slave.start();
          await pair.inStep();
          pair.send();
          for (const [name, spoil] of Object.entries(spoilings)) {
            await sleep(300);
            proxy.spoilNext(spoil);
            await pair.slave.process.until(async () => proxy.spoiltCount > (proxied.count ?? 0), {
              ...{ what: `got ${name}`, limitMs: READY_AGAIN_MS },
            });
            proxied.count = proxy.spoiltCount;
            proxied[name] = await pair.inStep(READY_AGAIN_MS).catch((error) => {
              throw new Error(`${name}: ${error.message}`);
            });
          }
          await soundEnd(pair);
        } finally {
          proxy.close();
        }
        const { count, ...took } = proxied;
        return `${count} ways, in step again after at most ${ms(Math.max(...Object.values(took)))}`;
      },
    );
  },

  async "the slave's disk is full"() {
    if (process.getuid() !== 0) throw new Skipped('only root may make a small disk');
    const disk = `/tmp/rocketmq-small-disk-${process.pid}`;
    mkdirSync(disk);
    command('mount', '-t', 'tmpfs', '-o', `size=${SMALL_DISK}`, 'tmpfs', disk);
    try {
      return await withPair({ mode: 'async', slaveStoreDir: join(disk, 'store') }, async (pair) => {
        pair.send();
        await until(() => isUnready(pair.slave), 90_000, 'the slave says that its disk is full');
        const said = await readiness(pair.slave);
        const atFull = await pair.slave.logEnd();
        await sleep(2_000);
        command('mount', '-o', `remount,size=${LARGER_DISK}`, disk);
        await pair.driver.stopProducing();
        const startedMs = performance.now();
        await pair.inStep(READY_AGAIN_MS);
        const took = performance.now() - startedMs;
        await soundEnd(pair, { isSending: false });
        return `full at ${mib(atFull)} (${said.slice(0, 80)}); in step ${ms(took)} after there was room`;
      });
    } finally {
      spawnSync('umount', ['-l', disk]);
    }
  },

  async 'a slave from an old image of its disk'() {
    return withPair({ mode: 'sync' }, async (pair) => {
      const image = join(pair.fleet.dir, 'image');
      pair.send();
      await sleep(1_500);
      await pair.slave.kill9();
      copyStore(pair.slave.storeDir, image);
      await pair.slave.start();
      await pair.inStep();
      await sleep(1_500);
      await pair.slave.kill9();
      pair.slave.wipe();
      copyStore(image, pair.slave.storeDir);
      const old = walkLog(image).to;
      await pair.slave.start();
      const took = await pair.inStep();
      await soundEnd(pair);
      return `${mib((await pair.master.logEnd()) - old)} behind, in step after ${ms(took)}`;
    });
  },

  async 'a master from an old image of its disk: its slave is ahead'() {
    return withPair({ mode: 'async' }, async (pair) => {
      const image = join(pair.fleet.dir, 'image');
      pair.send();
      await sleep(1_500);
      await pair.driver.stopProducing();
      await pair.slave.caughtUpWith(pair.master);
      await pair.master.stop();
      copyStore(pair.master.storeDir, image);
      await pair.master.start();
      pair.send();
      await sleep(1_500);
      await pair.driver.stopProducing();
      await pair.slave.caughtUpWith(pair.master);
      await pair.master.kill9();
      pair.master.wipe();
      copyStore(image, pair.master.storeDir);
      await pair.master.start();
      return refusesAndIsTruncated(pair, walkLog(image).to);
    });
  },

  async "a slave with another cluster's store"() {
    return withPair({ mode: 'async' }, async (stranger) =>
      withPair({ mode: 'async', slaveLater: true }, async (pair) => {
        for (const one of [stranger, pair]) one.send();
        await sleep(1_500);
        for (const one of [stranger, pair]) await one.driver.stopProducing();
        await stranger.slave.stop();
        copyStore(stranger.slave.storeDir, pair.slave.storeDir);
        return refusesAndIsReseeded(pair);
      }),
    );
  },
};

/** Readiness tells it, nothing of the master's is taken; told to cut, it follows again and keeps what it had on the side. */
async function refusesAndIsTruncated(pair, commonEnd) {
  const { master, slave } = pair;
  const before = await slave.logEnd();
  await refuses(pair, before);
  await slave.stop();
  slave.configure({ haDivergedSlave: 'truncate' });
  await slave.start();
  await pair.inStep();
  await slave.caughtUpWith(master);
  const equal = compareLogs(master.storeDir, slave.storeDir);
  return `refused at ${before} (${pair.said}); cut to ${commonEnd} on request, equal in ${equal.to} bytes`;
}

async function refusesAndIsReseeded(pair) {
  const { master, slave } = pair;
  const before = walkLog(slave.storeDir).to;
  slave.launch();
  await refuses(pair, before);
  await slave.stop();
  slave.configure({ haDivergedSlave: 'reseed' });
  await slave.start();
  await pair.inStep();
  await slave.caughtUpWith(master);
  const equal = compareLogs(master.storeDir, slave.storeDir);
  return `refused (${pair.said}); seeded anew on request, equal in ${equal.to} bytes`;
}

async function refuses(pair, logEnd) {
  const { slave } = pair;
  await until(() => isUnready(slave), READY_AGAIN_MS, 'the slave says that it cannot follow');
  pair.said = (await readiness(slave)).slice(0, 160);
  pair.send();
  await sleep(WATCHED_MS);
  await pair.driver.stopProducing();
  const now = walkLog(slave.storeDir).to;
  if (now !== logEnd) throw new Error(`the slave has gone on from ${logEnd} to ${now}`);
  if (await isReady(slave)) throw new Error('the slave calls itself ready again');
}

/** After every fault: the slave has all, byte by byte, and nothing that was acknowledged is lost. */
async function soundEnd(pair, { isSending = true } = {}) {
  if (isSending) await pair.driver.stopProducing();
  await pair.slave.caughtUpWith(pair.master);
  compareLogs(pair.master.storeDir, pair.slave.storeDir);
  await pair.drain(pair.master, 'master');
  await pair.drain(pair.slave, 'slave');
  const report = checkHistory(pair.driver.events());
  if (!isClean(report) || report.ackedCount === 0)
    throw new Error(`the history: ${JSON.stringify(report).slice(0, 1_500)}`);
}

async function withPair(options, act) {
  const pair = await Pair.start(options);
  try {
    const said = await act(pair);
    if (pair.fleet.complaints.length > 0) throw new Error(pair.fleet.complaints.join('\n'));
    return said;
  } finally {
    await pair.end();
  }
}

async function until(condition, limitMs, what) {
  const deadlineMs = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > deadlineMs) throw new Error(`waited ${limitMs} ms until ${what}`);
    await sleep(100);
  }
}

const probe = ({ host, port }) =>
  fetch(`http://${host}:${port + 2}/readyz`, { signal: AbortSignal.timeout(2_000) });
const isReady = async (broker) => (await probe(broker)).ok;
/** Says that its replication is why it is not ready; one that starts, or does not answer, says nothing of the kind. */
const isUnready = (broker) =>
  probe(broker).then(
    async (answer) => !answer.ok && (await answer.text()).includes('replication'),
    () => false,
  );
const readiness = async (broker) => (await probe(broker)).text();

function residentBytes({ process: { pid } }) {
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kib) * 1024;
}

/** A copy of a store that nobody has open; what says who had it open is left out. */
function copyStore(from, to) {
  cpSync(from, to, { recursive: true, filter: (path) => !basename(path).startsWith('lock') });
}

function command(program, ...words) {
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`);
}

const ms = (value) => `${value.toFixed(0)} ms`;
const mib = (bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
let failed = 0;
for (const [name, run] of Object.entries(scenarios)) {
  if (!name.includes(values.only)) continue;
  try {
    console.log(`ok      ${name}: ${await run()}`);
  } catch (error) {
    if (error instanceof Skipped) {
      console.log(`skipped ${name}: ${error.message}`);
      continue;
    }
    failed++;
    console.log(`FAILED  ${name}: ${error.stack}`);
  }
}
process.exit(failed === 0 ? 0 : 1);
