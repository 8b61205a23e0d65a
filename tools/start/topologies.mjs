// Which services make up each cluster of docs/examples, and with which settings they run on one machine.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A broker takes its port, two below it and two above it. */
const PORTS_PER_BROKER = 10;
const HOST = '127.0.0.1';

/** The names that `--topology` takes: the folders of examples. */
export const topologyNames = (root) =>
  readdirSync(examplesDir(root), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort((a, b) => a.length - b.length || a.localeCompare(b));

/**
 * @typedef {object} Service
 * @property {string} name
 * @property {'nameserver' | 'master' | 'slave'} role
 * @property {string} program below the repository
 * @property {number} port what clients connect to
 * @property {number} httpPort of its probes
 * @property {string} configuration file
 */

/**
 * Writes the configuration of each service: the example's, with ports and folders of this machine.
 *
 * @param {{ root: string, topology: string, nameserverPort: number, brokerPort: number, dataDir: string }} options
 * @returns {Service[]} in the order in which they start
 */
export function writeTopology({ root, topology, nameserverPort, brokerPort, dataDir }) {
  mkdirSync(join(dataDir, 'logs'), { recursive: true });
  const nameserver = {
    name: 'nameserver',
    role: 'nameserver',
    program: 'apps/nameserver/bin/mqnamesrv.js',
    port: nameserverPort,
    httpPort: nameserverPort + 1,
    configuration: writeConfiguration(join(dataDir, 'namesrv.conf'), [], {
      bindAddress: HOST,
      listenPort: nameserverPort,
      kvConfigPath: join(dataDir, 'namesrv', 'kvConfig.json'),
    }),
  };
  // By name without the ending: a master comes before its slave then.
  const names = readdirSync(join(examplesDir(root), topology)).map((file) =>
    basename(file, '.conf'),
  );
  const brokers = names.sort().map((name, index) => {
    const file = join(examplesDir(root), topology, `${name}.conf`);
    const example = readFileSync(file, 'utf8').split('\n');
    const isSlave = example.includes('brokerRole=SLAVE');
    const port = brokerPort + index * PORTS_PER_BROKER;
    return {
      name,
      role: isSlave ? 'slave' : 'master',
      program: isSlave ? 'apps/broker-slave/bin/mqbroker-slave.js' : 'apps/broker/bin/mqbroker.js',
      port,
      httpPort: port + 2,
      configuration: writeConfiguration(join(dataDir, `${name}.conf`), example, {
        bindAddress: HOST,
        brokerIP1: HOST,
        listenPort: port,
        namesrvAddr: `${HOST}:${nameserverPort}`,
        // A single broker keeps the folder that it always had.
        storePathRootDir: join(dataDir, names.length === 1 ? 'store' : join('store', name)),
        mappedFileSizeCommitLog: 134_217_728,
        // Off in production, where queues lie where they were planned; who tries things out need not create topics.
        autoCreateTopicEnable: true,
      }),
    };
  });
  // A slave that registers before its master does has to wait for the next registration to find it.
  const order = ['nameserver', 'master', 'slave'];
  return [nameserver, ...brokers].sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
}

const examplesDir = (root) => join(root, 'docs', 'examples');

/** An example with some of its settings replaced; its comments stay. */
function writeConfiguration(file, example, settings) {
  const isReplaced = (line) => Object.keys(settings).some((key) => line.startsWith(`${key}=`));
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  const text = [
    '# Written by `npm start` each time; copy it to keep changes.',
    ...example.filter((line) => !isReplaced(line)),
    ...lines,
  ];
  writeFileSync(file, `${text.join('\n')}\n`);
  return file;
}

/** Which program is not there, if any: some topologies need services that a build may lack. */
export const missingProgram = (root, services) =>
  services.map((service) => service.program).find((program) => !existsSync(join(root, program)));

/** Every port that a service takes. @param {Service} service */
export const portsOf = ({ role, port, httpPort }) =>
  role === 'nameserver' ? [port, httpPort] : [port, port - 2, port + 1, httpPort];
