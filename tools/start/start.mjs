#!/usr/bin/env node
// `npm start`: a whole local cluster, each service a process of its own on loopback, until Ctrl-C.
// Options: --topology NAME (single; the folders of docs/examples), --nameserver-port N (9876), --broker-port N (10911, of
// the first broker; each takes also N-2, N+1 and N+2, the next one begins at N+10), --data-dir DIR (.rocketmq).
import { spawnSync } from 'node:child_process';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findBusyPort, startService, stopService, waitUntilReady } from './service.mjs';
import { missingProgram, portsOf, topologyNames, writeTopology } from './topologies.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const DATA_DIR = join(root, '.rocketmq');

const fail = (sentence) => {
  console.error(sentence);
  process.exitCode = 1;
};

function readOptions() {
  const { values } = parseArgs({
    options: {
      topology: { type: 'string', default: 'single' },
      'nameserver-port': { type: 'string', default: '9876' },
      'broker-port': { type: 'string', default: '10911' },
      'data-dir': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const port = (name) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 3 || value > 65_000)
      throw new Error(`--${name} wants a port between 3 and 65000, not "${values[name]}".`);
    return value;
  };
  const { topology } = values;
  const known = topologyNames(root);
  if (!known.includes(topology))
    throw new Error(`--topology is one of ${known.join(', ')}, not "${topology}".`);
  // Stores of one topology mean nothing to another.
  const dataDir = topology === 'single' ? DATA_DIR : join(DATA_DIR, topology);
  return {
    root,
    help: values.help,
    topology,
    nameserverPort: port('nameserver-port'),
    brokerPort: port('broker-port'),
    dataDir: resolve(values['data-dir'] ?? dataDir),
  };
}

function printWelcome({ dataDir }, plan, startedMs) {
  const here = relative(process.cwd(), dataDir) || '.';
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const line = ({ name, role, port, httpPort }) =>
    `  ${name.padEnd(12)} 127.0.0.1:${String(port).padEnd(7)} ` +
    (role === 'nameserver'
      ? 'clients connect here'
      : `${role}, metrics: http://127.0.0.1:${httpPort}/metrics`);
  console.log(`rocketmq-ts is running (ready in ${seconds} s).

${plan.map(line).join('\n')}
  data, logs   ${here}/store, ${here}/logs

Try next, in another terminal:
  cd e2e/java && mvn -q compile exec:java -Dexec.mainClass=rocketmqts.e2e.QuickstartConsumer
  cd e2e/java && mvn -q compile exec:java -Dexec.mainClass=rocketmqts.e2e.QuickstartProducer
or point any RocketMQ client or mqadmin at 127.0.0.1:${plan[0].port}. Ctrl-C stops the cluster.`);
}

/** Starts services of one role after those of the role before are ready. @returns what went wrong, if anything did */
async function startAll(plan, services, options, stopping) {
  for (const role of ['nameserver', 'master', 'slave']) {
    const started = plan
      .filter((service) => service.role === role)
      .map((service) => startService(service, options));
    services.push(...started);
    const problems = await Promise.all(started.map((service) => waitUntilReady(service, stopping)));
    const problem = problems.find((text) => text !== undefined);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

async function main() {
  const options = readOptions();
  if (options.help) {
    const names = topologyNames(root).join('|');
    const ports = '--nameserver-port N --broker-port N';
    console.log(`npm start [-- --topology ${names} ${ports} --data-dir DIR]`);
    return;
  }
  const build = spawnSync(process.execPath, [join(root, 'tools/build/build.mjs'), '--if-stale'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (build.status !== 0) return fail('The build failed; its message is above.');

  const startedMs = performance.now();
  let plan;
  try {
    plan = writeTopology(options);
  } catch (error) {
    return fail(`Cannot write to the data folder ${options.dataDir}: ${error.message}`);
  }
  const missing = missingProgram(root, plan);
  if (missing) return fail(`--topology ${options.topology} needs ${missing}, which is not there.`);
  const busyPort = await findBusyPort(plan.flatMap(portsOf));
  if (busyPort !== undefined)
    return fail(
      `Port ${busyPort} on 127.0.0.1 is in use by another process; stop that one, or choose other ports: ` +
        'npm start -- --nameserver-port N --broker-port N',
    );
  const stopping = { asked: false };
  const services = [];
  let stop;
  const stopAsked = new Promise((done) => (stop = done));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      stopping.asked = true;
      stop();
    });
  }

  const problem = await startAll(plan, services, options, stopping);
  if (problem === undefined) {
    printWelcome(options, plan, startedMs);
    const first = await Promise.race([
      stopAsked,
      ...services.map((service) => service.ended.then((how) => ({ service, how }))),
    ]);
    if (first)
      fail(
        `${first.service.name} ended unexpectedly (${first.how}). ${first.service.lastWords.trim()} Its log: ${first.service.logPath}`,
      );
    else console.log('\nStopping …');
  } else if (problem !== '') fail(problem);
  // Masters first, so that their slaves get the last bytes; the nameserver, where all unregister, at the end.
  const [nameserver, ...brokers] = services;
  for (const service of [...brokers, nameserver]) await stopService(service);
}

main().catch((error) => fail(error.message));
