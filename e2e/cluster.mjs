import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.mjs';
import { programs, READY_WITHIN_MS, STOP_WITHIN_MS, writeProperties } from './programs.mjs';
import { ask, SUCCESS } from './remoting-probe.mjs';
import { accepts, ServiceProcess } from './service-process.mjs';

const HOST = '127.0.0.1';
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

/** Every cluster with a temporary folder; whatever ends this process must not leave it behind. */
const clusters = new Set();
process.on('exit', () => {
  for (const cluster of clusters) {
    if (cluster.ownsDir) rmSync(cluster.dir, { recursive: true, force: true });
  }
});

/** Starts Apache's nameserver and broker; needs `java` and, once, `mvn`. @param {ClusterOptions} [options] */
export function startApache(options = {}) {
  // A machine under load lets a send wait longer than 200 ms, and old clients do not try again.
  const brokerConfig = { waitTimeMillsInSendQueue: 30_000, ...options.brokerConfig };
  return start('apache', { ...options, brokerConfig });
}

/** Starts our nameserver and broker from the build. @param {ClusterOptions} [options] */
export function startOurs(options = {}) {
  return start('ours', options);
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
  await cluster.parts[role].kill9();
}

/**
 * Starts one process again on its old port, configuration and store; stops it first if it runs.
 *
 * @param {Cluster} cluster
 * @param {'broker' | 'nameserver'} [role]
 */
export async function restart(cluster, role = 'broker') {
  await endPart(cluster, role);
  cluster.parts[role].launch();
  await (role === 'broker' ? brokerReady(cluster) : nameserverReady(cluster));
}

async function start(kind, options) {
  const commands = programs(kind);
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
    parts: { nameserver: part(kind, 'nameserver', dir), broker: part(kind, 'broker', dir) },
  };
  clusters.add(cluster);
  const { nameserver, broker } = cluster.parts;
  nameserver.command = commands.nameserver(
    writeProperties(join(dir, 'namesrv.conf'), {
      listenPort: ports.nameserver,
      kvConfigPath: join(dir, 'kvConfig.json'),
      // Apache's name for this setting is the same; both stay off the network.
      bindAddress: HOST,
    }),
    dir,
  );
  broker.command = commands.broker(
    writeProperties(join(dir, 'broker.conf'), brokerConf(cluster, options.brokerConfig)),
    dir,
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

function part(kind, role, dir) {
  return new ServiceProcess(`${kind} ${role}`, { dir, outputFile: join(dir, `${role}.out`) });
}

/**
 * Ends one process with SIGTERM and waits until it is gone; nothing happens when it does not run.
 *
 * @param {Cluster} cluster
 * @param {'broker' | 'nameserver'} role
 */
export async function endPart(cluster, role) {
  const complaint = await cluster.parts[role].stop(STOP_WITHIN_MS[cluster.kind]);
  if (complaint) cluster.complaints.push(complaint);
}

async function nameserverReady(cluster) {
  await until(cluster, 'nameserver', () => listens(cluster.ports.nameserver), 'listens');
}

/** Ready means what a client needs: the broker listens, and its auto-create topic has a route. */
async function brokerReady(cluster) {
  await until(cluster, 'broker', () => listens(cluster.ports.broker), 'listens');
  await until(cluster, 'broker', () => hasRoute(cluster), 'is registered');
}

async function hasRoute(cluster) {
  const question = { code: GET_ROUTE_BY_TOPIC, extFields: { topic: 'TBW102' } };
  const { code } = await ask({ host: HOST, port: cluster.ports.nameserver }, question, 2_000);
  return code === SUCCESS;
}

const listens = (port) => accepts({ host: HOST, port });

function until(cluster, role, condition, what) {
  return cluster.parts[role].until(condition, { what, limitMs: READY_WITHIN_MS[cluster.kind] });
}
