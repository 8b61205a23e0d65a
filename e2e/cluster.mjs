import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from './free-ports.mjs';
import { ask, SUCCESS } from './remoting-probe.mjs';
import { E2E_DIR, lastLines, mavenClassPath } from './tools.mjs';

const HOST = '127.0.0.1';
const REPOSITORY_DIR = fileURLToPath(new URL('..', import.meta.url));
/** Usually it takes seconds. Two JVMs on a machine full of other work need far longer than ours. */
const READY_WITHIN_MS = { ours: 90_000, apache: 180_000 };
/** Ours may take 10 s, Apache's broker takes 17 s; what needs more is killed and reported. */
const STOP_WITHIN_MS = { ours: 12_000, apache: 60_000 };
const GET_ROUTE_BY_TOPIC = 105;

/**
 * @typedef {object} Cluster one nameserver and one broker, as processes of this one
 * @property {'ours' | 'apache'} kind
 * @property {string} namesrv `host:port`, what a client is given
 * @property {{ nameserver: number, broker: number }} ports
 * @property {string} dir configuration and output; removed by {@link stop} unless it was given
 * @property {string} storeDir the broker's `storePathRootDir`
 * @property {string[]} complaints what did not go as it should, e.g. a stop that took too long
 *
 * @typedef {object} ClusterOptions
 * @property {string} [dir] a folder that stays; default is a temporary one
 * @property {string} [storeDir] a store to open, of either origin; default is `dir/store`
 * @property {{ nameserver: number, broker: number }} [ports] default: free ones. A store that is
 *   handed from one cluster to another keeps its port, because offset message ids contain it.
 * @property {Record<string, string | number | boolean>} [brokerConfig] further lines of `broker.conf`
 */

/** Every cluster that may have processes; whatever ends this process must not leave any behind. */
const clusters = new Set();
process.on('exit', () => {
  for (const cluster of clusters) {
    for (const part of Object.values(cluster.parts)) part.child?.kill('SIGKILL');
    if (cluster.ownsDir) rmSync(cluster.dir, { recursive: true, force: true });
  }
});

/** Starts Apache's nameserver and broker; needs `java` and, once, `mvn`. @param {ClusterOptions} [options] */
export function startApache(options = {}) {
  // A machine under load lets a send wait longer than 200 ms, and old clients do not try again.
  const brokerConfig = { waitTimeMillsInSendQueue: 30_000, ...options.brokerConfig };
  const classPath = mavenClassPath(join(E2E_DIR, 'apache'));
  return start('apache', { ...options, brokerConfig }, (cluster) => {
    const homeDir = join(cluster.dir, 'home');
    mkdirSync(join(homeDir, 'conf'), { recursive: true });
    const jvm = (heap, mainClass, conf) => [
      'java',
      [
        ...[`-Xms${heap}`, `-Xmx${heap}`, '-XX:MaxDirectMemorySize=256m'],
        // Its logs go below the user's home, which therefore is one of ours.
        ...[`-Duser.home=${cluster.dir}`, `-Drocketmq.home.dir=${homeDir}`],
        ...['-cp', classPath, mainClass, '-c', conf],
      ],
    ];
    return {
      nameserver: (conf) => jvm('256m', 'org.apache.rocketmq.namesrv.NamesrvStartup', conf),
      broker: (conf) => jvm('512m', 'org.apache.rocketmq.broker.BrokerStartup', conf),
    };
  });
}

/** Starts our nameserver and broker from the build. @param {ClusterOptions} [options] */
export function startOurs(options = {}) {
  const bin = (name) => join(REPOSITORY_DIR, 'apps', name);
  const nameserver = bin('nameserver/bin/mqnamesrv.js');
  const broker = bin('broker/bin/mqbroker.js');
  const missing = [nameserver, broker].filter((file) => !existsSync(file));
  if (missing.length > 0) throw new Error(`not built: ${missing.join(', ')}`);
  return start('ours', options, (cluster) => ({
    nameserver: (conf) => [process.execPath, [nameserver, '-c', conf]],
    broker: (conf) => [process.execPath, [broker, '-n', cluster.namesrv, '-c', conf]],
  }));
}

/**
 * Stops broker and nameserver with SIGTERM and removes the folder if it is a temporary one.
 * Safe to call twice, and after {@link kill9}. What Apache leaves nothing behind of (its nameserver,
 * a broker with a temporary store) is killed instead: its broker takes 17 s to stop.
 *
 * @param {Cluster} cluster
 */
export async function stop(cluster) {
  const throwAway = cluster.kind === 'apache';
  if (throwAway && cluster.ownsDir) await kill9(cluster, 'broker');
  else await endPart(cluster, 'broker');
  if (throwAway) await kill9(cluster, 'nameserver');
  else await endPart(cluster, 'nameserver');
  if (cluster.ownsDir) rmSync(cluster.dir, { recursive: true, force: true });
  clusters.delete(cluster);
}

/**
 * Ends one process at once, as a crash would, and waits until it is gone.
 *
 * @param {Cluster} cluster
 * @param {'broker' | 'nameserver'} [role]
 */
export async function kill9(cluster, role = 'broker') {
  const part = cluster.parts[role];
  part.child?.kill('SIGKILL');
  await part.ended;
}

/**
 * Starts one process again on its old port, configuration and store; stops it first if it runs.
 *
 * @param {Cluster} cluster
 * @param {'broker' | 'nameserver'} [role]
 */
export async function restart(cluster, role = 'broker') {
  await endPart(cluster, role);
  launch(cluster, role);
  await (role === 'broker' ? brokerReady(cluster) : nameserverReady(cluster));
}

async function start(kind, options, describe) {
  const ports = options.ports ?? (await freePorts());
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), `rocketmq-e2e-${kind}-`));
  mkdirSync(dir, { recursive: true });
  const cluster = {
    kind,
    ports,
    dir,
    ownsDir: options.dir === undefined,
    namesrv: `${HOST}:${ports.nameserver}`,
    storeDir: options.storeDir ?? join(dir, 'store'),
    complaints: [],
    parts: { nameserver: {}, broker: {} },
  };
  clusters.add(cluster);
  const commands = describe(cluster);
  cluster.parts.nameserver.command = commands.nameserver(
    writeConf(cluster, 'namesrv.conf', {
      listenPort: ports.nameserver,
      kvConfigPath: join(dir, 'kvConfig.json'),
      // Apache's name for this setting is the same; both stay off the network.
      bindAddress: HOST,
    }),
  );
  cluster.parts.broker.command = commands.broker(
    writeConf(cluster, 'broker.conf', brokerConf(cluster, options.brokerConfig)),
  );
  try {
    await restart(cluster, 'nameserver');
    await restart(cluster, 'broker');
  } catch (error) {
    await stop(cluster);
    throw error;
  }
  return cluster;
}

function brokerConf(cluster, more = {}) {
  return {
    brokerClusterName: 'DefaultCluster',
    brokerName: 'broker-a',
    brokerId: 0,
    listenPort: cluster.ports.broker,
    brokerIP1: HOST,
    namesrvAddr: cluster.namesrv,
    storePathRootDir: cluster.storeDir,
    autoCreateTopicEnable: true,
    flushDiskType: 'ASYNC_FLUSH',
    ...more,
  };
}

function writeConf(cluster, name, values) {
  const file = join(cluster.dir, name);
  writeFileSync(
    file,
    Object.entries(values)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  return file;
}

function launch(cluster, role) {
  const part = cluster.parts[role];
  part.outputFile = join(cluster.dir, `${role}.out`);
  const output = openSync(part.outputFile, 'a');
  const [program, programArguments] = part.command;
  const child = spawn(program, programArguments, {
    cwd: cluster.dir,
    stdio: ['ignore', output, output],
    // Nothing of the caller's settings may leak into the cluster.
    env: { PATH: process.env.PATH, HOME: cluster.dir },
  });
  closeSync(output);
  part.child = child;
  part.exit = undefined;
  part.ended = new Promise((resolve) => {
    const finish = (exit) => {
      part.child = undefined;
      part.exit = exit;
      resolve();
    };
    child.on('error', (error) => finish(error.message));
    child.on('exit', (code, signal) => finish(signal ?? `exit code ${code}`));
  });
}

/**
 * Ends one process with SIGTERM and waits until it is gone; nothing happens when it does not run.
 *
 * @param {Cluster} cluster
 * @param {'broker' | 'nameserver'} role
 */
export async function endPart(cluster, role) {
  const part = cluster.parts[role];
  if (!part.child) return;
  part.child.kill('SIGTERM');
  const limitMs = STOP_WITHIN_MS[cluster.kind];
  const timer = setTimeout(() => {
    cluster.complaints.push(`${role} did not stop within ${limitMs} ms of SIGTERM`);
    part.child?.kill('SIGKILL');
  }, limitMs);
  await part.ended;
  clearTimeout(timer);
}

async function nameserverReady(cluster) {
  await until(cluster, 'nameserver', () => accepts(cluster.ports.nameserver), 'listens');
}

/** Ready means what a client needs: the broker listens, and its auto-create topic has a route. */
async function brokerReady(cluster) {
  await until(cluster, 'broker', () => accepts(cluster.ports.broker), 'listens');
  await until(cluster, 'broker', () => hasRoute(cluster), 'is registered');
}

async function hasRoute(cluster) {
  const question = { code: GET_ROUTE_BY_TOPIC, extFields: { topic: 'TBW102' } };
  const { code } = await ask({ host: HOST, port: cluster.ports.nameserver }, question, 2_000);
  return code === SUCCESS;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    socket.once('connect', () => socket.destroy());
    socket.once('close', (failed) => resolve(!failed));
    socket.once('error', () => {});
  });
}

async function until(cluster, role, condition, what) {
  const part = cluster.parts[role];
  const limitMs = READY_WITHIN_MS[cluster.kind];
  const deadlineMs = Date.now() + limitMs;
  while (!(await condition().catch(() => false))) {
    const name = `${cluster.kind} ${role}`;
    if (part.exit !== undefined) {
      throw new Error(`${name} ended (${part.exit})\n${lastLines(part.outputFile)}`);
    }
    if (Date.now() > deadlineMs) {
      throw new Error(`waited ${limitMs} ms until ${name} ${what}\n${lastLines(part.outputFile)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
