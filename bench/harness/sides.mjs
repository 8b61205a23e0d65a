/**
 * The two sides of the comparison: how each one's nameserver and broker are started. Everything
 * else (configuration keys, directories, load, measuring) is the same for both.
 */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

/** @typedef {{command: string, args: string[], cwd?: string}} Command */

/**
 * @typedef {object} Side
 * @property {'ours'|'apache'} name
 * @property {(where: {directory: string, configFile: string}) => Command} nameserver
 * @property {(where: {directory: string, configFile: string, nameserver: string, heap: 'standard'|'small'}) => Command} broker
 * @property {(where: {directory: string, configFile: string, nameserver: string}) => Command} slave
 * @property {(slaveAddress: string) => Command | undefined} promote the command that makes a slave the master; undefined:
 *   it is started again as one
 * @property {string[]} nameserverLines configuration beyond listenPort
 * @property {boolean} isProfiled profiles are written when its services stop
 * @property {string} settings what was set, for the report
 */

// Apache's own start script, with the heap set to what this comparison gives it. Left out: touching
// the whole heap at start (it would make its start slower and its memory larger) and flags that
// Java 17 no longer knows.
const standardHeap = [
  '-Xms2g',
  '-Xmx2g',
  '-XX:+UseG1GC',
  '-XX:G1HeapRegionSize=16m',
  '-XX:G1ReservePercent=25',
  '-XX:InitiatingHeapOccupancyPercent=30',
  '-XX:SoftRefLRUPolicyMSPerMB=0',
  '-XX:-OmitStackTraceInFastThrow',
  '-XX:MaxDirectMemorySize=1g',
  '-XX:-UseLargePages',
];
const smallHeap = ['-Xms512m', '-Xmx512m', '-XX:+UseG1GC', '-XX:MaxDirectMemorySize=256m'];

/** Apache RocketMQ from the jars that bench/apache collects. @returns {Side} */
export function apacheSide(libraryDirectory) {
  const java = (directory, jvmOptions, mainClass, args) => {
    mkdirSync(path.join(directory, 'home', 'conf'), { recursive: true });
    return {
      command: 'java',
      args: [
        '-server',
        ...jvmOptions,
        `-Drocketmq.home.dir=${path.join(directory, 'home')}`,
        // its logs go to the user's home, so each run gets one of its own
        `-Duser.home=${directory}`,
        '-cp',
        `${libraryDirectory}/*`,
        mainClass,
        ...args,
      ],
      cwd: directory,
    };
  };
  const broker = ({ directory, configFile, heap }) =>
    java(
      directory,
      heap === 'small' ? smallHeap : standardHeap,
      'org.apache.rocketmq.broker.BrokerStartup',
      ['-c', configFile],
    );
  return {
    name: 'apache',
    isProfiled: false,
    nameserver: ({ directory, configFile }) =>
      java(directory, [], 'org.apache.rocketmq.namesrv.NamesrvStartup', ['-c', configFile]),
    broker,
    slave: (where) => broker({ ...where, heap: 'standard' }),
    promote: () => undefined,
    nameserverLines: [],
    settings: `broker ${standardHeap.join(' ')}; memory points ${smallHeap.join(' ')}; nameserver JVM defaults`,
  };
}

/**
 * Our own processes, from the build in the working tree.
 *
 * @param {string} repositoryRoot
 * @param {{nodeBinary: string, profileDirectory?: string}} options profileDirectory: the broker
 *   writes a CPU profile there when it stops
 * @returns {Side}
 */
export function ourSide(repositoryRoot, options) {
  const service = (nodeOptions, script, args) => ({
    command: options.nodeBinary,
    args: [...nodeOptions, path.join(repositoryRoot, 'apps', script), ...args],
    cwd: repositoryRoot,
  });
  const profiling = options.profileDirectory
    ? ['--cpu-prof', `--cpu-prof-dir=${options.profileDirectory}`]
    : [];
  return {
    name: 'ours',
    isProfiled: options.profileDirectory !== undefined,
    nameserver: ({ configFile }) => service([], 'nameserver/bin/mqnamesrv.js', ['-c', configFile]),
    broker: ({ configFile, nameserver }) =>
      service(profiling, 'broker/bin/mqbroker.js', ['-n', nameserver, '-c', configFile]),
    slave: ({ configFile, nameserver }) =>
      service(profiling, 'broker-slave/bin/mqbroker-slave.js', [
        '-n',
        nameserver,
        '-c',
        configFile,
      ]),
    promote: (slaveAddress) => service([], 'promote-tool/bin/mqpromote.js', ['-b', slaveAddress]),
    nameserverLines: ['httpPort=0'],
    settings: `${options.nodeBinary === process.execPath ? 'node' : options.nodeBinary} without options`,
  };
}

/** @throws {Error} when our services are not built */
export function assertOursIsBuilt(repositoryRoot) {
  for (const script of ['nameserver/bin/mqnamesrv.js', 'broker/bin/mqbroker.js']) {
    if (!existsSync(path.join(repositoryRoot, 'apps', script))) {
      throw new Error(`apps/${script} is missing: build the services first, or say --only apache`);
    }
  }
}
